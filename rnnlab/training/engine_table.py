"""How long a training step takes by engine, kind and size of a net: what `engine=auto` goes by.

A table is JSON. One comes with rnnlab (`engines.json` beside this file); `rnnlab bench --tune` writes the
user's own, which is then read first:

    {"machine": "…", "date": "2026-11-29", "torch": "2.13.0", "rows": [
      {"kind": "LSTM", "input": 50, "hidden": 50, "layers": 1, "directions": 1, "batch": 8, "length": 60,
       "precision": "float32", "ms": {"torch": {"1": 8.1}, "padded": {"1": 2}, "fused": {"1": 1.5, "2": 1.6}}}
    ]}

A net is looked up in the row of its kind and precision whose sizes are nearest, by the sum of |log(a / b)|.
"""

import hashlib
import json
import math
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from annotated_types import Ge, Gt, MinLen
from pydantic import BaseModel, ConfigDict, ValidationError

from rnnlab.core.errors import InputError
from rnnlab.core.files import read_regular, write_text
from rnnlab.core.printable import shortened
from rnnlab.core.workers import cores
from rnnlab.runs.facts import machine

Kind = Literal["bag", "RNN", "GRU", "LSTM", "other"]
"""A bag of embeddings, a recurrent layer that torch has, or any other cell, which torch runs step by step."""
Name = Literal["torch", "padded", "fused"]
Positive = Annotated[int, Ge(1)]
Milliseconds = Annotated[float, Gt(0.0)]

SIZES = ("input", "hidden", "layers", "directions", "batch", "length")
SHIPPED = Path(__file__).with_name("engines.json")


class _Part(BaseModel):
    """A part of a table, in which nothing is ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Work(_Part):
    """One training step: the kind and sizes of a net, texts a batch, the mean length of a text."""

    kind: Kind
    input: Positive
    hidden: Positive
    layers: Positive = 1
    directions: Positive = 1
    batch: Positive
    length: Positive
    precision: Literal["float32", "float64"] = "float32"

    @property
    def text(self) -> str:
        """What is trained, in a few words."""
        if self.kind == "bag":
            return f"a bag of {self.input} numbers, batch {self.batch}, length {self.length}"
        parts = f"{self.layers} layers, " * (self.layers > 1) + "both directions, " * (self.directions > 1)
        kind = "a cell" if self.kind == "other" else self.kind
        return f"{kind} {self.input} → {self.hidden}, {parts}batch {self.batch}, length {self.length}"

    def distance(self, other: "Work") -> float:
        """Returns how far another step's sizes are from this one's."""
        return sum(abs(math.log(getattr(self, size) / getattr(other, size))) for size in SIZES)


class Row(Work):
    """What was measured of one step: milliseconds by engine and number of threads."""

    ms: Annotated[dict[Name, Annotated[dict[Positive, Milliseconds], MinLen(1)]], MinLen(1)]


class Taken(NamedTuple):
    """The fastest of the engines that were asked for, and how it compares with torch's packed layers."""

    engine: Name
    threads: int
    times_torch: float
    row: Row


class EngineTable(_Part):
    """All that was measured on one machine; sha256: of the rest, in a file of the user's own."""

    sha256: str | None = None
    machine: str
    date: str
    torch: str
    rows: Annotated[tuple[Row, ...], MinLen(1)]

    def fastest(self, work: Work, engines: Collection[Name], threads: int | None) -> Taken | None:
        """Returns what the nearest row makes of a step, None where no row is of the same kind.

        engines: those that can compute it, "torch" among them; threads: how many there are, None: as many as
        pay.
        """
        same = [row for row in self.rows if row.kind == work.kind and {"torch"} <= row.ms.keys()]
        same = [row for row in same if row.precision == work.precision] or same
        if not same:
            return None
        row = min(same, key=work.distance)
        most = threads or cores()
        times = {
            (engine, count): ms
            for engine, by_threads in row.ms.items()
            if engine in engines
            for count, ms in by_threads.items()
            if count == _measured(by_threads, threads or count) and count <= most
        }
        engine, count = min(times, key=lambda key: (times[key], key[1]))
        packed = min(ms for (name, _), ms in times.items() if name == "torch")
        return Taken(engine, threads or count, packed / times[engine, count], row)


def _measured(by_threads: Collection[int], threads: int) -> int:
    """Returns the largest number of threads that was measured and is there, else the smallest."""
    return max((count for count in by_threads if count <= threads), default=min(by_threads))


def user_path() -> Path:
    """Returns where the user's own table lies."""
    import platformdirs

    return Path(platformdirs.user_cache_path("rnnlab")) / "engines.json"


@cache
def shipped() -> EngineTable:
    """Returns the table that comes with rnnlab."""
    return EngineTable.model_validate_json(SHIPPED.read_text(encoding="utf-8"))


def tables() -> tuple[list[EngineTable], str | None]:
    """Returns the tables to go by, the user's own first, and a note where that one is passed over."""
    path = user_path()
    if not path.is_file():
        return [shipped()], None
    try:
        own = EngineTable.model_validate_json(read_regular(path).decode())
    except (OSError, ValueError, InputError) as error:
        return [shipped()], f"{path}: {_fault(error)}; passed over, `rnnlab bench --tune` writes it anew"
    if own.machine != machine():
        where = f"measured on another machine ({own.machine})"
        return [shipped()], f"{path}: {where}; passed over, `rnnlab bench --tune` measures this one"
    if own.sha256 != _sum(own):
        return [shipped()], f"{path}: damaged; passed over, `rnnlab bench --tune` writes it anew"
    return [own.model_copy(update={"sha256": None}), shipped()], None


def _sum(table: EngineTable) -> str:
    return hashlib.sha256(table.model_dump_json(exclude={"sha256"}).encode()).hexdigest()


def _fault(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return f"not readable ({error})"
    fault = error.errors()[0]
    key = shortened(".".join(map(str, fault["loc"])))
    return f"no table of engines ({key + ': ' if key else ''}{fault['msg'][0].lower()}{fault['msg'][1:]})"


def save(table: EngineTable, path: Path) -> None:
    """Writes a table, a row a line, atomically; raises InputError where it cannot be written."""
    facts = table.model_dump(mode="json") | {"sha256": _sum(table)}
    rows = ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in facts.pop("rows"))
    lines = [
        f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)},\n" for name, value in facts.items()
    ]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, "{\n" + "".join(lines) + f'  "rows": [\n{rows}\n  ]\n}}\n')
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
