"""Rows of a DataFrame on standard output, for a person or for a program."""

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

PIPE_WIDTH = 500  # in a pipe, text folded to fit 80 columns would be of little use


def make_console() -> "Console":
    """Returns a console as wide as the terminal, or wider than most texts in a pipe."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)


def print_frame(frame: "pd.DataFrame", form: str) -> None:
    """Prints rows as `table`, `csv` or `jsonl`.

    In a pipe, CSV and JSON hold texts as they are; on a terminal, and in a table, control characters of a
    text are escaped, so that it cannot steer the terminal.
    """
    if form == "table":
        _print_table(frame)
    elif form == "csv":
        print(_safe_on_terminal(frame).to_csv(index=False, lineterminator="\n"), end="")
    else:
        rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
        for row in rows:
            print(json.dumps(row, ensure_ascii=sys.stdout.isatty(), allow_nan=False))


def _print_table(frame: "pd.DataFrame") -> None:
    from rich.table import Table
    from rich.text import Text

    from rnnlab.core.metrics import format_metric
    from rnnlab.terminal.messages import printable

    table = Table()
    for name, kind in frame.dtypes.items():
        number = kind.kind in "if"
        table.add_column(str(name), justify="right" if number else "left", overflow="fold")
    for row in frame.to_dict("records"):
        cells = [
            format_metric(str(name), value) if isinstance(value, float | int) else printable(str(value))
            for name, value in row.items()
        ]
        # As Text, or brackets in a review would be read as markup.
        table.add_row(*map(Text, cells))
    make_console().print(table)


def _safe_on_terminal(frame: "pd.DataFrame") -> "pd.DataFrame":
    from rnnlab.terminal.messages import printable

    if not sys.stdout.isatty():
        return frame
    return frame.map(lambda cell: printable(cell) if isinstance(cell, str) else cell)
