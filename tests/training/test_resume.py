"""A training that goes on from any checkpoint is, bit for bit, the one that was never interrupted."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler

import rnnlab
from rnnlab.core.errors import InputError
from rnnlab.experiment.experiment import Experiment
from rnnlab.training.callbacks import Callback
from rnnlab.training.checkpoint import capture, read_facts, restore_state, save_checkpoint
from rnnlab.training.loop import EpochRow, TrainingState
from rnnlab.workflows.fit import fit_experiment
from tests.conftest import write_tiny

MakeState = Callable[..., TrainingState]
EVERYTHING = ["model.dropout=0.3", "training.word_dropout=0.2", "training.average=0.9", "insert=end"]
STREAM = ["task=recall", "task.length=4", "training.steps=20", "training.validate_every=8", "data.cache=c"]
CASES = {
    "torch, adam, cosine": ["model=lstm", "engine=torch", "scheduler=cosine", *EVERYTHING],
    "padded, by length": ["model=gru", "engine=padded", "training.batch_by_length=true", *EVERYTHING],
    "fused, sgd with momentum": ["model=mingru", "engine=fused", "optimizer=sgd", "optimizer.momentum=0.9"],
    "fused, adam, plateau": ["model=rnn", "engine=fused", "scheduler=plateau", *EVERYTHING],
    "fused, adamw, a bag": ["model=boe", "engine=fused", "optimizer=adamw", *EVERYTHING],
    "scratch, rmsprop, clipped": [
        "model=lstm",
        "engine=scratch",
        "optimizer=rmsprop",
        "training.clip_norm=1",
    ],
    "scratch, plain sgd": ["model=boe", "engine=scratch", "optimizer=sgd", *EVERYTHING],
    "torch, frozen, float64": ["model=boe", "engine=torch", "freeze=true", "training.precision=float64"],
    "a stream, torch": ["model=rnn", "engine=torch", "training.average=0.9", *STREAM],
    "a stream, fused": ["model=rnn", "engine=fused", *STREAM],
}


class Rows(Callback):
    """Keeps the rows, and saves the state after round `save_after`."""

    def __init__(self, save_after: int = -1, path: Path = Path()) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self._save_after, self._path = save_after, path

    def on_begin(self, state: TrainingState) -> None:
        self._state = state

    def on_row(self, row: EpochRow) -> None:
        self.rows.append((row.epoch, row.place, row.train, row.valid, row.improved))
        if row.epoch == self._save_after:
            save_checkpoint(self._state, self._path)
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The words that train three epochs of five batches."""
    folder = tmp_path_factory.mktemp("tiny")
    words = [word for word in write_tiny(folder) if not word.startswith(("model=", "training.epochs="))]
    words = [
        word.replace("=train", f"={folder}/train").replace("=valid", f"={folder}/valid") for word in words
    ]
    return [*words, f"data.cache={folder}/cache", "training.epochs=3"]


def experiment_of(name: str, data: list[str]) -> Experiment:
    words = CASES[name]
    return rnnlab.experiment(*([] if "task=recall" in words else data), *words)


@pytest.mark.parametrize("batch", [None, 3], ids=["between rounds", "within a round"])
@pytest.mark.parametrize("name", CASES)
def test_what_goes_on_is_what_was_never_interrupted(
    name: str, batch: int | None, data: list[str], tmp_path: Path
) -> None:
    path, whole = tmp_path / "state.safetensors", Rows()
    expected = capture(fit_experiment(experiment_of(name, data), [whole]))
    assert len(whole.rows) == 4 and whole.rows[1][2] != whole.rows[3][2]

    states: list[TrainingState] = []

    class Begin(Callback):
        def on_begin(self, state: TrainingState) -> None:
            states.append(state)

    def stop_within_the_second_round() -> None:
        if states[0].epoch == 1 and states[0].batch == batch:
            save_checkpoint(states[0], path)
            raise KeyboardInterrupt

    before = Rows(1 if batch is None else -1, path)
    with pytest.raises(KeyboardInterrupt):
        fit_experiment(experiment_of(name, data), [before, Begin()], after_batch=stop_within_the_second_round)
    torch.rand(5)  # as another process's random stream would be elsewhere
    after = Rows()
    found = capture(fit_experiment(experiment_of(name, data), [after], checkpoint=path))
    assert [*before.rows, *after.rows] == whole.rows
    assert found.facts == expected.facts and found.tensors.keys() == expected.tensors.keys()
    assert all(torch.equal(found.tensors[tensor], expected.tensors[tensor]) for tensor in expected.tensors)


def test_within_a_round_is_before_its_last_batch(data: list[str]) -> None:
    seen: list[tuple[int, int]] = []

    class Begin(Callback):
        def on_begin(self, state: TrainingState) -> None:
            self.state = state

    begin = Begin()
    fit_experiment(
        experiment_of("torch, frozen, float64", data),
        [begin],
        after_batch=lambda: seen.append((begin.state.epoch, begin.state.batch)),
    )
    assert seen == [(epoch, batch) for epoch in range(3) for batch in range(1, 5)]  # of five


