"""What watches a training: told when it begins, after every round, and how it ended."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from rnnlab.training.checkpoint import save_checkpoint
from rnnlab.training.loop import EpochRow, TrainingState

Status = Literal["finished", "interrupted", "failed"]


class StopTraining(Exception):  # noqa: N818 (nothing went wrong)
    """Raised by a callback to end a training after this round; the training counts as finished."""


class Callback:
    """Watches a training; a subclass overrides what it needs.

    notes: what a person should know before it begins, one line each.
    """

    notes: Sequence[str] = ()

    def on_begin(self, state: TrainingState) -> None:
        """Gets the training's state, which changes in place, before the first round."""

    def on_row(self, row: EpochRow) -> None:
        """Gets the figures of a round (0: the untrained net) as soon as it is over."""

    def on_end(self, status: Status, error: BaseException | None) -> None:
        """Learns how the training ended, and the error that ended it."""


class Checkpoints(Callback):
    """Writes the state after every round, and after the best one."""

    def __init__(self, *, last: Path, best: Path) -> None:
        self._last, self._best = last, best

    def on_begin(self, state: TrainingState) -> None:
        """Keeps the state."""
        self._state = state

    def on_row(self, row: EpochRow) -> None:
        """Writes the state."""
        if row.improved:
            save_checkpoint(self._state, self._best)
        save_checkpoint(self._state, self._last)
