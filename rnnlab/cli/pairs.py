"""`rnnlab pairs`: does a trained net put minimal pairs in the right order?"""

from pathlib import Path
from typing import Annotated

import typer

from rnnlab.cli.options import Checkpoint, Format, RunName


def pairs(
    run: RunName,
    suite: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A built-in suite; may be repeated; else all."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Your own pairs: a CSV with the columns positive and negative."),
    ] = None,
    positive: Annotated[
        str | None, typer.Option(metavar="LABEL", help="The run's label that counts as positive.")
    ] = None,
    negative: Annotated[
        str | None, typer.Option(metavar="LABEL", help="The run's label that counts as negative.")
    ] = None,
    checkpoint: Checkpoint = "last",
    form: Format = "table",
) -> None:
    """Print how often a finished run finds the more positive of two texts more probably positive.

    Built-in suites: order, negation, intensifier-early, intensifier-late, intensifier-moved, clauses. The
    last has no right order: its two texts say the same, and what counts is the shift of the probability.
    --format csv or jsonl gives a row per pair, as does the pairs.csv that a run gets at its end.

    Example: rnnlab pairs latest --suite negation
    """
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.terminal.messages import print_line
    from rnnlab.terminal.tables import make_console, print_frame
    from rnnlab.workflows.pairs import LEGEND, judge_pairs
    from rnnlab.workflows.trained_run import load_run

    display = TerminalDisplay()
    trained = load_run(run, checkpoint=checkpoint, display=display)
    labels = {"positive": positive, "negative": negative}
    found = judge_pairs(trained, suite or [], file=file, **labels, display=display)
    if form != "table":
        print_frame(found.rows, form)
        return
    print_line(f"{trained.name}, {trained.place}")
    for chosen in found.suites:
        print_line(f"{chosen.name}: {chosen.asks}")
    print_frame(found.summary, form)
    make_console().print(LEGEND)
