"""Sequences of numbers with targets, from CSV or .npz."""

import math
import re
import zipfile
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnlab.core.errors import InputError, brief
from rnnlab.core.files import check_regular
from rnnlab.data.labels import SHOWN, read_label
from rnnlab.data.open_file import check_unpacked, open_bytes, quote, show_path
from rnnlab.data.series import csv_rows, is_number

Targets = Literal["numbers", "classes"]
DEFLATED = 1032
"""How many times smaller deflate makes a file at most."""
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
COLUMNS = "sequence, step, x (or x1, x2, …), y (or y1, y2, …)"


class NumberSequences(NamedTuple):
    """Sequences, the shorter ones followed by zeros.

    inputs: float64 (sequences, time, features); lengths: int64 (sequences,); targets: float64 (sequences,
    outputs), or with `every_step` (sequences, time, outputs), NaN where nothing is asked; or labels of
    classes, str (sequences,) or (sequences, time), empty where nothing is asked.
    """

    inputs: NDArray[np.float64]
    lengths: NDArray[np.int64]
    targets: NDArray[Any]
    every_step: bool


def read_sequences(path: Path, kind: Targets, every_step: bool | None = None) -> NumberSequences:
    """Reads a .npz file with arrays x and y, or a CSV with a row per step.

    Args:
        path: the file. Of a .npz, x is (N, T) or (N, T, features) and y (N,), (N, outputs), (N, T) or
            (N, T, outputs); of a CSV the columns are sequence, step, x1 … and y1 …, and y may be empty.
        kind: whether targets are numbers or labels of classes.
        every_step: whether there is a target for every step; None: as the file has them, (N, T) being one.

    Raises:
        InputError: the file is missing, broken or of other shapes, in one line.
    """
    read = _read_npz if path.name.lower().endswith(".npz") else _read_csv
    return read(path, kind, every_step)


