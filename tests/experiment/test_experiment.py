"""An experiment in a loop of one's own trains as `rnnlab train` does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from rnnlab.core.errors import InputError
from rnnlab.experiment.compose import checked, compose_config
from rnnlab.experiment.experiment import Experiment, prepare
from rnnlab.tasks.base import untracked
from rnnlab.training.callbacks import Callback
from rnnlab.training.loop import EpochRow
from rnnlab.workflows.fit import fit_experiment


class Rows(list[EpochRow], Callback):
    """The rows of a training."""

    def on_row(self, row: EpochRow) -> None:
        self.append(row)


def made(*words: str) -> Experiment:
    return prepare(checked(compose_config(list(words))), track=untracked)


def test_a_loop_of_ones_own_has_the_figures_of_the_command(
    tiny: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [
        *tiny,
        "model=lstm",
        "insert=middle",
        "model.dropout=0.3",
        "scheduler=cosine",
        "optimizer.lr=0.05",
        "engine=torch",
    ]
    rows = Rows()
    fit_experiment(made(*words), [rows])
    experiment = made(*words)
    figures = [experiment.evaluate()]
    with experiment.torch_settings():
        state = experiment.training_state()
        for epoch in range(1, experiment.plan.rounds + 1):
            for batch in experiment.plan.batches(epoch):
                state.optimizer.zero_grad()
                experiment.loss(batch).backward()
                state.optimizer.step()
            state.scheduler.step()
            figures.append(experiment.evaluate("valid"))
    assert figures == [dict(row.valid) for row in rows] and len(figures) == 3
    assert figures[0] != figures[1] != figures[2]


def test_measuring_leaves_the_model_in_its_mode(
    tiny: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    experiment = made(*tiny)
    for mode in (True, False):
        experiment.model.train(mode)
        assert set(experiment.evaluate("train")) == {"acc", "loss"}
        assert {module.training for module in experiment.model.modules()} == {mode}


def test_a_split_that_is_not_there_or_has_no_end_is_named() -> None:
    experiment = made("task=recall", "task.valid_examples=8")
    assert experiment.evaluate("test")["loss"] > 0
    for name in ("train", "vaild"):
        with pytest.raises(InputError, match=rf"split '{name}': there is none with an end.*valid, test"):
            experiment.evaluate(name)
    (batch,) = [next(iter(experiment.plan.batches(1)))]
    assert experiment.loss(batch).requires_grad and experiment.loss(batch).shape == torch.Size()


def test_probes_that_were_chosen_and_will_not_look_are_told() -> None:
    note = (
        "probe.every=null: positions, gradients will not look at the net while it trains; try probe.every=0"
    )
    assert note in made("probe=[positions,gradients]", "probe.every=null").notes
    for words in (
        ["probe=[positions,gradients]"],
        ["probe=[]", "probe.every=null"],
        ["probe.every=null"],
        [],
    ):
        assert not any("probe" in note for note in made(*words).notes), words


@pytest.mark.parametrize(
    ("words", "memory", "refused"),
    [
        (["model.hidden_size=64"], 2**17, r"model\.hidden_size=64.*: the net, its gradients and optimizer "),
        (["training.batch_size=64"], 2**17, r"training\.batch_size=64.*: a batch and the net "),
        (["training.batch_size=4"], 2**17, None),
        (["training.batch_size=64"], 2**30, None),
    ],
)
def test_what_a_gpu_cannot_hold_is_refused_before_anything_is_there(
    words: list[str], memory: int, refused: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No GPU is needed: what it has in all is all that is asked of it, and the net goes nowhere else."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (memory // 2, memory))
    moved: list[str] = []
    monkeypatch.setattr(torch.nn.Module, "to", _to_nowhere(torch.nn.Module.to, moved))
    task = ["task=copy", "model=lstm", "model.hidden_size=8", "task.length=20", "engine=torch"]
    words = [*task, "training.device=cuda", "optimizer=adam", *words]
    if refused is None:
        assert made(*words).device == "cuda" and moved
        return
    with pytest.raises(InputError, match=rf"{refused}.* of memory; there are 128\.0 KiB on the GPU"):
        made(*words)
    assert not moved


def _to_nowhere(to: Callable[..., Any], moved: list[str]) -> Callable[..., Any]:
    def record(module: torch.nn.Module, where: Any) -> Any:
        if where == "cuda":
            moved.append(where)
            return module
        return to(module, where)

    return record
