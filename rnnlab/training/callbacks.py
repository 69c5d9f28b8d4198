"""What watches a training: told when it begins, after every round, and how it ended."""

from collections.abc import Sequence
from typing import Literal

from rnnlab.training.loop import EpochRow, TrainingState

Status = Literal["finished", "interrupted", "failed"]


class StopTraining(Exception):  # noqa: N818 (nothing went wrong)
    """Raised by a callback to end a training after this round; the training counts as finished."""


class Callback:
    """Watches a training; a subclass overrides what it needs.

    notes: what a person should know before it begins, one line each; part: what its work counts as in the
    profile of a run.
    """

    notes: Sequence[str] = ()
    part: str = "callbacks"

    def on_begin(self, state: TrainingState) -> None:
        """Gets the training's state, which changes in place, before the first round, or before it goes on."""

    def on_row(self, row: EpochRow) -> None:
        """Gets the figures of a round (0: the untrained net) as soon as it is over."""

    def on_end(self, status: Status, error: BaseException | None) -> None:
        """Learns how the training ended, and the error that ended it."""
