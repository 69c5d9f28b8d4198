"""`rnnlab report`: one self-contained page about one run, or about several."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...|SWEEP",
            help="Runs by path, folder name, unique prefix, or latest; or a sweep by path or name.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file; by default report.html of the run or sweep, or here."),
    ] = None,
) -> None:
    """Write report.html: settings, curves, word vectors, gradients, predictions, and how to run it again.

    Of a sweep its page, its figures and sweep.csv.

    Example: rnnlab report lstm-middle rnn-middle --output both.html
    """
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.workflows.report import report as workflow

    workflow(runs, output, TerminalDisplay())
