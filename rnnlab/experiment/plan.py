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
from rnnlab.experiment.build import check_buildable
from rnnlab.experiment.compose import checked, compose_config, label, plain_values
from rnnlab.experiment.schema import Config
from rnnlab.runs.settings import flatten

DATA = ("train", "valid", "test", "vectors")
DIGITS, LONGEST = 10, 60
NO_FACTS: Mapping[str, str] = {}


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


def plan_series(
    words_of_kinds: Mapping[str, Sequence[str]],
    seeds: int,
    launcher: Sequence[str],
    facts: Mapping[str, str] = NO_FACTS,
) -> tuple[dict[str, Config], list[PlannedRun]]:
    """Returns the configuration of each kind, and its runs with the seeds 1, 2, …, named KIND-seedN.

    facts: what outcomes follow from beside the configuration. Raises InputError for a fault in any words.
    """
    content, configs, runs = functools.cache(_content), {}, []
    for kind, words in words_of_kinds.items():
        composed = compose_config([*words, *launcher, "seed=1"])
        configs[kind] = config = checked(composed)
        check_buildable(config)
        settings = {**_settings(plain_values(composed), config, content), **facts}
        del settings["data.cache"]  # where encoded texts lie changes nothing
        for seed in range(1, seeds + 1):
            of_seed = {**settings, "seed": str(seed)}
            runs.append(
                PlannedRun(
                    [*words, f"seed={seed}"],
                    f"{kind}-seed{seed}",
                    _digest(of_seed),
                    of_seed,
                    own_choices(composed.hydra.runtime.choices),
                )
            )
    return configs, runs


def _planned_run(
    words: Sequence[str], composed: DictConfig, config: Config, content: Callable[[Path], str]
) -> PlannedRun:
    defining = config.model_dump(mode="json")
    del defining["data"]["cache"]  # where encoded texts lie changes nothing
    digest = _digest([defining, _data(config, content), _modules(config)])
    choices = composed.hydra.runtime.choices
    readable = label(choices.experiment, choices.task, choices.model, config.insert)
    readable = re.sub(r"[^\w.-]+|^\W", "-", readable)[:LONGEST]
    values, name = plain_values(composed), f"{readable}-{digest[:DIGITS]}"
    settings = _settings(values, config, content)
    return PlannedRun(words, name, digest, settings, own_choices(choices), values)


def _digest(values: Any) -> str:
    text = json.dumps(values, sort_keys=True)
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _settings(values: Mapping[str, Any], config: Config, content: Callable[[Path], str]) -> dict[str, str]:
    return {**flatten(values), **_data(config, content), **_modules(config)}


def _data(config: Config, content: Callable[[Path], str]) -> dict[str, str]:
    paths = {key: getattr(config.data, key) for key in DATA}
    return {f"sha256 of data.{key}": content(Path(path)) for key, path in paths.items() if path is not None}


def _modules(config: Config) -> dict[str, str]:
    return {
        f"sha256 of {name}": file or "unknown"
        for classes in config.modules.values()
        for name, file in classes.items()
    }


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
