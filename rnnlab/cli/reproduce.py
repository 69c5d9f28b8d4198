"""`rnnlab reproduce`: a whole course of experiments, ending in one report."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from rnnlab.cli.options import Overrides


def reproduce(
    what: Annotated[Literal["course"], typer.Argument(help="Which series of experiments.")],
    overrides: Overrides = None,
    seeds: Annotated[int, typer.Option(min=1, help="Repetitions, with seeds 1, 2, …")] = 1,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the runs and the report go.")] = Path(
        "outputs/reproduce-course"
    ),
) -> None:
    """Run the course's presets and gradient tables, and answer its questions in one report.

    On the sample, or on your own data: data=files data.train=… data.valid=… data.vectors=…
    Run it again to go on where it stopped: finished runs are kept.

    Example: rnnlab reproduce course --seeds 3
    """
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.workflows.reproduce import reproduce_course

    path = reproduce_course(overrides or [], root=output, seeds=seeds, display=TerminalDisplay())
    print(f"report: {path}")
