"""The configuration with which a run goes on: the recorded one, but for how long it trains."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml

from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.core.foreign import read_yaml
from rnnlab.experiment.compose import parsed_overrides
from rnnlab.experiment.hydra_compat import is_plain
from rnnlab.experiment.recorded import with_todays_keys
from rnnlab.experiment.restore import read_config
from rnnlab.experiment.schema import Config, validate
from rnnlab.runs.files import CONFIG, HYDRA

LENGTHS = ("training.epochs", "training.steps")
MAY_CHANGE = (
    *LENGTHS,
    "training.patience",
    "training.max_minutes",
    "training.checkpoint_every",
    "training.checkpoint_minutes",
)
"""Keys that change nothing of what has been trained already."""
INDEPENDENT = (torch.optim.lr_scheduler.ConstantLR, torch.optim.lr_scheduler.ReduceLROnPlateau)
"""Schedules of which no setting is a number of epochs to come."""


@dataclass(frozen=True)
class ResumedConfig:
    """A run's configuration, changed as it was asked for.

    recorded: as it was; text: as the run records it from now on; changes: the words that changed something;
    notes: what this version had to change in what an earlier one recorded, a line each.
    """

    config: Config
    recorded: Config
    text: str
    changes: list[str]
    notes: list[str]


def resumed_config(folder: Path, command: Sequence[str], words: Sequence[str]) -> ResumedConfig:
    """Returns the configuration with which the run in `folder` goes on.

    Args:
        folder: the run's.
        command: the words that once started it; repeating one of them changes nothing.
        words: KEY=VALUE of what is to differ.

    Raises:
        InputError: the recorded configuration is broken, or a word asks for a difference that a run which
            has begun cannot have.
    """
    recorded, notes = read_config(folder)
    text = (folder / CONFIG).read_text(encoding="utf-8")
    values, _ = with_todays_keys(yaml.safe_load(text))
    asked: dict[str, Any] = {}
    said = {word.partition("=")[0]: word for word in command}  # of a key that is given twice the last counts
    for word, override in zip(words, parsed_overrides(words) if words else [], strict=True):
        if said.get(word.partition("=")[0]) == word:
            continue
        key = override.key_or_group
        if not is_plain(override) or key.startswith("hydra"):
            raise InputError(f"{word}: --resume takes KEY=VALUE of {', '.join(MAY_CHANGE)}")
        asked[key] = override.value()
        _set(values, key, asked[key])
    config = validate(values)
    now, then = _flat(config.model_dump(mode="json")), _flat(recorded.model_dump(mode="json"))
    different = [key for key in {**now, **then} if now.get(key) != then.get(key)]
    for key in different:
        if key not in MAY_CHANGE:
            raise InputError(
                f"{key}: a run that goes on keeps it; recorded {then.get(key)!r}, asked for {now.get(key)!r}"
            )
    for key in set(different) & set(LENGTHS):
        _check_followers(folder, key, recorded, set(asked))
    if different:
        changed = yaml.safe_load(text)
        for key in different:
            _set(changed, key, now[key], new=True)
        text = yaml.safe_dump(changed, sort_keys=False)
    changes = [f"{key}={_word(value)}" for key, value in asked.items()] if different else []
    return ResumedConfig(config, recorded, text, changes, notes)


def _check_followers(folder: Path, key: str, recorded: Config, asked: set[str]) -> None:
    """Raises InputError where a setting was computed from the one that changes: it would have been another
    from the first epoch on. Whoever asks for its recorded value keeps it.
    """
    path = folder / HYDRA / CONFIG
    if not path.is_file():
        if recorded.scheduler.cls not in INDEPENDENT:
            raise InputError(
                f"{key}: whether the scheduler's settings follow it is not known ({path} is missing); "
                "train the run anew"
            )
        return
    composed = read_yaml(path)
    of_run = _flat(recorded.model_dump(mode="json"))
    for name, value in _flat(composed if isinstance(composed, dict) else {}).items():
        follows = isinstance(value, str) and "${" in value and re.search(rf"\b{key.split('.')[1]}\b", value)
        if follows and name not in asked:
            raise InputError(
                f"{key}: {name} follows it, so that a longer run differs from its first epoch on; train it "
                f"anew, or keep the schedule as it is with {name}={_word(of_run.get(name))}"
            )


def _set(values: dict[str, Any], key: str, value: Any, *, new: bool = False) -> None:
    """Sets a dotted key; raises InputError for one that is not there, unless it may be new."""
    *path, last = key.split(".")
    node: Any = values
    for part in path:
        node = node.get(part) if isinstance(node, dict) else None
    if not isinstance(node, dict) or (last not in node and not new):
        raise InputError(f"{key}: no such key{did_you_mean(key, [*MAY_CHANGE, *_flat(values)])}")
    if isinstance(node[last], dict) and not new:
        raise InputError(f"{key}: a run that goes on keeps it; --resume takes {', '.join(MAY_CHANGE)}")
    node[last] = value


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        nested = isinstance(value, dict) and value
        flat |= _flat(value, f"{prefix}{name}.") if nested else {f"{prefix}{name}": value}
    return flat


def _word(value: Any) -> str:
    return "null" if value is None else str(value)