def _read_npz(path: Path, kind: Targets, every_step: bool | None) -> NumberSequences:
    name = show_path(path)
    arrays = _arrays(path)
    x, y = arrays["x"], arrays["y"]
    if x.dtype.kind not in "fiub" or x.ndim not in (2, 3) or not x.size:
        raise InputError(
            f"{name}: x: expected numbers (sequences, time) or (sequences, time, features), "
            f"found {x.dtype} {x.shape}"
        )
    x = x.reshape(*x.shape[:2], -1).astype(np.float64)
    sequences, time = x.shape[:2]
    of_steps = y.ndim >= 2 and y.shape[:2] == (sequences, time) and (y.ndim == 3 or time > 1)
    asked = of_steps if every_step is None else every_step
    depth = y.ndim - asked
    if y.shape[:1] != (sequences,) or (asked and not of_steps) or depth not in (1, 2) or not y.size:
        shapes = f"({sequences}, {time}) or ({sequences}, {time}, outputs)"
        if not asked:
            shapes = f"({sequences},), ({sequences}, outputs)" + (" or " + shapes) * (every_step is None)
        raise InputError(f"{name}: y: expected {shapes} beside x {arrays['x'].shape}, found {y.shape}")
    _check_kind(y, kind, name)
    if kind == "classes":
        if depth == 2 and y.shape[-1] > 1:
            raise InputError(f"{name}: y: expected one class each, found {y.shape}")
        y = y.reshape(y.shape[: 1 + asked]).astype(str)
    else:
        y = y.reshape(*y.shape[: 1 + asked], -1).astype(np.float64)
    for key, values in (("x", x), ("y", y)):
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            place = ", ".join(map(str, np.argwhere(~np.isfinite(values))[0].tolist()))
            raise InputError(f"{name}: {key}[{place}]: expected a finite number")
    return NumberSequences(x, np.full(sequences, time), y, asked)


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Returns the arrays x and y of a .npz file, none of them unpickled."""
    name = show_path(path)
    try:
        check_regular(path)
        with path.open("rb") as file:  # np.load alone leaves a broken one open
            if not zipfile.is_zipfile(file):
                raise InputError(f"{name}: expected a .npz file, as np.savez writes it")
            _check_sizes(file, name)
            file.seek(0)
            with np.load(file, allow_pickle=False) as loaded:
                return {key: loaded[key] for key in ("x", "y")}
    except FileNotFoundError:
        with open_bytes(path):  # says so, with the nearest name
            raise
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror or error})") from None
    except InputError:
        raise
    except MemoryError as error:
        raise InputError(f"{name}: its arrays do not fit into memory ({error})") from None
    except Exception as error:  # whatever zipfile, zlib, NumPy and Python's parser make of a broken file
        raise InputError(f"{name}: not readable as .npz without pickle ({brief(error)})") from None


def _check_sizes(file: IO[bytes], name: str) -> None:
    """Raises InputError for other members than x and y, and where one is said to be larger than the file can
    hold: NumPy would make room for it.
    """
    with zipfile.ZipFile(file) as archive:
        members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
        if set(members) != {"x", "y"}:
            found = ", ".join(map(quote, sorted(members)[:SHOWN])) or "none"
            raise InputError(f"{name}: expected arrays x and y, found {found}")
        size = sum(member.file_size for member in members.values())
        packed = sum(member.compress_size for member in members.values())
        check_unpacked(name, packed, size, "write it with np.savez, which does not compress")
        for key, member in members.items():
            with archive.open(member) as part:
                shape, _, dtype = HEADERS[np.lib.format.read_magic(part)](part)
            most = min(member.file_size, DEFLATED * member.compress_size)
            if math.prod(shape) * dtype.itemsize > most and not dtype.hasobject:
                raise InputError(f"{name}: {key}: expected {dtype} {shape}, found at most {most:,} bytes")


def _check_kind(y: NDArray[Any], kind: Targets, name: str) -> None:
    """Raises InputError for classes where numbers are asked for, or the reverse."""
    if kind == "numbers" and y.dtype.kind != "f":
        found, other = "y holds whole numbers or texts", "task.targets=classes, or save y as floats"
    elif kind == "classes" and y.dtype.kind not in "iubU":
        found, other = f"y holds {y.dtype}", "task.targets=numbers, or save y as integers"
    else:
        return
    raise InputError(f"{name}: {found}, which are no {kind}; expected {other}")


def _read_csv(path: Path, kind: Targets, every_step: bool | None) -> NumberSequences:
    rows = csv_rows(path)
    _, header = next(rows, (1, []))
    names = [cell.strip() for cell in header]
    inputs, outputs = (
        [i for i, name in enumerate(names) if re.fullmatch(k + r"\d{0,9}", name)] for k in "xy"
    )
    known = {"sequence", "step", *(names[place] for place in (*inputs, *outputs))}
    if not inputs or not outputs or len(names) != len(known) or set(names) != known:
        raise InputError(
            f"{show_path(path)}, line 1: expected columns {COLUMNS}, found {quote(','.join(names))}"
        )
    if kind == "classes" and len(outputs) > 1:
        raise InputError(f"{show_path(path)}, line 1: expected one column y of classes, found {len(outputs)}")
    reader = _Steps(names, inputs, outputs, kind)
    for line, cells in rows:
        place = f"{show_path(path)}, line {line}"
        if len(cells) != len(names):
            raise InputError(
                f"{place}: expected as many cells as line 1 has, {len(names)}, found {len(cells)}"
            )
        reader.add([cell.strip() for cell in cells], place)
    if not reader.x:
        raise InputError(f"{show_path(path)}: holds no steps; expected some below the line of names")
    return _padded(reader, every_step)


class _Steps:
    """The rows of a CSV by sequence: x (steps, features), y (steps, outputs) or None where it is empty."""

    def __init__(self, names: list[str], inputs: list[int], outputs: list[int], kind: Targets) -> None:
        self.names, self.inputs, self.outputs, self.kind = names, inputs, outputs, kind
        self.x: dict[str, list[list[float]]] = {}
        self.y: dict[str, list[list[Any] | None]] = {}
        self.ends: dict[str, str] = {}
        self.first, self.last = 0, ""

    def add(self, cells: list[str], place: str) -> None:
        """Adds a row; raises InputError for a step out of order, or what is no number."""
        sequence, step = (cells[self.names.index(name)] for name in ("sequence", "step"))
        if sequence not in self.x:
            self.x[sequence], self.y[sequence] = [], []
            self.first = 0 if step == "0" else 1
        elif sequence != self.last:
            raise InputError(
                f"{place}: sequence {quote(sequence)} goes on; expected its steps to be together"
            )
        expected = self.first + len(self.x[sequence])
        if step != str(expected):
            raise InputError(f"{place}: expected step {expected} of {quote(sequence)}, found {quote(step)}")
        self.x[sequence].append([_number(cells[i], place, self.names[i]) for i in self.inputs])
        self.y[sequence].append(self._target(cells, place))
        self.ends[sequence], self.last = place, sequence

    def _target(self, cells: list[str], place: str) -> list[Any] | None:
        found = [cells[i] for i in self.outputs]
        if not any(found):
            return None
        if self.kind == "classes":
            return [read_label(found[0], place)]
        return [_number(cells[i], place, self.names[i]) for i in self.outputs]


def _number(cell: str, place: str, column: str) -> float:
    if not is_number(cell):
        raise InputError(f"{place}, column {column}: expected a number, found {quote(cell)}")
    return float(cell)


def _padded(read: _Steps, every_step: bool | None) -> NumberSequences:
    """Returns the rows as arrays; a file is many to one if only last steps have targets."""
    lengths = np.array([len(steps) for steps in read.x.values()])
    early = [name for name, steps in read.y.items() if any(y is not None for y in steps[:-1])]
    asked = bool(early) if every_step is None else every_step
    if early and not asked:
        raise InputError(
            f"{read.ends[early[0]]}: sequence {quote(early[0])} has targets before its last step"
        )
    for name, steps in read.y.items():
        if all(y is None for y in steps) or (not asked and steps[-1] is None):
            raise InputError(f"{read.ends[name]}: sequence {quote(name)} ends without a target")
    shape, outputs = (len(lengths), int(lengths.max())), len(read.outputs)
    x = np.zeros((*shape, len(read.inputs)))
    y = (
        np.full((*shape, outputs), "", dtype=object)
        if read.kind == "classes"
        else np.full((*shape, outputs), np.nan)
    )
    for number, (rows, targets) in enumerate(zip(read.x.values(), read.y.values(), strict=True)):
        x[number, : len(rows)] = rows
        for step, target in enumerate(targets):
            if target is not None:
                y[number, step] = target
    if not asked:
        y = y[np.arange(len(lengths)), lengths - 1]
    return NumberSequences(x, lengths, y[..., 0].astype(str) if read.kind == "classes" else y, asked)
