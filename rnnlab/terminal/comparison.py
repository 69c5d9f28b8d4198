"""Groups of repeats beside each other, in a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rnnlab.terminal.messages import print_line
from rnnlab.terminal.tables import print_rows

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = ("n", "mean", "sd", "Δ", "d", "p", "p holm")


def print_comparison(
    groups: "pd.DataFrame", pairs: "pd.DataFrame", sentences: Sequence[str], method: str
) -> None:
    """Prints a table of the groups, one of the pairs, what may be said of each, and how it was found out."""
    right = dict.fromkeys(NUMBERS, str)
    print_rows(groups, right)
    if len(pairs):
        print_rows(pairs, right)
    for sentence in sentences:
        print_line(sentence)
    print_line(f"({method})")
