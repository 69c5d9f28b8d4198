"""The jobs of a sweep as they are known before any of them is done, each under a name of its own."""

import functools
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from rnnlab.core.files import fingerprint
from rnnlab.experiment.compose import label, plain_values
from rnnlab.experiment.schema import Config
from rnnlab.runs.settings import flatten

DATA = ("train", "valid", "test", "vectors")
DIGITS, LONGEST = 10, 60


@dataclass(frozen=True)
class PlannedRun:
    """A job: its words, and a hash of all that its figures follow from.

    name: that of its folder, empty where Hydra is to give one; values: what was composed; settings: the same
    and the hashes of the data and of the user's own modules, as texts; choices: the names chosen in groups.
    """

    words: Sequence[str]
    name: str = ""
    hash: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def launched(self) -> list[str]:
        """The words with which Hydra begins the job, in its folder."""
        return [*self.words, f"hydra.sweep.subdir={self.name}"] if self.name else list(self.words)


def plan_runs(jobs: Iterable[tuple[Sequence[str], DictConfig, Config]]) -> list[PlannedRun]:
    """Returns the jobs, each given by its words and its configuration as composed and as checked.

    Those that would be the same run are one.
    """
    content = functools.cache(_content)
    runs = [_planned_run(words, composed, config, content) for words, composed, config in jobs]
    return list({run.name: run for run in reversed(runs)}.values())[::-1]


def _planned_run(
    words: Sequence[str], composed: DictConfig, config: Config, content: Callable[[Path], str]
) -> PlannedRun:
    paths = {key: getattr(config.data, key) for key in DATA}
    data = {f"sha256 of data.{key}": content(Path(path)) for key, path in paths.items() if path is not None}
    files = {
        f"sha256 of {name}": file or "unknown"
        for classes in config.modules.values()
        for name, file in classes.items()
    }
    defining = config.model_dump(mode="json")
    del defining["data"]["cache"]  # where encoded texts lie changes nothing
    text = json.dumps([defining, data, files], sort_keys=True)
    digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()
    choices = composed.hydra.runtime.choices
    readable = label(choices.experiment, choices.task, choices.model, config.insert)
    readable = re.sub(r"[^\w.-]+|^\W", "-", readable)[:LONGEST]
    values = plain_values(composed)
    settings = {**flatten(values), **data, **files}
    name = f"{readable}-{digest[:DIGITS]}"
    return PlannedRun(words, name, digest, settings, own_choices(choices), values)


def own_choices(choices: Mapping[str, object]) -> dict[str, str]:
    """Returns what was chosen in each group but Hydra's own."""
    return {group: str(name) for group, name in choices.items() if not group.startswith("hydra/")}


def _content(path: Path) -> str:
    """Returns the hash of a file or folder; what is wrong with one that has none, the job itself will say."""
    if not (path.is_file() or path.is_dir()):
        return "none"
    try:
        return fingerprint(path)
    except OSError:
        return "none"
