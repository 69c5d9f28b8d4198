"""A training told to callbacks."""

import pytest

import rnnlab
from rnnlab.core.errors import DivergenceError
from rnnlab.training.callbacks import Callback, StopTraining
from rnnlab.training.loop import EpochRow, TrainingState
from rnnlab.workflows.callbacks import TimeLimit
from rnnlab.workflows.fit import fit_experiment

SMALL = ["task=recall", "training.steps=6", "training.validate_every=2", "model.hidden_size=2"]


class Diary(Callback):
    """Writes down what it is told, and ends the training as it is asked to."""

    def __init__(self, after: int = -1, by: BaseException | None = None) -> None:
        self.told: list[str] = []
        self._after, self._by = after, by

    def on_begin(self, state: TrainingState) -> None:
        self.told.append(f"begin {state.epoch}")

    def on_row(self, row: EpochRow) -> None:
        self.told.append(f"step {row.place}")
        if row.epoch == self._after and self._by is not None:
            raise self._by

    def on_end(self, status: str, error: BaseException | None) -> None:
        self.told.append(f"{status} {type(error).__name__}")


def test_callbacks_are_told_of_every_round_and_of_the_end() -> None:
    diaries = Diary(), Diary()
    state = fit_experiment(rnnlab.experiment(*SMALL), diaries)
    assert diaries[0].told == ["begin 0", "step 0", "step 2", "step 4", "step 6", "finished NoneType"]
    assert diaries[0].told == diaries[1].told and state.epoch == 3


def test_a_callback_can_end_a_training_which_then_is_finished() -> None:
    diary = Diary(after=1, by=StopTraining())
    assert fit_experiment(rnnlab.experiment(*SMALL), [diary]).epoch == 1
    assert diary.told == ["begin 0", "step 0", "step 2", "finished NoneType"]


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (KeyboardInterrupt(), "interrupted KeyboardInterrupt"),
        (DivergenceError("it grew"), "failed DivergenceError"),
        (OSError("disk full"), "failed OSError"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_breaks_a_training_is_told_and_raised(error: BaseException, end: str) -> None:
    diary, other = Diary(after=1, by=error), Diary()
    with pytest.raises(type(error)):
        fit_experiment(rnnlab.experiment(*SMALL), [other, diary])
    assert diary.told[-1] == other.told[-1] == end


def test_no_round_is_begun_that_would_end_after_the_time_given() -> None:
    experiment = rnnlab.experiment(*SMALL, "training.max_minutes=0.5")
    times, said = iter([0.0, 1.0, 11.0, 22.0, 34.0]), []
    limit, diary = TimeLimit(experiment, times.__next__, said.append), Diary()
    fit_experiment(experiment, [diary, limit])
    # After step 4, at 22 s, another 11 would lead beyond 30.
    assert diary.told == ["begin 0", "step 0", "step 2", "step 4", "finished NoneType"]
    assert said == [limit.reached] == ["stopped by training.max_minutes=0.5"]
