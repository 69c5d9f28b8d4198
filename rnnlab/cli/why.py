"""`rnnlab why`: what differs between two runs, and from when on their figures do."""

from typing import Annotated

import typer

from rnnlab.cli.options import RunName


def why(
    run: RunName,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The run to hold beside it.")],
) -> None:
    """Show what differs between two runs: configuration, data, code, versions, machine; and the figures.

    Data are compared file by file, by their bytes; code by git commit and by the bytes of rnnlab's source and
    of your own modules. The exit code is 1 where figures differ and nothing does that could change them:
    that is a defect.

    Example: rnnlab why latest lstm-middle
    """
    from rnnlab.terminal.messages import print_line
    from rnnlab.terminal.tables import print_rows
    from rnnlab.workflows.why import why as workflow

    found = workflow(run, other)
    names = {"one": found.one, "other": found.other}
    if len(found.differences):
        print_rows(found.differences.drop(columns="may").rename(columns=names), group="part")
    if len(found.figures):
        print_rows(found.figures.rename(columns=names), {found.one: ".10g", found.other: ".10g"})
    print_line(found.sentence)
    if found.verdict == "defect":
        raise typer.Exit(1)
