"""A run among its repeats: what it is called by, and what tells it from others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.reports.records import Records, read_records
from rnnlab.runs.identity import CODE, COMMIT, DATA, DIRTY, MACHINE, VERSIONS, data_paths, identity
from rnnlab.runs.settings import read_choices, shown

SEED = "seed"
FACTS = ("sweep", "commit", "machine", "version")
# What looks on, is shown, or says where something is kept; no figure depends on it.
ONLOOKERS = ("probe.", "similarity", "data.cache", "training.print_every", "training.checkpoint_")
CHOSEN_FOR_THE_USER = ("engine", "training.threads")
"""What rnnlab itself may have chosen, by the net: it names a group only where nothing else does."""


@dataclass(frozen=True, eq=False)
class Repeat:
    """A finished run, its settings and choices by name.

    settings: what its figures depend on, a file of the data by its content, without the seed.
    """

    records: Records
    choices: Mapping[str, str]

    @property
    def name(self) -> str:
        """The run's folder; within a sweep, the sweep's name before it."""
        return f"{self.records.folder.parent.name}/{self.records.name}"

    @property
    def seed(self) -> str:
        """The seed, as text."""
        return self.records.settings.get(SEED, shown(self.records.summary.get(SEED)))

    @cached_property
    def parts(self) -> dict[str, dict[str, str]]:
        """What its figures depend on beside settings; see `rnnlab.runs.identity`."""
        return identity(self.records.summary)

    @cached_property
    def settings(self) -> dict[str, str]:
        """What its figures depend on, without the seed; of the data not the paths but what lay there."""
        of_files = {f"data.{name}": sha256 for name, sha256 in self.parts[DATA].items()}
        settings = {
            **self.records.settings,
            **{k: v for k, v in of_files.items() if k in self.records.settings},
        }
        return {k: v for k, v in settings.items() if k != SEED and not k.startswith(ONLOOKERS)}

    @cached_property
    def facts(self) -> dict[str, str]:
        """What else runs may be grouped by: the sweep, the commit, the machine, rnnlab's version."""
        code = self.parts[CODE]
        commit = code.get(COMMIT, "unknown")[:10] + ("+changes" if code.get(DIRTY) == "yes" else "")
        values = (
            self.records.folder.parent.name,
            commit,
            self.parts[MACHINE].get("machine", "unknown"),
            self.parts[VERSIONS].get("rnnlab", "unknown"),
        )
        return dict(zip(FACTS, values, strict=True))

    @cached_property
    def names(self) -> dict[str, str]:
        """All that `--by` may name, those that say most first, what rnnlab chose for the user last."""
        last = {name: self.settings[name] for name in CHOSEN_FOR_THE_USER if name in self.settings}
        told = {name: value for name, value in self.settings.items() if name not in last}
        return {**self.choices, **told, **last, **self.facts}

    def value(self, name: str) -> str:
        """Returns what a name stands for, as a person knows it: of a file its path's last part."""
        known = self.names.get(name, "-")
        path = data_paths(self.records.summary).get(name.removeprefix("data."))
        if name in self.settings and name.startswith("data.") and path is not None:
            return f"{Path(path).name} ({known[:8]})"
        return known


def read_repeat(folder: Path) -> Repeat:
    """Reads a finished run; raises InputError for a folder that is none."""
    return Repeat(read_records(folder), read_choices(folder))


def check_names(by: Sequence[str], runs: Sequence[Repeat]) -> None:
    """Raises InputError for a name that runs cannot be grouped by."""
    known = {name for run in runs for name in run.names}
    for name in by:
        if name == SEED:
            raise InputError("--by seed: the seed is what repeats differ in; name what they are grouped by")
        if name not in known:
            near = did_you_mean(name, [*known, SEED])
            raise InputError(f"--by {name}: no such key, group or fact ({', '.join(FACTS)}) in any run{near}")
