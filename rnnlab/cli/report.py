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
    """Write report.html: settings, curves, word vectors, gradients, predictions, and how to run it again."""
    from rnnlab.core.errors import InputError
    from rnnlab.reports.run_report import write_report
    from rnnlab.runs.finder import find_run

    folders = [find_run(name).folder for name in runs]
    path = output or (folders[0] / "report.html" if len(folders) == 1 else Path("report.html"))
    try:
        write_report(folders, path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
    print(f"report: {path}")
