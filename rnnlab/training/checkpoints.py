"""Which states of a training are written, and when."""

import time
from pathlib import Path

from rnnlab.core.files import link
from rnnlab.core.profile import span
from rnnlab.training.callbacks import Callback, Status
from rnnlab.training.checkpoint import Checkpoint, capture, save_checkpoint, write_checkpoint
from rnnlab.training.loop import EpochRow, TrainingState

SHARE = 0.005
"""Of the time, writing takes at most so much: after a write of 5 ms, the next comes a second later."""
FIRST_WRITE = 0.005
"""Seconds that a write is taken to last before there was one."""
MOST_IN_MEMORY = 2**28
"""Bytes: a state that is larger is written after every round, and never kept in memory instead."""


class Checkpoints(Callback):
    """Keeps the state after the last round and after the best one, in memory where rounds are short, in files
    at the latest when the training ends, however it does; and now and then within a round.

    A process that is killed leaves the state of a round that ended at most two hundred times a write's
    duration before, and of this round all but what came after the last checkpoint within it. As a file is
    replaced only by a whole one, and the best net's before the last one's, the newest of the files is always
    a state to go on from.

    Args:
        last: where the state after a round goes.
        best: where that of the best round goes.
        within: where a state within a round goes, until the round's own is written.
        every: batches of a round between two of these; None: there are none.
        minutes: between two of these.
    """

    part = "checkpoints"

    def __init__(
        self,
        *,
        last: Path,
        best: Path,
        within: Path,
        every: int | None = None,
        minutes: float | None = None,
    ) -> None:
        self._last, self._best, self._within = last, best, within
        self._every, self._minutes = every, minutes
        self._waiting_last: Checkpoint | None = None
        self._waiting_best: Checkpoint | None = None

    @property
    def within_rounds(self) -> bool:
        """Whether there are any within a round."""
        return self._every is not None or self._minutes is not None

    def on_begin(self, state: TrainingState) -> None:
        """Keeps the state."""
        self._state = state
        self._written_at = self._within_at = time.monotonic()
        self._pause = FIRST_WRITE / SHARE

    def on_row(self, row: EpochRow) -> None:
        """Writes the state, or keeps a copy for later."""
        checkpoint = capture(self._state)
        due = time.monotonic() - self._written_at >= self._pause or checkpoint.bytes > MOST_IN_MEMORY
        self._waiting_last = checkpoint if due else checkpoint.copied()
        if row.improved:
            self._waiting_best = self._waiting_last
        if due:
            self._write()

    def on_batch(self) -> None:
        """Writes the state within a round, if it is time."""
        number = self._every is not None and self._state.batch % self._every == 0
        if number or (self._minutes is not None and time.monotonic() - self._within_at >= 60 * self._minutes):
            with span(self.part):
                self._write()  # what lies in memory is older
                save_checkpoint(self._state, self._within)
            self._within_at = time.monotonic()

    def on_end(self, status: Status, error: BaseException | None) -> None:
        """Writes what lies in memory."""
        self._write()

    def _write(self) -> None:
        last, best = self._waiting_last, self._waiting_best
        if last is None:
            return
        begin = time.monotonic()
        if best is not None:
            write_checkpoint(best, self._best)
        if best is last:
            link(self._best, self._last)
        else:
            write_checkpoint(last, self._last)
        self._within.unlink(missing_ok=True)
        self._waiting_last = self._waiting_best = None
        self._written_at = time.monotonic()
        self._pause = (self._written_at - begin) / SHARE
