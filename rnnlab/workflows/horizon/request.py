"""What was asked of `rnnlab horizon`, checked before anything is trained."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.experiment.build import build_task
from rnnlab.experiment.compose import checked, choices_of, compose_config
from rnnlab.experiment.job_runner import PRELOAD
from rnnlab.experiment.modules import used_modules
from rnnlab.experiment.plan import PlannedRun, plan_series
from rnnlab.experiment.schema import Config
from rnnlab.workflows.horizon.schedule import Schedule, Search, Trial
from rnnlab.workflows.horizon.trial import Goal
from rnnlab.workflows.series_watch import begin_imports, split_launcher

PRELOAD_OF_TRIALS = ("rnnlab.workflows.horizon.trial", *PRELOAD)
PRESET = "experiment=memory/horizon"
OWN_OPTION = {"model": "--models", "task.length": "--lengths", "seed": "--seeds"}
SHORTHANDS = {
    "identity": ["model=rnn", "model.init=identity"],
    "orthogonal": ["model=rnn", "model.init=orthogonal"],
    "default": ["model=rnn", "model.init=default"],
}
SUCCESS = "success"
"""What counts as it, among the settings of a trial."""
Value = TypeVar("Value")


@dataclass(frozen=True)
class Request:
    """Which trials, with which words, and what counts as success.

    launcher: the words that say how trials are done; runs: the trials as jobs; configs: of each model.
    """

    schedule: Schedule
    overrides: list[str]
    launcher: list[str]
    goal: Goal
    runs: list[PlannedRun]
    configs: dict[str, Config]

    @classmethod
    def read(
        cls, overrides: list[str], models: str, lengths: str, *, seeds: int, search: Search, goal: Goal
    ) -> "Request":
        """Returns the request, while workers begin to import; raises InputError for a fault of any option."""
        overrides, launcher = split_launcher(overrides)
        for word in overrides:
            if option := OWN_OPTION.get(word.lstrip("+").split("=")[0]):
                raise InputError(f"{word}: {option} says which; leave one of them out")
        if not 0 < goal.fraction <= 1:
            raise InputError(f"--criterion: expected a number above 0, 1 at most, found {goal.fraction:g}")
        names = _listed("--models", models, str)
        numbers = sorted(_listed("--lengths", lengths, int))
        if min(numbers) < 1:
            raise InputError(f"--lengths: expected whole numbers of 1 or more, found {min(numbers)}")
        choices = [*SHORTHANDS, *choices_of("model")]
        for name in names:
            if name not in choices and "." not in name:
                known = ", ".join(choices)
                raise InputError(
                    f"--models: no model {name!r}{did_you_mean(name, choices)} (there are: {known})"
                )
        request = cls(
            Schedule(tuple(names), tuple(numbers), seeds, search), overrides, launcher, goal, [], {}
        )
        # With its own model: a word may well be of a key that only some models have.
        goal.check(build_task(checked(compose_config([*request.words_of_model(names[0]), *launcher]))))
        begin_imports(launcher, PRELOAD_OF_TRIALS)
        words = {
            _kind(name, number): [
                *request.words_of_model(name), "training.threads=1", f"task.length={number}"
            ]
            for name in names
            for number in numbers
        }  # fmt: skip
        configs, runs = plan_series(words, seeds, launcher, {SUCCESS: goal.text})
        request.runs.extend(runs)
        request.configs.update({name: configs[_kind(name, numbers[-1])] for name in names})
        return request

    @property
    def trials(self) -> dict[str, Trial]:
        """All trials, by the names of their jobs."""
        return {
            f"{_kind(model, length)}-seed{seed}": Trial(model, length, seed)
            for model in self.schedule.models
            for length in self.schedule.lengths
            for seed in range(1, self.schedule.seeds + 1)
        }

    def words_of_model(self, model: str) -> list[str]:
        """Returns what all trials of a model have in common."""
        preset = [] if any(word.startswith("experiment=") for word in self.overrides) else [PRESET]
        return [*preset, *self.overrides, *SHORTHANDS.get(model, [f"model={model}"])]

    def title(self, model: str) -> str:
        """Returns what to call a model: an RNN of its initialisation, else as its class is written."""
        if model in SHORTHANDS:
            return f"{model} RNN"
        target = self.configs[model].model
        written = f"{'Bi' * bool(target.settings.get('bidirectional'))}{target.class_name}"
        return written if written.lower() == model.lower() else model

    @property
    def task(self) -> str:
        """The task's name."""
        return build_task(next(iter(self.configs.values()))).name

    @property
    def steps(self) -> int:
        """The budget of every trial."""
        steps = next(iter(self.configs.values())).training.steps
        assert steps is not None  # read() refuses it
        return steps

    @property
    def name(self) -> str:
        """What to call the folder: the same for other models, lengths, seeds and searches."""
        shared = {key: value for key, value in self.runs[0].settings.items() if is_shared(key)}
        of_models = sorted(word for word in self.overrides if word.lstrip("+~").startswith("model."))
        digest = hashlib.sha256(json.dumps([shared, of_models], sort_keys=True).encode(errors="replace"))
        return f"horizon-{self.task}-{digest.hexdigest()[:8]}"

    def command(self, output: Path | None) -> list[str]:
        """Returns the command line."""
        schedule, goal = self.schedule, self.goal
        options = {
            "--models": ",".join(schedule.models),
            "--lengths": ",".join(map(str, schedule.lengths)),
            "--seeds": schedule.seeds,
            "--search": schedule.search,
            "--criterion": f"{goal.fraction:g}",
            "--accuracy": goal.accuracy,
            "--output": output,
        }
        modules = [word for name in used_modules() for word in ("--module", name)]
        given = [word for name, value in options.items() if value is not None for word in (name, str(value))]
        return ["rnnlab", "horizon", *modules, *self.overrides, *self.launcher, *given]


def is_shared(setting: str) -> bool:
    """Returns whether all trials in a folder have a setting alike."""
    return setting not in ("task.length", "seed") and not setting.startswith(("model.", "sha256 of "))


def _kind(model: str, length: int) -> str:
    return f"{model}-length{length}"


def _listed(option: str, text: str, kind: Callable[[str], Value]) -> list[Value]:
    """Returns the different values of a list such as `5,10,20`."""
    try:
        values = [kind(part.strip()) for part in text.split(",")]
    except ValueError:
        raise InputError(f"{option}: expected whole numbers with commas between, found {text!r}") from None
    if "" in values or len(set(values)) < len(values):
        raise InputError(f"{option}: expected different values with commas between, found {text!r}")
    return values
