"""What was asked of `rnnlab horizon`, checked before anything is trained."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.experiment.build import build_task, check_buildable
from rnnlab.experiment.compose import checked, choices_of, compose_config
from rnnlab.experiment.schema import Config
from rnnlab.workflows.horizon.schedule import Schedule, Search, Trial
from rnnlab.workflows.horizon.trial import Goal

PRESET = "experiment=memory/horizon"
OWN_OPTION = {"model": "--models", "task.length": "--lengths", "seed": "--seeds"}
SHORTHANDS = {
    "identity": ["model=rnn", "model.init=identity"],
    "orthogonal": ["model=rnn", "model.init=orthogonal"],
    "default": ["model=rnn", "model.init=default"],
}
Value = TypeVar("Value")


@dataclass(frozen=True)
class Request:
    """Which trials, with which words, and what counts as success; configs: of each model."""

    schedule: Schedule
    overrides: list[str]
    goal: Goal
    configs: dict[str, Config]

    @classmethod
    def read(
        cls, overrides: list[str], models: str, lengths: str, *, seeds: int, search: Search, goal: Goal
    ) -> "Request":
        """Returns the request; raises InputError for a fault of any option or configuration."""
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
        request = cls(Schedule(tuple(names), tuple(numbers), seeds, search), overrides, goal, {})
        # With its own model: a word may well be of a key that only some models have.
        goal.check(build_task(checked(compose_config(request.words_of_model(names[0])))))
        for name in names:
            for number in numbers:
                config = checked(compose_config(request.words(Trial(name, number, 1))))
                check_buildable(config)
                request.configs[name] = config
        return request

    def words(self, trial: Trial) -> list[str]:
        """Returns what follows `rnnlab train` to make the trial."""
        one_core = "training.threads=1"
        place = [f"task.length={trial.length}", f"seed={trial.seed}"]
        return [*self.words_of_model(trial.model), one_core, *place]

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

    def settings(self) -> dict[str, Any]:
        """Returns all that outcomes follow from, as plain values."""
        configs = {name: config.model_dump(mode="json") for name, config in self.configs.items()}
        for values in configs.values():
            del values["task"]["length"], values["seed"], values["data"]["cache"]
        return {
            "success": self.goal.text,
            "models": list(self.schedule.models),
            "lengths": list(self.schedule.lengths),
            "seeds": self.schedule.seeds,
            "search": self.schedule.search,
            "configurations": configs,
        }


def _listed(option: str, text: str, kind: Callable[[str], Value]) -> list[Value]:
    """Returns the different values of a list such as `5,10,20`."""
    try:
        values = [kind(part.strip()) for part in text.split(",")]
    except ValueError:
        raise InputError(f"{option}: expected whole numbers with commas between, found {text!r}") from None
    if "" in values or len(set(values)) < len(values):
        raise InputError(f"{option}: expected different values with commas between, found {text!r}")
    return values
