"""Series of numbers: read from CSV, drawn as a sine with noise, cut into windows."""

import csv
import io
import math
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.data.open_file import decoded_lines, quote, show_path


class Series(NamedTuple):
    """Named columns of numbers: values float64 (rows, columns)."""

    names: tuple[str, ...]
    values: NDArray[np.float64]

    def columns(self, names: tuple[str, ...] | None, key: str) -> list[int]:
        """Returns the places of these columns (None: all); raises InputError beginning with `key`."""
        for name in names or ():
            if name not in self.names:
                raise InputError(
                    f"{key}: no column {quote(name)}{did_you_mean(name, self.names)} "
                    f"(there are: {', '.join(self.names)})"
                )
        return [self.names.index(name) for name in (self.names if names is None else names)]


def read_series(path: Path, wanted: tuple[str, ...] | None = None) -> Series:
    """Reads a CSV (.tsv with tabs, either plain or .gz) whose first line names its columns.

    wanted: only these columns, in this order; None: all. Raises InputError naming the line and column of
    what is not a finite number, a line with too few or too many cells, or a column that is not there.
    """
    name = show_path(path)
    rows = csv_rows(path)
    _, cells = next(rows, (1, []))
    header = tuple(cell.strip() for cell in cells)
    if not all(header) or len(set(header)) < len(header) or all(map(is_number, header)):
        raise InputError(
            f"{name}, line 1: expected the names of the columns, distinct and no numbers, "
            f"found {quote(','.join(header))}"
        )
    places = Series(header, np.zeros((0, len(header)))).columns(wanted, f"{name}, line 1")
    values = array("d")
    for line, cells in rows:
        place = f"{name}, line {line}"
        if len(cells) != len(header):
            raise InputError(
                f"{place}: expected as many cells as line 1 has, {len(header)}, found {len(cells)}"
            )
        values.extend([_number(cells[column], place, header[column]) for column in places])
    if not values:
        raise InputError(f"{name}: holds no rows; expected numbers below the line of names")
    return Series(tuple(header[column] for column in places), np.array(values).reshape(-1, len(places)))


def csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yields the line where each row of a CSV begins, counted from 1, and its cells."""
    tabs = path.name.lower().removesuffix(".gz").endswith(".tsv")
    csv.field_size_limit(2**31 - 1)  # of the whole process: the same whatever was read before
    # Strict, or a quote that is never closed would swallow the rest of the file unseen.
    reader = csv.reader(_lines(path), delimiter="\t" if tabs else ",", strict=True)
    blank = None  # lines at the end may be
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise InputError(f"{show_path(path)}, line {line}: not a row of a CSV ({error})") from None
        if row is None:
            return
        if not row:
            blank = blank or line
            continue
        if blank is not None:
            yield blank, []
            blank = None
        yield line, row


def _lines(path: Path) -> Iterator[str]:
    for _, line in decoded_lines(path):
        if "\r" in line:  # which ends lines, too
            yield from io.StringIO(line, newline="")
        else:
            yield line


def _number(cell: str, place: str, column: str) -> float:
    if not is_number(cell):
        found = quote(cell) if cell.strip() else "an empty cell"
        raise InputError(
            f"{place}, column {quote(column)}: expected a number, found {found} "
            "(task.inputs and task.targets choose columns)"
        )
    return float(cell)


def is_number(cell: str) -> bool:
    """Returns whether a cell holds a finite number."""
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def sine(rows: int, *, period: float, noise: float, rng: np.random.Generator) -> Series:
    """Returns a sine of that period, in rows, and a random phase, with normal noise of that deviation."""
    phase = rng.uniform(0, 2 * math.pi)
    values = np.sin(2 * math.pi * np.arange(rows) / period + phase) + noise * rng.standard_normal(rows)
    return Series(("sine",), values[:, None])


def windows(
    inputs: NDArray[np.float64],
    targets: NDArray[np.float64],
    length: int,
    *,
    horizon: int,
    every_step: bool,
    name: str,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns all windows (windows, length, inputs) of rows, and what follows `horizon` rows after them.

    Targets are (windows, targets), those after the last row, or with `every_step` (windows, length,
    targets), those after each. Raises InputError for fewer rows than a window and its horizon, `name` first.
    """
    number = len(inputs) - length - horizon + 1
    if number < 1:
        raise InputError(
            f"{name}: {len(inputs):,} rows; expected at least task.window + task.horizon = {length + horizon}"
        )
    read = np.lib.stride_tricks.sliding_window_view(inputs, length, axis=0)[:number].swapaxes(1, 2)
    if not every_step:
        return read, targets[length - 1 + horizon :]
    ahead = np.lib.stride_tricks.sliding_window_view(targets[horizon:], length, axis=0)
    return read, ahead.swapaxes(1, 2)
