"""Writes a run folder, so that a kill at any moment leaves it whole or clearly unfinished."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from rnnlab.core.errors import InputError
from rnnlab.core.files import write_text
from rnnlab.runs.files import CHECKPOINTS, METRICS, SUMMARY


class RunWriter:
    """One run's folder while it is being made."""

    def __init__(self, folder: Path) -> None:
        """Claims `folder`; raises InputError if it holds a run already or cannot be written."""
        self.folder = folder
        try:
            (folder / CHECKPOINTS).mkdir(parents=True)
        except FileExistsError:
            raise InputError(f"{folder}: holds a run already; choose another hydra.run.dir") from None
        except OSError as error:
            raise InputError(f"{folder}: cannot be written ({error.strerror})") from None
        self._rows: list[str] = []
        self._tables: dict[str, pd.DataFrame] = {}

    def write(self, name: str, text: str) -> None:
        """Writes a text file of the run, atomically."""
        write_text(self.folder / name, text)

    def row(self, values: Mapping[str, float | int | None]) -> None:
        """Adds a row to metrics.csv; numbers are written in full, None and NaN as empty cells."""
        if not self._rows:
            self._rows.append(",".join(values))
        self._rows.append(",".join(_cell(value) for value in values.values()))
        self.write(METRICS, "".join(f"{row}\n" for row in self._rows))

    def table(self, name: str, rows: pd.DataFrame) -> None:
        """Adds rows to the CSV file `name`; NaN is written as an empty cell."""
        known = self._tables.get(name)
        self._tables[name] = rows if known is None else pd.concat([known, rows], ignore_index=True)
        (self.folder / name).parent.mkdir(exist_ok=True)
        self.write(name, self._tables[name].to_csv(index=False, lineterminator="\n"))

    def summary(self, facts: Mapping[str, Any]) -> None:
        """Writes summary.json; `facts["status"]` is running, finished, interrupted or failed."""
        self.write(SUMMARY, json.dumps(facts, indent=2, ensure_ascii=False) + "\n")


def _cell(value: float | int | None) -> str:
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    return "" if missing else repr(value)
