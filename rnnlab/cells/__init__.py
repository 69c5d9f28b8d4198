"""Recurrent cells, one file each; layers, probes, graph and gradients follow from it. Never imports torch.

base.py          what a cell says of itself          functions.py    what its step is written with
expressions.py   symbols and their derivatives       trace.py        a step followed with them
"""

import importlib
import pkgutil
from collections.abc import Iterator

from rnnlab.cells.base import Cell, Numbers, StepBack
from rnnlab.cells.functions import cos, exp, log, log_sigmoid, maximum, relu, sigmoid, sin, sqrt, tanh

__all__ = [
    "Cell",
    "Numbers",
    "StepBack",
    "cos",
    "exp",
    "log",
    "log_sigmoid",
    "maximum",
    "relu",
    "sigmoid",
    "sin",
    "sqrt",
    "tanh",
]


def shipped_cells() -> dict[str, type[Cell]]:
    """Returns every cell of this room by the name of its file, as in `lstm`."""
    return dict(_found())


def _found() -> Iterator[tuple[str, type[Cell]]]:
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for found in vars(module).values():
            own = isinstance(found, type) and found.__module__ == module.__name__
            if own and issubclass(found, Cell) and found is not Cell:
                yield module_info.name, found