def test_of_texts_measured_together_those_still_waiting_are_kept(data: list[str], tmp_path: Path) -> None:
    path, kept = tmp_path / "state.safetensors", list[dict[str, torch.Tensor]]()
    experiment = experiment_of("fused, adam, plateau", data)
    state = experiment.training_state()
    taken = iter(experiment.plan.batches(1))
    measured = state.engine.train(experiment.task, (next(taken) for _ in range(3)), clip_norm=None)
    state.model.train()

    def batches() -> Any:
        for number, batch in enumerate(experiment.plan.batches(1)):
            if number == 3:
                kept.append(state.engine.unmeasured())
            yield batch

    measured = list(state.engine.train(experiment.task, batches(), clip_norm=None))
    assert len(measured) == 1 and len(measured[0]["loss"]) == 40
    assert len(kept[0]["logits"]) == len(kept[0]["targets"]) == 24 and kept[0]["logits"].any()
    assert not state.engine.unmeasured() and not path.exists()


SCHEDULERS: dict[str, Callable[[torch.optim.Optimizer], Any]] = {
    "StepLR": lambda o: lr_scheduler.StepLR(o, 2),
    "MultiStepLR": lambda o: lr_scheduler.MultiStepLR(o, [2, 5, 6]),
    "ConstantLR": lambda o: lr_scheduler.ConstantLR(o, 0.5, 4),
    "LinearLR": lambda o: lr_scheduler.LinearLR(o, 0.5, total_iters=7),
    "ExponentialLR": lambda o: lr_scheduler.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda o: lr_scheduler.PolynomialLR(o, 8, 2.0),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, 8),
    "CosineAnnealingWarmRestarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 3, 2),
    "CyclicLR": lambda o: lr_scheduler.CyclicLR(o, 0.01, 0.1, 3, mode="exp_range", gamma=0.9),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(o, 0.2, total_steps=12),
    "ReduceLROnPlateau": lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=0.5, patience=1),
}


@pytest.mark.parametrize("name", SCHEDULERS)
def test_every_schedule_of_torch_goes_on(name: str, make_state: MakeState, tmp_path: Path) -> None:
    def make() -> TrainingState:
        return make_state(
            optimizer=lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), scheduler=SCHEDULERS[name]
        )

    def step(state: TrainingState, number: int) -> float:
        state.optimizer.step()
        state.scheduler.step(*([abs(3.0 - number)] if name == "ReduceLROnPlateau" else []))
        return float(state.optimizer.param_groups[0]["lr"])

    whole = make()
    rates = [step(whole, number) for number in range(4)]
    save_checkpoint(whole, tmp_path / "state")
    rates = [step(whole, number) for number in range(4, 9)]
    resumed = make()
    restore_state(resumed, tmp_path / "state")
    assert [step(resumed, number) for number in range(4, 9)] == rates
    assert resumed.scheduler.state_dict() == whole.scheduler.state_dict()
    assert all(math.isfinite(rate) for rate in rates)


OPTIMIZERS: dict[str, Callable[[Any], torch.optim.Optimizer]] = {
    **{
        name: lambda p, name=name: getattr(torch.optim, name)(p, lr=0.01)
        for name in ("NAdam", "RAdam", "Adagrad", "Adadelta", "Adamax", "ASGD", "Rprop", "Adafactor")
    },
    "SGD, Nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "Adam, amsgrad, foreach": lambda p: torch.optim.Adam(p, lr=0.1, amsgrad=True, foreach=True),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_of_torch_goes_on(name: str, make_state: MakeState, tmp_path: Path) -> None:
    def step(state: TrainingState, number: int) -> None:
        generator = torch.Generator().manual_seed(number)
        for parameter in state.model.parameters():
            parameter.grad = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
        state.optimizer.step()

    whole = make_state(optimizer=OPTIMIZERS[name])
    for number in range(3):
        step(whole, number)
    save_checkpoint(whole, tmp_path / "state")
    resumed = make_state(optimizer=OPTIMIZERS[name], seed=5)
    restore_state(resumed, tmp_path / "state")
    for number in range(3, 6):
        step(whole, number)
        step(resumed, number)
    expected, found = capture(whole), capture(resumed)
    assert expected.facts == found.facts
    for tensor, value in expected.tensors.items():
        assert torch.equal(value, found.tensors[tensor]) and value.dtype == found.tensors[tensor].dtype


def test_what_lacks_something_is_refused_in_one_line(make_state: MakeState, tmp_path: Path) -> None:
    adam, sgd = (lambda p: torch.optim.Adam(p, lr=0.1)), (lambda p: torch.optim.SGD(p, lr=0.1))
    save_checkpoint(make_state(optimizer=sgd), tmp_path / "state")
    two_groups = make_state(optimizer=adam)
    two_groups.optimizer.add_param_group({"params": [torch.nn.Parameter(torch.zeros(1))]})
    with pytest.raises(InputError, match="state: does not hold all that going on needs") as error:
        restore_state(two_groups, tmp_path / "state")
    assert "\n" not in str(error.value)
    assert read_facts(tmp_path / "state")["epoch"] == 0
