from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler

from rnnlab.core.errors import InputError
from rnnlab.data.splits import TextSplit
from rnnlab.tasks.classification import Classification
from rnnlab.training.checkpoint import load_model, read_checkpoint, restore_state, save_checkpoint
from rnnlab.training.loop import EpochRow, TrainingState, fit
from rnnlab.training.plan import Epochs

MakeState = Callable[..., TrainingState]
EPOCHS = 5

SET_UPS: dict[str, dict[str, Any]] = {
    "adam, dropout, plateau": {
        "dropout": 0.4,
        "optimizer": partial(torch.optim.Adam, lr=0.05),
        "scheduler": partial(lr_scheduler.ReduceLROnPlateau, factor=0.5, patience=0),
    },
    "sgd with momentum, cosine": {
        "optimizer": partial(torch.optim.SGD, lr=0.5, momentum=0.9),
        "scheduler": partial(lr_scheduler.CosineAnnealingLR, T_max=EPOCHS),
    },
    "rmsprop, centered, constant": {"optimizer": partial(torch.optim.RMSprop, lr=0.01, centered=True)},
    "adamw, amsgrad": {"optimizer": partial(torch.optim.AdamW, lr=0.01, amsgrad=True)},
}


def rows_of(state: TrainingState, train: TextSplit, valid: TextSplit) -> Iterator[EpochRow]:
    return fit(
        state,
        Classification(),
        Epochs(split=train, epochs=EPOCHS, batch_size=4, seed=2),
        valid,
        device="cpu",
        monitor="valid_loss",
        patience=3,
        clip_norm=1.0,
    )


def figures(rows: list[EpochRow]) -> list[tuple[object, ...]]:
    return [(row.epoch, row.train, row.valid, row.improved) for row in rows]


@pytest.mark.parametrize("set_up", SET_UPS.values(), ids=SET_UPS)
def test_a_checkpoint_holds_all_that_going_on_needs(
    set_up: dict[str, Any], train: TextSplit, valid: TextSplit, make_state: MakeState, tmp_path: Path
) -> None:
    whole = make_state(**set_up)
    expected = []
    for row in rows_of(whole, train, valid):
        expected.append(row)
        if row.epoch == 2:
            save_checkpoint(whole, tmp_path / "2.safetensors")
    assert len(expected) > 4, "the reference stopped too early to compare with"

    resumed = make_state(**set_up, seed=99)
    torch.rand(7)
    restore_state(resumed, tmp_path / "2.safetensors")
    assert figures(list(rows_of(resumed, train, valid))) == figures(expected[3:])
    assert resumed.best == whole.best and resumed.best_epoch == whole.best_epoch
    assert resumed.optimizer.param_groups[0]["lr"] == whole.optimizer.param_groups[0]["lr"]
    for ours, theirs in zip(resumed.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_equal_states_give_equal_bytes(
    train: TextSplit, valid: TextSplit, make_state: MakeState, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        state = make_state(**SET_UPS["adam, dropout, plateau"])
        for row in rows_of(state, train, valid):
            save_checkpoint(state, tmp_path / name / f"{row.epoch}.safetensors")
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert len(files) > 3
    contents = [(tmp_path / "a" / name).read_bytes() for name in files]
    assert contents == [(tmp_path / "b" / name).read_bytes() for name in files]
    assert len(set(contents)) == len(contents)


def test_a_checkpoint_without_steps_can_be_written(make_state: MakeState, tmp_path: Path) -> None:
    state = make_state()
    save_checkpoint(state, tmp_path / "0.safetensors")
    tensors, facts = read_checkpoint(tmp_path / "0.safetensors")
    assert (facts["epoch"], facts["batch"], facts["best"]) == (0, 0, None)
    assert {name for name in tensors if name.startswith("model.")} == {
        f"model.{name}" for name in state.model.state_dict()
    }
    assert list(tmp_path.iterdir()) == [tmp_path / "0.safetensors"]


@pytest.mark.parametrize("content", [b"", b"no safetensors", b"\x08\0\0\0\0\0\0\0{}      "])
def test_what_is_no_checkpoint_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "last.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"last\.safetensors: expected an rnnlab checkpoint"):
        read_checkpoint(path)


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.safetensors: no such checkpoint"):
        read_checkpoint(tmp_path / "absent.safetensors")


def test_a_checkpoint_of_another_net_is_refused_by_parameter(make_state: MakeState, tmp_path: Path) -> None:
    save_checkpoint(make_state(), tmp_path / "last.safetensors")
    other = make_state().model
    other.head.output = torch.nn.Linear(7, 1)  # type: ignore[union-attr]
    before = {name: value.clone() for name, value in other.state_dict().items()}
    with pytest.raises(InputError, match=r"head\.output\.weight: expected shape \(1, 7\), found \(1, 3\)"):
        load_model(other, tmp_path / "last.safetensors")
    assert all(torch.equal(value, before[name]) for name, value in other.state_dict().items())


def test_a_checkpoint_of_another_version_is_refused(
    make_state: MakeState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnnlab.training.checkpoint.VERSION", 99)
    save_checkpoint(make_state(), tmp_path / "last.safetensors")
    monkeypatch.undo()
    with pytest.raises(InputError, match="expected checkpoint version 1, found 99"):
        read_checkpoint(tmp_path / "last.safetensors")
