"""`rnnlab weights`: every parameter of a finished run."""

from typing import Annotated

import typer

from rnnlab.cli.options import Checkpoint, RunName


def weights(
    run: RunName,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PARAMETER]...", help="Only parameters whose names begin so; by default all."
        ),
    ] = None,
    values: Annotated[
        bool, typer.Option("--values", help="Print the numbers, too, the middles elided.")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="With --values: print every number.")] = False,
    checkpoint: Checkpoint = "last",
) -> None:
    """Print every parameter with its shape, norm, range and, for recurrent matrices, its spectrum.

    The spectral radius and the largest singular value are those of each gate's square matrix: what many
    steps, and what one step at most, does to the size of a state.

    Example: rnnlab weights latest recurrent.weight_hh --values
    """
    from rnnlab.core.errors import InputError
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.terminal.messages import print_line, print_lines
    from rnnlab.terminal.parameters import numbers, table_of_parameters
    from rnnlab.terminal.tables import print_table
    from rnnlab.workflows.look_at_weights import weights_of
    from rnnlab.workflows.trained_run import load_run

    if full and not values:
        raise InputError("--full: makes no sense without --values")
    trained = load_run(run, checkpoint=checkpoint, display=TerminalDisplay())
    found = weights_of(trained, names or [])
    print_line(f"{trained.name}, {trained.place}")
    print_table(table_of_parameters(found.table))
    for name, parameter in found.parameters.items() if values else ():
        print_lines(f"\n{name} {tuple(parameter.shape)}\n{numbers(parameter, full=full)}")
