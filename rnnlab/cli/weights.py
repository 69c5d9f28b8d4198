"""`rnnlab weights`: every parameter of a finished run."""

import shutil
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from rnnlab.cli.options import Checkpoint, RunName

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table
    from torch import Tensor

EDGE = 3  # numbers shown at each end of every axis where values are elided


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
    """
    from rnnlab.core.errors import InputError
    from rnnlab.experiment.restore import restore
    from rnnlab.probes.weights import parameter_table
    from rnnlab.runs.finder import find_run
    from rnnlab.terminal.messages import printable
    from rnnlab.terminal.tables import print_table

    if full and not values:
        raise InputError("--full: makes no sense without --values")
    restored = restore(find_run(run), checkpoint=checkpoint)
    parameters = _chosen(dict(restored.model.named_parameters()), names or [])
    table = parameter_table(restored.model)
    print(printable(f"{restored.run.name}, {restored.place}"))
    print_table(_shown(table[table["parameter"].isin(parameters)]))
    if values:
        for name, parameter in parameters.items():
            print(f"\n{name} {tuple(parameter.shape)}\n{_numbers(parameter, full=full)}")


def _chosen(parameters: "dict[str, Tensor]", names: list[str]) -> "dict[str, Tensor]":
    from rnnlab.core.errors import InputError, did_you_mean

    for name in names:
        if not any(known.startswith(name) for known in parameters):
            raise InputError(f"no parameter begins with {name!r}{did_you_mean(name, parameters)}")
    return {
        known: parameter
        for known, parameter in parameters.items()
        if not names or known.startswith(tuple(names))
    }


def _shown(rows: "pd.DataFrame") -> "Table":
    from math import isnan

    from rich.table import Table

    table = Table("parameter, gate", box=None)
    for column in (
        "shape",
        "norm",
        "min",
        "max",
        "mean",
        "std",
        "spectral\nradius",
        "largest sin-\ngular value",
    ):
        table.add_column(column, justify="right")
    for parameter, gate, shape, *figures in rows.itertuples(index=False):
        cells = ("" if isnan(figure) else f"{figure:.3g}" for figure in figures)
        table.add_row(f"  {gate}" if gate else parameter, shape, *cells)
    return table


def _numbers(parameter: "Tensor", *, full: bool) -> str:
    import numpy as np

    array = parameter.detach().cpu().numpy()
    threshold = sys.maxsize if full else 2 * EDGE
    return np.array2string(
        array,
        max_line_width=shutil.get_terminal_size().columns,
        threshold=threshold,
        edgeitems=EDGE,
        precision=8 if full else 4,
    )
