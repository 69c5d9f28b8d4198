"""`rnnlab check`: one's own functions of an exercise against the NumPy engine."""

from pathlib import Path
from typing import Annotated

import typer


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE.py", help="Functions or classes, found by name.")],
    notation: Annotated[
        str | None,
        typer.Option(help="course, batch, layers or memory; by default what most names belong to."),
    ] = None,
    hints: Annotated[bool, typer.Option("--hints", help="Name the slip, where a known one fits.")] = False,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long a function may take.")] = 10,
) -> None:
    """Check one's own from-scratch functions on drawn cases.

    Example: rnnlab check my_exercise.py --notation course --hints
    """
    import pandas as pd
    from rich.text import Text

    from rnnlab.terminal.messages import print_line
    from rnnlab.terminal.tables import print_rows
    from rnnlab.workflows.check import check_exercise

    found = check_exercise(file, notation, seconds=seconds)
    rows = pd.DataFrame([vars(verdict) for verdict in found.verdicts])
    right, wrong = Text("right", style="green"), Text("wrong", style="red")
    rows[""] = [right if verdict.wrong is None else wrong for verdict in found.verdicts]
    columns = {"name": "function", "": "", "wrong": "first difference", "equation": "equation"}
    columns |= {"slip": "what it looks like"} if hints else {}
    print_rows(rows[list(columns)].rename(columns=columns), missing="")
    print_line(found.verdict)
    if found.wrong:
        raise typer.Exit(1)
