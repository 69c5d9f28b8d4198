"""Tables of a run folder as CSV: written, and read back with what each column has to hold."""

import re
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Literal

import pandas as pd

from rnnlab.core.errors import LONGEST_SHOWN, InputError, brief, did_you_mean, shown
from rnnlab.core.files import write_text

Kind = Literal["number", "whole number", "text", "True or False"]
Kinds = Mapping[str, Kind]
"""Of columns by a pattern for the whole of their names; a column that fits none may hold anything."""

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|-?inf|nan")
DIGITS = re.compile("[+-]?[0-9]+")
TRUTHS = {"True": True, "False": False}
MOST_BYTES, MOST_COLUMNS = 2**27, 5_000
ROUND: Kinds = {"epoch|step": "whole number"}
LABELS: Kinds = {"label|called": "text"}  # `1.0` is one and no number
KINDS: dict[str, Kinds] = {
    "metrics": {**ROUND, ".*": "number"},
    "gradients": {
        "position|token|model": "text",
        "texts": "whole number",
        ".*norm.*|cosine|ratio.*": "number",
    },
    "through_time": {"direction|path|pooling": "text", "layer|distance": "whole number", ".*": "number"},
    "positions": {"token": "text", ".*": "number"},
    "similarity": {"word1|word2|note": "text", "similarity": "number"},
    "scatter": {"true|predicted": "number"},
    "lengths": {
        "examples": "text",
        "length": "whole number",
        "trained": "True or False",
        "acc|low|high": "number",
    },
    "series": {"row": "whole number", ".* (true|predicted)": "number"},
    "forecast": {"row": "whole number", ".* (true|forecast|one step)": "number"},
    "calibration": {"on": "text", ".*": "number"},
    "health": {"parameter": "text", "gradient_norm|update_ratio": "number"},
    "token_use": {"insert": "text", "texts": "whole number", ".*": "number"},
    "trials": {
        "model": "text",
        "length|seed|steps": "whole number",
        "tried|success": "True or False",
        "best|seconds": "number",
    },
}
"""By the table's name: what is computed with, of a run and of a search."""


def write_table(path: Path, rows: pd.DataFrame) -> Path:
    """Writes rows as CSV, atomically, NaN as an empty cell; returns the path, or raises InputError."""
    try:
        write_text(path, rows.to_csv(index=False, lineterminator="\n"))
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
    return path


def read_table(path: Path, needed: Sequence[str] = ()) -> pd.DataFrame | None:
    """Returns the rows of a table, None if there are none; texts are as they stand there, a gap is NaN.

    needed: columns that have to be there.

    Raises InputError for a file that is no CSV, or not such a table: it names the line and the column.
    """
    kinds, cells = {**ROUND, **LABELS, **KINDS.get(path.stem, {})}, _read_cells(path)
    for name in needed:
        if name not in cells:
            known = _readable(", ".join(cells)) or "nothing"
            raise InputError(f"{path}: there is no column {name}{did_you_mean(name, cells)} (found: {known})")
    if cells.empty:
        return None
    return pd.DataFrame({name: _typed(path, cells[name], _kind_of(name, kinds)) for name in cells})


def read_metrics(path: Path) -> pd.DataFrame:
    """Returns the rows of metrics.csv, the epoch or step of each first; raises InputError as `read_table`.

    There is at least one row, and one column of the training.
    """
    if (rows := read_table(path)) is None:
        raise InputError(f"{path}: has no rows; the run has no finished epoch")
    first = str(rows.columns[0])
    if first not in ("epoch", "step"):
        raise InputError(
            f"{path}: expected a column epoch or step before all others, found {_readable(first)}"
        )
    if rows[first].isna().any() or not rows[first].is_monotonic_increasing:
        raise InputError(f"{path}: expected numbers in column {first} that rise from row to row")
    if not any(name.startswith("train_") for name in rows):
        raise InputError(f"{path}: expected a column train_…, found {_readable(', '.join(rows))}")
    return rows


def _read_cells(path: Path) -> pd.DataFrame:
    """Returns all cells as texts."""
    try:
        if not path.is_file():
            raise InputError(f"{path}: expected a file")
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path}: expected at most {MOST_BYTES:,} bytes, found more")
        with path.open("rb") as file:  # pandas takes long for the names of so many columns
            names = file.readline().partition(b"\r")[0].count(b",") + 1
        if names > MOST_COLUMNS:
            raise InputError(f"{path}: expected at most {MOST_COLUMNS:,} columns, found {names:,}")
        # Words such as `null` or `nan` are words; only an empty cell is a gap.
        cells = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""], encoding="utf-8")
    except pd.errors.EmptyDataError:
        return pd.DataFrame()
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8 (byte 0x{error.object[error.start]:02x})") from None
    except (OSError, ValueError, OverflowError) as error:
        raise InputError(f"{path}: not readable as CSV ({brief(error)})") from None
    if not isinstance(cells.index, pd.RangeIndex):
        raise InputError(f"{path}, line 2: expected {len(cells.columns)} cells, found more")
    return cells


def _readable(name: str) -> str:
    """Returns a name of a file's own, escaped and cut where it has to be."""
    return name if name.isprintable() and len(name) <= LONGEST_SHOWN else shown(name)


def _kind_of(name: str, kinds: Kinds) -> Kind | None:
    return next((kind for pattern, kind in kinds.items() if re.fullmatch(pattern, name)), None)


def _typed(path: Path, column: pd.Series, kind: Kind | None) -> pd.Series:
    """Returns a column as its kind; one of none as numbers, or True and False, where all are."""
    if kind == "text":
        return column
    cells = column.tolist()  # pandas takes five times as long for a column of a few rows
    filled = {cell for cell in cells if isinstance(cell, str)}
    if kind == "True or False" or (kind is None and filled and filled <= TRUTHS.keys()):
        _require(path, column, filled - TRUTHS.keys(), "True or False")
        truths = column.map(TRUTHS)
        return truths if column.hasnans else truths.astype(bool)
    no_numbers = {cell for cell in filled if not NUMBER.fullmatch(cell)}
    if kind is None and no_numbers:
        return column
    _require(path, column, no_numbers, "a number")
    values = [float(cell) for cell in cells]  # exactly as written, unlike pandas' own reading
    fractions = {cell for cell in filled if not _is_whole(float(cell))}
    if kind == "whole number":
        _require(path, column, fractions, "a whole number")
    whole = not column.hasnans and not fractions and all(map(DIGITS.fullmatch, filled))
    return pd.Series(values, name=column.name, dtype="float64").astype("int64" if whole else "float64")


def _is_whole(value: float) -> bool:
    return value.is_integer() and abs(value) < 2**53


def _require(path: Path, column: pd.Series, wrong: Set[str], expected: str) -> None:
    if wrong:
        row = next(row for row, cell in enumerate(column) if cell in wrong)
        found = shown(column.iloc[row])
        name = _readable(str(column.name))
        raise InputError(f"{path}, line {row + 2}, column {name}: expected {expected}, found {found}")
