"""Every task of `configs/task/` that draws its examples composes, builds, is seeded and can be trained."""

from itertools import islice

import numpy as np
import pytest
import torch
import yaml

from rnnlab.core.batch import Batch
from rnnlab.experiment.build import build_model, build_plan, build_state, build_task
from rnnlab.experiment.compose import CONFIG_DIR, checked, compose_config
from rnnlab.experiment.schema import Config
from rnnlab.experiment.target import import_class
from rnnlab.tasks.base import DataSettings, TaskData
from rnnlab.tasks.drawn import BLOCK, DrawnTask, Fresh


def draws(name: str) -> bool:
    said = yaml.safe_load((CONFIG_DIR / "task" / f"{name}.yaml").read_text(encoding="utf-8"))
    target = said.get("task", said)["_target_"]  # of a configuration as a whole, or of the group alone
    return issubclass(import_class(target, ("rnnlab.tasks.",)) or object, DrawnTask)


NAMES = [name for name in sorted(path.stem for path in (CONFIG_DIR / "task").glob("*.yaml")) if draws(name)]


def composed(name: str) -> tuple[Config, DrawnTask]:
    config = checked(compose_config([f"task={name}", "task.valid_examples=32", "model.hidden_size=8"]))
    task = build_task(config)
    assert isinstance(task, DrawnTask)
    return config, task


def load(task: DrawnTask, seed: int = 1) -> TaskData:
    return task.load(DataSettings(paths={}, seed=seed, precision=torch.float32))


def same(one: Batch, other: Batch) -> bool:
    return all(torch.equal(mine, theirs) for mine, theirs in zip(one, other, strict=True))


def test_the_drawn_tasks_are_found() -> None:
    assert {"adding", "copy", "halves", "palindrome", "recall"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_draws_the_same_and_another_seed_others(name: str) -> None:
    _, task = composed(name)
    one, again, other = (next(Fresh(task, seed, torch.float32).draw(0, 1, 16)) for seed in (1, 1, 2))
    assert same(one, again) and not torch.equal(one.targets, other.targets)


@pytest.mark.parametrize("name", NAMES)
def test_a_stream_may_be_entered_anywhere(name: str) -> None:
    _, task = composed(name)
    stream, size = Fresh(task, 1, torch.float32), 1000
    assert BLOCK // size == 4  # so that six batches are of two blocks
    through = list(stream.draw(0, 6, size))
    assert len(through) == 6 and not torch.equal(through[0].targets, through[4].targets)
    for start in (1, 3, 4, 5):
        entered = list(stream.draw(start, 6 - start, size))
        assert all(map(same, entered, through[start:])) and len(entered) == 6 - start


@pytest.mark.parametrize("name", NAMES)
def test_measured_examples_are_of_no_seed_and_of_no_stream(name: str) -> None:
    _, task = composed(name)
    one, other = load(task, seed=0), load(task, seed=2)
    order = np.arange(32)
    seen = []
    for split in ("valid", "test"):
        (mine,), (theirs,) = (task_data.splits[split].batches(order, 32) for task_data in (one, other))
        assert same(mine, theirs)
        seen.append(mine)
    (fresh,) = one.train.draw(0, 1, 32)
    first, second, third = (batch.inputs[:, 0].flatten().tolist() for batch in (*seen, fresh))
    assert first != second and second != third and first != third


@pytest.mark.parametrize("name", NAMES)
def test_baselines_are_of_the_tasks_metrics(name: str) -> None:
    _, task = composed(name)
    assert task.baselines and set(task.baselines) <= set(task.metrics)


@pytest.mark.parametrize("model", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("name", NAMES)
def test_a_step_lowers_the_loss_and_reaches_every_parameter(name: str, model: str) -> None:
    config = checked(
        compose_config([f"task={name}", f"model={model}", "model.hidden_size=8", "engine=torch"])
    )
    task = build_task(config)
    assert isinstance(task, DrawnTask)
    task_data = load(task)
    net = build_model(config, task_data.vocabulary, None, task_data.sizes)
    state = build_state(config, net)
    (batch,) = islice(build_plan(config, task_data.train).batches(1), 1)
    before = state.engine.step(task, batch, clip_norm=None)
    assert set(before) == set(task.metrics)
    for parameter_name, parameter in net.named_parameters():
        gradient = parameter.grad
        assert gradient is not None and gradient.isfinite().all() and gradient.any(), parameter_name
    after = state.engine.measure(task, batch)
    assert after["loss"].mean() < before["loss"].mean()
