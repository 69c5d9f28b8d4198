"""A net's parameters, in a terminal."""

import shutil
import sys
from math import isnan

import numpy as np
import pandas as pd
from rich.table import Table
from torch import Tensor

EDGE = 3  # numbers shown at each end of every axis where values are elided


def table_of_parameters(rows: pd.DataFrame) -> Table:
    """Returns the rows of `rnnlab.probes.weights`, gates below the matrix they are part of."""
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


def numbers(parameter: Tensor, *, full: bool) -> str:
    """Returns the numbers of a parameter as text, the middles elided unless `full`."""
    array = parameter.detach().cpu().numpy()
    threshold = sys.maxsize if full else 2 * EDGE
    return np.array2string(
        array,
        max_line_width=shutil.get_terminal_size().columns,
        threshold=threshold,
        edgeitems=EDGE,
        precision=8 if full else 4,
    )
