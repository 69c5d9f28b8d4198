"""Writes a run folder, so that a kill at any moment leaves it whole or clearly unfinished."""

import fcntl
import json
import math
import os
import shutil
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pandas as pd

from rnnlab.core.errors import InputError
from rnnlab.core.files import write_text
from rnnlab.core.printable import printable
from rnnlab.runs.csv_text import CsvText
from rnnlab.runs.files import (
    CHECKPOINTS,
    CONFIG,
    FIGURES,
    GRAPH,
    LOGS,
    METRICS,
    PROBES,
    REPORT,
    SIMILARITY,
    SUMMARY,
    TRACE,
    VOCABULARY,
    probe_log,
    probes_in,
    table,
    tables_in,
)


class RunWriter:
    """One run's folder while it is being made, in the hands of this process alone until it is closed.

    alone: whether that is certain, as far as this host goes.
    """

    def __init__(self, folder: Path) -> None:
        """Claims `folder`; raises InputError if it holds a run already or cannot be written."""
        try:
            (folder / CHECKPOINTS).mkdir(parents=True)
        except FileExistsError:
            raise InputError(f"{folder}: holds a run already; choose another hydra.run.dir") from None
        except OSError as error:
            raise InputError(f"{folder}: cannot be written ({error.strerror})") from None
        self._hold(folder)

    @classmethod
    def of_run(cls, folder: Path) -> Self:
        """Takes up the folder of a run; raises InputError if another process has it in hands."""
        writer = cls.__new__(cls)
        writer._hold(folder)
        return writer

    def _hold(self, folder: Path) -> None:
        self.folder = folder
        self._tables: dict[str, CsvText] = {}
        # The system lets go of it when this process ends, however it does.
        self._lock = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise InputError(f"{folder}: {_holder(folder)}") from None
        except OSError:
            self.alone = False  # a file system without locks
        else:
            self.alone = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and not (self.folder / SUMMARY).exists():  # the run has not begun
            shutil.rmtree(self.folder / CHECKPOINTS, ignore_errors=True)
            for name in (CONFIG, VOCABULARY):
                (self.folder / name).unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Lets go of the folder."""
        os.close(self._lock)

    def write(self, name: str, text: str) -> None:
        """Writes a text file of the run, atomically."""
        write_text(self.folder / name, text)

    def row(self, values: Mapping[str, float | int | None]) -> None:
        """Adds a row to metrics.csv; numbers are written in full, None and NaN as empty cells."""
        self._add(METRICS, CsvText(",".join(values), (",".join(map(_cell, values.values())),)))

    def table(self, name: str, rows: pd.DataFrame) -> None:
        """Adds rows to the CSV file `name`; NaN is written as an empty cell."""
        (self.folder / name).parent.mkdir(exist_ok=True)
        self._add(name, CsvText.of(rows))

    def summary(self, facts: Mapping[str, Any]) -> None:
        """Writes summary.json; `facts["status"]` is running, trained, finished, interrupted or failed."""
        self.write(SUMMARY, _as_json(facts))

    def forget_results(self) -> list[str]:
        """Takes away what is about a trained net that will be another, and what a killed process left half
        written: tables, figures and pages, not what was recorded while it trained. Returns the tables' names.
        """
        for folder in (self.folder, *(self.folder / name for name in (CHECKPOINTS, PROBES, FIGURES))):
            for leftover in (*folder.glob(".*.tmp"), *folder.glob(".tmp??????")):  # ours, safetensors'
                leftover.unlink(missing_ok=True)
        tables = [name for name in map(table, tables_in(self.folder)) if name != SIMILARITY]
        for name in [*tables, REPORT, GRAPH, TRACE]:
            (self.folder / name).unlink(missing_ok=True)
        shutil.rmtree(self.folder / FIGURES, ignore_errors=True)
        return tables

    def cut_tables(
        self, keep: Callable[[int], bool], looks: Callable[[int], bool], *, rows: int
    ) -> list[list[str]]:
        """Takes up all that was recorded while the net trained: of epochs or steps that `keep` wants, and of
        what probes saw those among them that `looks` wants.

        Returns the cells of metrics.csv that are kept, the header first; none where there are none. Raises
        InputError, with every table as it was, if one is no such table, or metrics.csv has not `rows` rows.
        """
        logs = map(probe_log, probes_in(self.folder))
        wanted = {METRICS: keep, SIMILARITY: keep} | dict.fromkeys(logs, lambda at: keep(at) and looks(at))
        kept = {name: self._kept(name, keep) for name, keep in wanted.items()}
        metrics = kept[METRICS]
        if (found := 0 if metrics is None else len(metrics.rows)) != rows:
            raise InputError(f"{self.folder / METRICS}: expected {rows} rows, found {found}")
        for name, rest in kept.items():
            if rest is not None and rest.rows:
                self._tables[name] = rest
                self.write(name, str(rest))
            elif rest is not None:
                (self.folder / name).unlink()
        return [] if metrics is None or not metrics.rows else metrics.cells()

    def _kept(self, name: str, keep: Callable[[int], bool]) -> CsvText | None:
        """Returns a table of the run without the epochs or steps that are not kept, None if there is none."""
        path = self.folder / name
        if not path.is_file():
            return None
        try:
            return CsvText.read(path.read_bytes().decode()).filtered(lambda cell: keep(int(cell)))
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: not readable as a table of the run ({error})") from None

    def _add(self, name: str, rows: CsvText) -> None:
        known = self._tables.get(name)
        self._tables[name] = rows if known is None else known.followed_by(rows)
        self.write(name, str(self._tables[name]))


def _holder(folder: Path) -> str:
    """Returns who has a run's folder in hands, as far as its summary tells."""
    try:
        process = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))["process"]
        return f"is being trained by process {int(process['pid'])} on {process['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process is at work on it"


def mark_failed(folder: Path, error: str) -> None:
    """Writes into a run's folder and its log that its process came to an end it could not write down."""
    for log in folder.glob(LOGS):
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now():%Y-%m-%d %H:%M:%S} ERROR {printable(error)}\n")
    path = folder / SUMMARY
    if path.is_file():
        summary = json.loads(path.read_text(encoding="utf-8"))
        if summary["status"] == "running":
            write_text(path, _as_json(summary | {"status": "failed", "error": error}))


def _as_json(facts: Mapping[str, Any]) -> str:
    return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"


def _cell(value: float | int | None) -> str:
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    return "" if missing else repr(value)
