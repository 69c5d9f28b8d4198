"""`rnnlab clean`: what earlier runs have left behind, listed and, once you say so, removed."""

from pathlib import Path
from typing import Annotated

import typer


def clean(
    folder: Annotated[Path, typer.Argument(help="Where to look, with all folders in it.")] = Path("outputs"),
    older_than: Annotated[
        str | None,
        typer.Option(
            metavar="AGE", help="Also finished runs and cache entries untouched for longer: 30d, 12h, 2w."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove without asking, for scripts.")] = False,
) -> None:
    """List what may go, with sizes, and remove it after asking: unfinished runs, and folders without a run.

    Runs that were killed, interrupted or have failed (rnnlab train --resume may still go on with them), what
    killed processes have left, with --older-than what is old. Never a run that a process trains, a folder
    with files that are not rnnlab's, or what a link leads to. Without a terminal and --yes it only lists.

    Example: rnnlab clean outputs --older-than 30d
    """
    import sys

    import pandas as pd

    from rnnlab.terminal.messages import print_line, print_note
    from rnnlab.terminal.tables import print_rows
    from rnnlab.workflows.clean import find_leftovers, remove

    found = find_leftovers(folder, older_than)
    for line in found.kept:
        print_note(line)
    if not found.leftovers:
        print_line(f"nothing to remove in {folder}")
        return
    rows = [(str(leftover.path), leftover.why, _size(leftover.size)) for leftover in found.leftovers]
    print_rows(pd.DataFrame(rows, columns=["path", "why", "size"]), {"size": str})
    number, total = len(rows), _size(sum(leftover.size for leftover in found.leftovers))
    if not yes:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            print_note(f"nothing removed: there is nobody to ask; --yes removes these {number} ({total})")
            return
        if not typer.confirm(f"Remove these {number} ({total})?"):
            print_line("nothing removed")
            return
    kept = remove(found.leftovers, folder, older_than)
    for line in kept:
        print_note(line)
    print_line(f"removed {number - len(kept)} of {number}")
    if kept:
        raise typer.Exit(1)


def _size(size: float) -> str:
    """Returns bytes in the unit that suits them."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
