"""What a configuration describes, made and ready to be trained, evaluated or probed."""

from dataclasses import dataclass

import torch

from rnnlab.data.corpus import Track
from rnnlab.experiment.build import (
    build_device,
    build_model,
    build_plan,
    build_task,
    check_fit,
    configure_torch,
)
from rnnlab.experiment.schema import Config
from rnnlab.experiment.task_data import load_task_data
from rnnlab.models.base import SequenceModel
from rnnlab.probes.base import ProbeInput
from rnnlab.tasks.base import Task, TaskData
from rnnlab.training.plan import Plan


@dataclass(frozen=True)
class Experiment:
    """A task, what it is trained with, and an untrained model.

    notes: what a person should know of it, one line each; monitor: the metric that chooses the best epoch.
    """

    config: Config
    task: Task
    task_data: TaskData
    plan: Plan
    model: SequenceModel
    device: str
    monitor: str
    notes: list[str]

    def probe_input(self, optimizer: torch.optim.Optimizer | None = None) -> ProbeInput:
        """Returns what a probe looks at: the model, and the validation examples (else the training ones)."""
        name = self.task_data.evaluation_split
        return ProbeInput(
            model=self.model,
            objective=self.task,
            vocabulary=self.task_data.vocabulary,
            without_token=self.task_data.texts.get(name),
            examples=self.task_data.finite[name],
            device=self.device,
            optimizer=optimizer,
        )


def prepare(config: Config, *, track: Track) -> Experiment:
    """Reads, encodes and builds everything; raises InputError for bad input; writes only the cache."""
    configure_torch(config)
    task, device = build_task(config), build_device(config)
    check_fit(config, task)
    task_data = load_task_data(config, task, track=track)
    plan = build_plan(config, task_data.train)
    model = build_model(config, task_data.vocabulary, task_data.vectors, task_data.sizes).to(device)
    monitor, notes = _monitor(config, has_validation="valid" in task_data.splits)
    if config.freeze and config.insert != "none":
        notes.append(
            f"insert={config.insert} with freeze=true: the inserted tokens stay zeros, which carry no label"
        )
    notes = [*task_data.notes, *notes]
    return Experiment(config, task, task_data, plan, model, device, monitor, notes)


def _monitor(config: Config, *, has_validation: bool) -> tuple[str, list[str]]:
    wanted = config.training.monitor
    if has_validation or not wanted.startswith("valid_"):
        return wanted, []
    instead = wanted.replace("valid_", "train_")
    return instead, [f"no validation examples: training.monitor={wanted} becomes {instead}"]
