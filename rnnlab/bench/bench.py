"""Everything that `rnnlab bench` measures, in one process, and what it leaves in its folder."""

import json
import os
from dataclasses import dataclass, field
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from rnnlab.bench.contestants import ABSENT
from rnnlab.bench.cost import slopes
from rnnlab.bench.cost_figure import draw_costs
from rnnlab.bench.machine import describe_machine, kept_to, matrix_rate
from rnnlab.bench.parts import MEASURES, Rows, steps_of
from rnnlab.bench.request import Part, Request
from rnnlab.bench.tables import BenchTable, bench_tables, machine_line, markdown
from rnnlab.core.errors import InputError
from rnnlab.core.files import write_text
from rnnlab.experiment.torch_settings import torch_settings
from rnnlab.reports.figures import save_figure
from rnnlab.runs.tables import write_table
from rnnlab.workflows.display import SILENT, Display

SUBNORMAL = {True: "flushed to zero", False: "kept (by JAX flushed all the same)"}
BUSY = 1.15  # times the processor's seconds by the clock, from which on somebody else was at work, too


@dataclass
class Benchmark:
    """What was measured.

    machine: what it is; settings: what was equal for all; rate: float32 operations a second of large matrix
    products, the best seen; tables: by part, a row per thing measured and contestant; folder: where it lies.
    """

    machine: dict[str, Any]
    settings: dict[str, Any]
    folder: Path
    rate: float = 0.0
    tables: dict[Part, Rows] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """Returns all of it, for JSON."""
        return {
            "machine": self.machine,
            "settings": self.settings,
            "matrix_products_flops_per_second": self.rate,
            **{part.replace("-", "_"): rows for part, rows in self.tables.items()},
            "notes": self.notes,
        }

    def table(self, part: Part) -> pd.DataFrame:
        """Returns a part as a table, empty where it was not measured."""
        return pd.DataFrame(self.tables.get(part, []))

    @property
    def slopes(self) -> pd.DataFrame:
        """How the cost grows, see `cost.slopes`; empty where that was not measured."""
        return slopes(self.table("cost")) if self.tables.get("cost") else pd.DataFrame()

    @property
    def measured_on(self) -> str:
        """Machine, date, versions and what was equal for all, in a line."""
        return machine_line(self.facts())

    def shown(self) -> list[BenchTable]:
        """Returns the tables that a person reads."""
        return bench_tables(self.facts(), self.slopes)

    @property
    def figure(self) -> Path | None:
        """Cost against size, None where that was not measured."""
        return self.folder / "figures" / "cost.png" if "cost" in self.tables else None


def run_bench(request: Request, *, output: Path | None = None, display: Display = SILENT) -> Benchmark:
    """Measures all that is asked for and writes it down: JSON, a table per part, a figure of the cost.

    Everything is measured in this process, kept to as many cores as `training.threads` says (memory in
    processes of its own); no time decides whether it succeeds. The folder is made at the end.

    Raises:
        InputError: an override is wrong, or the data; or the folder cannot be written.
        RnnlabError: two contestants do not train the same.
    """
    configs = [request.config(model, frozen=False) for model in request.models]  # before anything is measured
    training = configs[0].training
    threads = training.threads or 1
    now = datetime.now()
    folder = output or Path("outputs") / f"bench-{now:%Y%m%d-%H%M%S}"
    check_folder(folder)
    with torch_settings(configs[0]), kept_to(threads) as kept:
        settings = {
            "threads": threads,
            "kept_to_cores": threads if kept else None,
            "subnormal_floats": SUBNORMAL[training.flush_denormal],
            "precision": "float32",
            "overrides": request.overrides,
        }
        found = Benchmark(describe_machine(), settings, folder)
        found.notes += [note for library, note in ABSENT.items() if find_spec(library) is None]
        with display.bar("bench", sum(steps_of(request, part) for part in request.parts)) as bar:
            for part in request.parts:
                found.tables[part] = []
                for rows in MEASURES[part](request, display):
                    found.tables[part] += rows
                    found.rate = max(found.rate, matrix_rate())
                    bar.update(text=part)
                    bar.advance(1)
    complete(found)
    write(found)
    return found


def check_folder(folder: Path) -> None:
    """Raises InputError, before minutes are spent, for what is no folder or cannot be written to."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not there.is_dir():
        raise InputError(f"--output: expected a folder, found the file {there}")
    if not os.access(there, os.W_OK):
        raise InputError(f"--output: {there} cannot be written to")


def complete(found: Benchmark) -> None:
    """Adds to all rows what follows from their times; and a note where the machine had other work, too."""
    waits = []
    for rows in found.tables.values():
        for row in rows:
            if "seconds" not in row:
                continue
            if "tokens" in row:
                row["tokens_per_second"] = row["tokens"] / row["seconds"]
            row["share_of_matrix_products"] = row["flops"] / row["seconds"] / found.rate
            if row.get("cpu_seconds", 0) > 0:
                waits.append(row["seconds"] / row["cpu_seconds"])
    if waits and median(waits) > BUSY:
        found.notes.append(
            f"the machine was busy: everything took {median(waits):.1f} times as long by the clock as of the "
            "processor; times on a quiet machine are shorter"
        )


def write(found: Benchmark) -> None:
    """Writes everything into the folder."""
    try:
        found.folder.mkdir(parents=True, exist_ok=True)
        write_text(found.folder / "bench.json", json.dumps(found.facts(), indent=1) + "\n")
        write_text(found.folder / "bench.md", markdown(found.facts(), found.shown()))
    except OSError as error:
        raise InputError(f"{found.folder}: cannot be written ({error.strerror})") from None
    for part in found.tables:
        write_table(found.folder / f"{part}.csv", found.table(part))
    if found.figure is not None:
        save_figure(draw_costs(found.table("cost"), found.slopes, found.rate), found.figure)
