"""`rnnlab similarity`: how alike the vectors of chosen words are, at the end and over the epochs."""

from typing import TYPE_CHECKING, Annotated

import typer

from rnnlab.cli.options import Checkpoint, RunName

if TYPE_CHECKING:
    import pandas as pd

MARKERS = "·+xo*#@%"


def similarity(
    run: RunName,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[WORD1 WORD2]...", help="Pairs of words; by default those of the run."),
    ] = None,
    checkpoint: Checkpoint = "last",
) -> None:
    """Print the cosine similarity of pairs of words, and draw how it moved over the epochs.

    A pair with a word that the vocabulary does not have is skipped, the word named; where a vector is
    zero, the similarity is 0 with a note. The curve also goes to figures/similarity.png; it holds pairs that
    the run followed from its beginning (its key `similarity`).

    Example: rnnlab similarity latest good great
    """
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.terminal.messages import print_line
    from rnnlab.terminal.tables import print_rows
    from rnnlab.workflows.trained_run import load_run
    from rnnlab.workflows.word_vectors import similarity as workflow

    display = TerminalDisplay()
    trained = load_run(run, checkpoint=checkpoint, display=display)
    found = workflow(trained, words or [], display)
    print_line(f"{trained.name}, {trained.place}")
    print_rows(found.table, {"similarity": ".4f"}, missing="")
    if found.figure is not None:
        _print_curves(found.history)
        print_line(f"figure: {found.figure}")


def _print_curves(rows: "pd.DataFrame") -> None:
    """Prints similarity against epoch, with a line per pair below it."""
    from itertools import cycle

    from rnnlab.terminal.curves import Curve, print_curves
    from rnnlab.terminal.messages import print_line

    curves, legend = [], []
    for marker, ((word1, word2), pair) in zip(cycle(MARKERS), rows.groupby(["word1", "word2"], sort=False)):
        known = pair[pair["note"].isna()]
        if len(known):
            curves.append(Curve(known["epoch"].tolist(), known["similarity"].tolist(), marker))
        legend.append(f"{marker} {word1} {word2}")
    # plotext's own legend would hide a third of the curves.
    print_curves(curves, x_label="epoch", height=20, limits=(-1, 1))
    for line in legend:
        print_line(line)
