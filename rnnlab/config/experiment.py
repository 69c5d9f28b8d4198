"""What a configuration describes, made and ready to be trained, evaluated or probed."""

from dataclasses import dataclass

import torch

from rnnlab.config.build import build_device, build_model, build_plan, build_task, check_fit, configure_torch
from rnnlab.config.material import load_material
from rnnlab.config.schema import Config
from rnnlab.data.corpus import Track
from rnnlab.models.base import SequenceModel
from rnnlab.probes.base import Subject
from rnnlab.tasks.base import Material, Task
from rnnlab.training.plan import Plan


@dataclass(frozen=True)
class Experiment:
    """A task, what it is trained with, and an untrained model.

    notes: what a person should know of it, one line each; monitor: the metric that chooses the best
    epoch; vector_coverage: the share, 0 to 1, of the training texts' running words (unknown ones included)
    that have a pretrained vector, None without vectors.
    """

    config: Config
    task: Task
    material: Material
    plan: Plan
    model: SequenceModel
    device: str
    monitor: str
    notes: list[str]
    vector_coverage: float | None

    def subject(self, optimizer: torch.optim.Optimizer | None = None) -> Subject:
        """Returns what a probe looks at: the model, and the validation examples (else the training ones)."""
        name = self.material.looked_at
        return Subject(
            model=self.model,
            objective=self.task,
            vocabulary=self.material.vocabulary,
            texts=self.material.texts.get(name),
            inserted=self.material.finite[name],
            device=self.device,
            optimizer=optimizer,
        )


def prepare(config: Config, *, track: Track) -> Experiment:
    """Reads, encodes and builds everything; raises InputError for bad input; writes only the cache."""
    configure_torch(config)
    task, device = build_task(config), build_device(config)
    check_fit(config, task)
    loaded = load_material(config, task, track=track)
    material = loaded.material
    plan = build_plan(config, material.train)
    model = build_model(config, material.vocabulary, loaded.vectors, material.shape).to(device)
    monitor, notes = _monitor(config, has_validation="valid" in material.splits)
    if config.freeze and config.insert != "none":
        notes.append(
            f"insert={config.insert} with freeze=true: the inserted tokens stay zeros, which carry no label"
        )
    notes = [*material.notes, *notes]
    return Experiment(config, task, material, plan, model, device, monitor, notes, loaded.vector_coverage)


def _monitor(config: Config, *, has_validation: bool) -> tuple[str, list[str]]:
    wanted = config.training.monitor
    if has_validation or not wanted.startswith("valid_"):
        return wanted, []
    instead = wanted.replace("valid_", "train_")
    return instead, [f"no validation examples: training.monitor={wanted} becomes {instead}"]
