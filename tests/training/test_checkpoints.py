"""When checkpoints are written, and that the newest is a whole one at any moment."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from rnnlab.training.checkpoint import read_checkpoint, read_facts
from rnnlab.training.checkpoints import Checkpoints
from rnnlab.training.loop import EpochRow, TrainingState

MakeState = Callable[..., TrainingState]


class Clock:
    """Seconds that pass when a test says so, and a little for every look."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        self.now += 0.002
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr("rnnlab.training.checkpoints.time.monotonic", found)
    return found


def begun(state: TrainingState, folder: Path, **settings: float) -> Checkpoints:
    names = {name: folder / name for name in ("last", "best", "within")}
    checkpoints = Checkpoints(**names, **settings)  # type: ignore[arg-type]
    checkpoints.on_begin(state)
    return checkpoints


def round_over(checkpoints: Checkpoints, state: TrainingState, epoch: int, *, improved: bool) -> None:
    state.epoch, state.batch = epoch, 0
    if improved:
        state.best_epoch = epoch
    checkpoints.on_row(EpochRow(epoch, epoch, {}, {}, 0.0, improved))


def epochs(folder: Path) -> dict[str, int]:
    return {path.name: read_facts(path)["epoch"] for path in sorted(folder.iterdir())}


def test_of_short_rounds_few_are_written_and_at_the_end_the_last_and_the_best(
    clock: Clock, make_state: MakeState, tmp_path: Path
) -> None:
    state = make_state()
    checkpoints = begun(state, tmp_path)
    for epoch in range(20):
        clock.now += 0.01
        round_over(checkpoints, state, epoch, improved=0 < epoch <= 7)
        for parameter in state.model.parameters():
            parameter.data.add_(1.0)  # the training goes on in the memory of its net
    assert epochs(tmp_path) == {}
    checkpoints.on_end("interrupted", KeyboardInterrupt())
    assert epochs(tmp_path) == {"best": 7, "last": 19}
    written = [read_checkpoint(tmp_path / name)[0]["model.head.output.bias"] for name in ("best", "last")]
    now = state.model.state_dict()["head.output.bias"]
    assert [(now - bias).round().item() for bias in written] == [13.0, 1.0]


def test_long_rounds_are_written_each_and_the_best_is_not_written_twice(
    clock: Clock, make_state: MakeState, tmp_path: Path
) -> None:
    state = make_state()
    checkpoints = begun(state, tmp_path)
    for epoch in range(4):
        clock.now += 60
        round_over(checkpoints, state, epoch, improved=epoch == 3)
        assert epochs(tmp_path)["last"] == epoch
    assert (tmp_path / "best").samefile(tmp_path / "last")
    clock.now += 60
    round_over(checkpoints, state, 4, improved=False)
    assert epochs(tmp_path) == {"best": 3, "last": 4}


def test_a_kill_loses_two_hundred_times_what_a_write_takes(
    clock: Clock, make_state: MakeState, tmp_path: Path
) -> None:
    state, written = make_state(), []
    checkpoints = begun(state, tmp_path)
    for epoch in range(300):
        clock.now += 0.01
        round_over(checkpoints, state, epoch, improved=False)
        if (tmp_path / "last").is_file() and epochs(tmp_path)["last"] == epoch:
            written.append(clock.now)
    pauses = [later - earlier for earlier, later in pairwise(written)]
    assert len(pauses) > 5 and max(pauses) < 0.6  # a write takes a look at the clock, 2 ms


def test_within_a_round_states_come_every_so_many_batches_or_minutes(
    clock: Clock, make_state: MakeState, tmp_path: Path
) -> None:
    for settings in ({"every": 3}, {"minutes": 0.5}):
        state, seen = make_state(), []
        checkpoints = begun(state, tmp_path, **settings)
        assert checkpoints.within_rounds
        round_over(checkpoints, state, 1, improved=True)
        for batch in range(1, 8):
            state.batch = batch
            clock.now += 10
            checkpoints.on_batch()
            if (tmp_path / "within").is_file():
                facts = read_facts(tmp_path / "within")
                seen.append((facts["epoch"], facts["batch"]))
        assert seen == [(1, 3), (1, 3), (1, 3), (1, 6), (1, 6)]
        assert epochs(tmp_path) == {"best": 1, "last": 1, "within": 1}  # that of the round had waited
        clock.now += 60
        round_over(checkpoints, state, 2, improved=False)
        assert epochs(tmp_path) == {"best": 1, "last": 2}


def test_a_process_killed_between_two_files_leaves_the_newest_whole(
    clock: Clock, make_state: MakeState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = make_state()
    checkpoints = begun(state, tmp_path)
    clock.now += 60
    round_over(checkpoints, state, 1, improved=True)

    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    monkeypatch.setattr("rnnlab.training.checkpoints.link", kill)
    clock.now += 60
    with pytest.raises(Killed):
        round_over(checkpoints, state, 2, improved=True)
    assert epochs(tmp_path) == {"best": 2, "last": 1}
    assert read_facts(tmp_path / "best")["best_epoch"] == 2
