"""How numbers are written in the tables of a walk."""

from typing import NamedTuple

import numpy as np

from rnnlab.cells.activations import Array

STEPS = 12  # of a matrix, which has a column for each


class Table(NamedTuple):
    """A title, the columns' names, rows of text, and a sentence to read them by."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    note: str = ""


class Writer(NamedTuple):
    """Writes the first `units` numbers of an array in one line, and a dot for those left out."""

    units: int

    def numbers(self, array: Array) -> str:
        """Returns numbers with four decimals."""
        return self._row(array, " .4f")

    def slopes(self, array: Array) -> str:
        """Returns the numbers of a gradient in powers of ten, since they shrink over time."""
        return self._row(array, " .1e")

    def _row(self, array: Array, form: str) -> str:
        flat = np.ravel(array)
        more = " …" if len(flat) > self.units else ""
        return " ".join(format(value, form) for value in flat[: self.units]) + more


def norm(array: Array) -> str:
    """Returns the Euclidean norm of all numbers together."""
    return f"{np.linalg.norm(array):.1e}"


def chosen_steps(time: int) -> list[int]:
    """Returns steps from first to last, evenly spread, no more than a matrix has columns for."""
    return sorted({round(t) for t in np.linspace(0, time - 1, min(time, STEPS))})
