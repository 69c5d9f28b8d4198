"""`rnnlab report`: one self-contained page about one run, or about several."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    runs: Annotated[
        list[str],
        typer.Argument(metavar="RUN...", help="Runs by path, folder name, unique prefix, or latest."),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file; by default report.html of the run, or here."),
    ] = None,
) -> None:
    """Write report.html: settings, curves, word vectors, gradients, predictions, and how to run it again.

    Example: rnnlab report lstm-middle rnn-middle --output both.html
    """
    from rnnlab.terminal.messages import print_line
    from rnnlab.workflows.report import report as workflow

    print_line(f"report: {workflow(runs, output)}")
