"""Why two runs have other figures: what differs between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from rnnlab.core.metrics import TIMES
from rnnlab.reports.records import Records, read_records, step_column
from rnnlab.reports.repeats.run import ONLOOKERS
from rnnlab.runs.finder import Run, find_run
from rnnlab.runs.identity import CODE, COMMIT, DATA, DIRTY, OWN, PARTS, VERSIONS, data_paths, identity

CONFIGURATION, STATUS = "configuration", "status"
UNKNOWN = "not recorded"
Verdict = Literal["differ", "no effect", "same", "defect", "unknown"]


@dataclass(frozen=True)
class Why:
    """What differs between two runs.

    one, other: their names. differences: a row for everything that differs: part (configuration, data, code,
    versions, machine, status), name, what either run has, and whether it `may` change a figure: None where
    one of the runs has not recorded it. figures: a row for each figure that differs in the end. first: the
    first row of metrics.csv that differs, as in `epoch 3`, if one does.
    """

    one: str
    other: str
    differences: pd.DataFrame
    figures: pd.DataFrame
    first: str | None
    unrecorded: tuple[str, ...]

    @property
    def same_figures(self) -> bool:
        """Whether the runs agree to the last digit, but for times."""
        return self.first is None and self.figures.empty

    @property
    def verdict(self) -> Verdict:
        """`defect` where the figures differ and nothing does that could change them; `unknown` where nobody
        knows that.
        """
        if self.same_figures:
            return "no effect" if len(self.differences) else "same"
        if (self.differences["may"] == True).any():  # noqa: E712 (neither False nor None)
            return "differ"
        return "unknown" if self.unrecorded else "defect"

    @property
    def sentence(self) -> str:
        """What comes of it, for a person."""
        differing = _that_differ(self._parts())
        return {
            "differ": f"{differing}, and so do the figures{self._from()}.",
            "no effect": f"{differing}; the figures are the same to the last digit.",
            "same": "Nothing differs, and the figures are the same to the last digit.",
            "unknown": f"The figures differ{self._from()}, and nothing that could change them is known to: "
            f"not recorded of both runs: {', '.join(self.unrecorded)}.",
            "defect": f"The figures differ{self._from()}, and nothing does that could change them: that is a "
            "defect, of rnnlab or of the machine. Please report it, with both run folders.",
        }[self.verdict]

    def _parts(self) -> list[str]:
        """Returns what differs, less what may not change figures where these differ."""
        changes = self.differences["may"] == True  # noqa: E712 (neither False nor None)
        rows = self.differences[changes | self.same_figures]
        return list(dict.fromkeys(rows["part"]))

    def _from(self) -> str:
        return f", from {self.first} on" if self.first else ""


def why(one: str | Path, other: str | Path) -> Why:
    """Returns what differs between two runs in configuration, data, code, versions, machine and figures.

    Raises InputError for a run that is not there or broken.
    """
    runs = [find_run(str(name)) for name in (one, other)]
    records = [read_records(run.folder) for run in runs]
    rows = [*_in_settings(records), *_in_identity(records), *_in_status(runs, records)]
    differences = pd.DataFrame(rows, columns=["part", "name", "one", "other", "may"])
    unknown = [f"{row[0]}: {row[1]}" for row in rows if row[4] is None]
    return Why(
        one=runs[0].name,
        other=runs[1].name,
        differences=differences,
        figures=_figures(records),
        first=_first(records),
        unrecorded=(*unknown, *_code_of_neither(records)),
    )


Row = tuple[str, str, str, str, bool | None]


def _in_settings(runs: Sequence[Records]) -> list[Row]:
    """Returns a row for every setting that differs; what only looks on, or is a path, changes no figure."""
    left, right = (run.settings for run in runs)
    files = {f"data.{name}" for run in runs for name in identity(run.summary)[DATA]}
    return [
        (
            CONFIGURATION,
            name,
            left.get(name, "-"),
            right.get(name, "-"),
            not name.startswith(ONLOOKERS) and name not in files,
        )
        for name in dict.fromkeys([*left, *right])
        if left.get(name) != right.get(name)
    ]


def _in_identity(runs: Sequence[Records]) -> list[Row]:
    left, right = (identity(run.summary) for run in runs)
    rows: list[Row] = []
    for part in PARTS:
        for name in dict.fromkeys([*left[part], *right[part]]):
            values = [side[part].get(name, UNKNOWN) for side in (left, right)]
            if values[0] == values[1]:
                continue
            may = None if UNKNOWN in values else True
            if part == DATA:
                paths = [data_paths(run.summary).get(name, "-") for run in runs]
                values = [f"{path} ({value})" for path, value in zip(paths, values, strict=True)]
            rows.append((part, name, values[0], values[1], may))
    return rows


def _in_status(runs: Sequence[Run], records: Sequence[Records]) -> list[Row]:
    """Returns that the runs did not go on equally long, where one of them was not left to finish."""
    lengths = [len(found.metrics) for found in records]
    if lengths[0] == lengths[1] or all(run.status == "finished" for run in runs):
        return []
    values = [f"{run.status} after {length} rows" for run, length in zip(runs, lengths, strict=True)]
    return [(STATUS, "metrics.csv", values[0], values[1], True)]


def _first(runs: Sequence[Records]) -> str | None:
    """Returns the first row of metrics.csv that differs in a figure that both runs have."""
    when = step_column(runs[0].metrics)
    if when != step_column(runs[1].metrics):
        return None
    left, right = (run.metrics.drop(columns=list(TIMES), errors="ignore").set_index(when) for run in runs)
    columns = [name for name in left if name in right]
    rows = left.index.union(right.index)
    left, right = left.reindex(rows)[columns], right.reindex(rows)[columns]
    unlike = ((left != right) & ~(left.isna() & right.isna())).any(axis=1)
    return f"{when} {unlike.idxmax()}" if unlike.any() else None


def _figures(runs: Sequence[Records]) -> pd.DataFrame:
    left, right = (_in_the_end(run) for run in runs)
    rows = [
        (name, left.get(name), right.get(name))
        for name in dict.fromkeys([*left, *right])
        if left.get(name) != right.get(name)
    ]
    return pd.DataFrame(rows, columns=["figure", "one", "other"])


def _in_the_end(run: Records) -> dict[str, float]:
    """Returns the figures of the last row, and those on data.test; none for a gap."""
    last = run.metrics.iloc[-1].drop(labels=list(TIMES), errors="ignore").dropna()
    tested = {f"test_{name}": float(value) for name, value in (run.summary.get("test") or {}).items()}
    return {**{str(name): float(value) for name, value in last.items()}, **tested}


def _code_of_neither(runs: Sequence[Records]) -> list[str]:
    """Returns that neither run says which code of rnnlab it ran, if so."""
    code = [identity(run.summary)[CODE] for run in runs]
    committed = all(COMMIT in found and found.get(DIRTY) == "no" for found in code)
    return [] if committed or any(OWN in found for found in code) else [f"{CODE}: {OWN}"]


def _that_differ(parts: Sequence[str]) -> str:
    """Returns the beginning of a sentence that says that the parts differ."""
    listed = " and ".join([", ".join(parts[:-1]), *parts[-1:]] if len(parts) > 1 else parts)
    return f"{listed.capitalize()} differ{'s' if len(parts) == 1 and parts[0] != VERSIONS else ''}"
