"""What a configuration describes, made and ready to be trained, evaluated or probed."""

from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor

from rnnlab.core.batch import Batch
from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.core.profile import span
from rnnlab.data.corpus import Track
from rnnlab.experiment.build import (
    build_device,
    build_model,
    build_plan,
    build_state,
    build_task,
    check_fit,
)
from rnnlab.experiment.compose import shipped_config
from rnnlab.experiment.engine_choice import Training, choose_engine
from rnnlab.experiment.memory import check_batches, check_gpu
from rnnlab.experiment.schema import Config
from rnnlab.experiment.task_data import load_task_data
from rnnlab.experiment.torch_settings import torch_settings
from rnnlab.models.base import SequenceModel
from rnnlab.probes.base import ProbeInput
from rnnlab.tasks.base import Task, TaskData
from rnnlab.training.loop import TrainingState, evaluate
from rnnlab.training.plan import Plan


@dataclass(frozen=True, repr=False)  # a line of all texts and weights could not be read
class Experiment:
    """A task, what it is trained with, and an untrained model.

    config: what was composed, `engine` and `training.threads` being those that train; notes: what a person
    should know of it, one line each; monitor: the metric that chooses the best epoch.

    A training of one's own, whose figures are those of `rnnlab train engine=torch` bit for bit:

        state = experiment.training_state()
        with experiment.torch_settings():
            for epoch in range(1, experiment.plan.rounds + 1):
                for batch in experiment.plan.batches(epoch):
                    state.optimizer.zero_grad()
                    experiment.loss(batch).backward()
                    state.optimizer.step()
                state.scheduler.step()
                print(epoch, experiment.evaluate("valid"))
    """

    config: Config
    task: Task
    task_data: TaskData
    plan: Plan
    model: SequenceModel
    device: str
    monitor: str
    notes: list[str]

    def torch_settings(self) -> AbstractContextManager[None]:
        """Within it torch has the threads and the subnormal floats of the run; afterwards its former ones.

        A sum over two threads rounds otherwise than over one, so the command's figures need the command's
        settings.
        """
        return torch_settings(self.config)

    def training_state(self) -> TrainingState:
        """Returns the configured optimizer and schedule over the model's parameters, before any training."""
        return build_state(self.config, self.model)

    def loss(self, batch: Batch) -> Tensor:
        """Returns the mean loss of a batch, in nats or squared units, to go back from."""
        inputs, lengths, targets = batch.to(self.device)
        return self.task.measure(self.model(inputs, lengths), targets)["loss"].mean()

    def evaluate(self, split: str = "valid") -> dict[str, float]:
        """Returns each metric over a split, in evaluation mode; the model is left in the mode it was in.

        Raises InputError for a split that is not there or has no end.
        """
        finite = self.task_data.finite
        if split not in finite:
            raise InputError(
                f"split {split!r}: there is none with an end{did_you_mean(split, finite)} "
                f"(there are: {', '.join(finite)})"
            )
        training = self.model.training
        try:
            with self.torch_settings():
                return evaluate(self.model, self.task, finite[split], device=self.device)
        finally:
            self.model.train(training)

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
    task, device = build_task(config), build_device(config)
    check_fit(config, task)
    with span("data"):
        task_data = load_task_data(config, task, track=track)
    plan = build_plan(config, task_data.train)
    with span("model"), torch_settings(config):
        model = build_model(config, task_data.vocabulary, task_data.vectors, task_data.sizes, to_train=True)
        if device == "cuda":
            check_gpu(config, task, task_data, model)
        model = model.to(device)
    if device == "cpu":
        check_batches(config, task, task_data, model)
    config, engine_notes = choose_engine(config, Training(task, task_data.sizes, model, plan, device))
    monitor, notes = _monitor(config, has_validation="valid" in task_data.splits)
    if config.freeze and config.insert != "none":
        notes.append(
            f"insert={config.insert} with freeze=true: the inserted tokens stay zeros, which carry no label"
        )
    notes = [*task_data.notes, *notes, *_unused_probes(config), *engine_notes]
    return Experiment(config, task, task_data, plan, model, device, monitor, notes)


def _unused_probes(config: Config) -> list[str]:
    """Returns a note where probes were chosen that will not look; those that are there by default are not."""
    chosen = config.probe.active
    if config.probe.every is not None or not chosen or are_default_probes(chosen):
        return []
    return [
        f"probe.every=null: {', '.join(chosen)} will not look at the net while it trains; try probe.every=0"
    ]


def are_default_probes(names: Collection[str]) -> bool:
    """Returns whether probes of these names are there without having been chosen."""
    (default,) = (choice["probe"] for choice in shipped_config()["defaults"] if "probe" in choice)
    return set(names) == set(default)


def _monitor(config: Config, *, has_validation: bool) -> tuple[str, list[str]]:
    wanted = config.training.monitor
    if has_validation or not wanted.startswith("valid_"):
        return wanted, []
    instead = wanted.replace("valid_", "train_")
    return instead, [f"no validation examples: training.monitor={wanted} becomes {instead}"]
