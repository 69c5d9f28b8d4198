"""The one look at data.test: the net of the best round, once the training is over."""

from functools import partial
from pathlib import Path
from typing import NamedTuple

from rnnlab.experiment.experiment import Experiment
from rnnlab.experiment.torch_settings import torch_settings
from rnnlab.runs.files import BEST
from rnnlab.training.checkpoint import load_model
from rnnlab.training.loop import TrainingState, every_example, figures_of


class FinalTest(NamedTuple):
    """What the best net reaches on test examples, of which nothing was chosen by.

    place: finished epochs or steps of that net, in `unit`; monitor: what it is best by; examples: how many
    there are; metrics: by name.
    """

    place: int
    unit: str
    monitor: str
    examples: int
    metrics: dict[str, float]

    def facts(self) -> dict[str, float | int]:
        """Returns what summary.json has of it."""
        return {self.unit: self.place, "examples": self.examples, **self.metrics}

    def __str__(self) -> str:
        figures = ", ".join(f"{name} {value:.4f}" for name, value in self.metrics.items())
        of = f"{self.unit} {self.place:,}, the best by {self.monitor}"
        return f"test: {figures} ({self.examples:,} examples of data.test; {of})"


def final_test(experiment: Experiment, state: TrainingState, folder: Path) -> FinalTest | None:
    """Returns what the best net of a run reaches on data.test; None where there are none, or no best net.

    It is measured by the engine that trained it, in the memory of the last net, which then is as before.
    """
    path = folder / BEST
    if experiment.config.data.test is None or not path.is_file():
        return None
    examples, task = experiment.task_data.splits["test"], experiment.task
    last = {name: tensor.clone() for name, tensor in state.model.state_dict().items()}
    try:
        rounds = load_model(state.model, path)["epoch"]
        with torch_settings(experiment.config):
            measures_of = partial(state.engine.evaluate, task)
            metrics = figures_of(measures_of, task, every_example(examples), experiment.device)
    finally:
        state.model.load_state_dict(last)
    plan = experiment.plan
    return FinalTest(plan.place(rounds), plan.unit, experiment.monitor, len(examples), metrics)
