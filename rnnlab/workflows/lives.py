"""Lives of a training: processes that begin or resume it, some of which are killed on the way."""

import itertools
import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, get_args

from rnnlab.core.errors import RnnlabError
from rnnlab.core.worker import Done, Failed, Told, tell
from rnnlab.core.workers import Workers
from rnnlab.experiment.hydra_compat import quoted
from rnnlab.experiment.job_runner import PRELOAD_OF_SWEEP, begin_worker
from rnnlab.experiment.modules import used_modules
from rnnlab.runs.files import LAST, SUMMARY, WITHIN
from rnnlab.training.checkpoint import read_facts
from rnnlab.workflows.display import Silent, TrainingRows
from rnnlab.workflows.resume import resume
from rnnlab.workflows.trainings import train

Moment = Literal["before the training", "in the training", "while a file was written", "after the training"]
MOMENTS: tuple[Moment, ...] = get_args(Moment)
BEGUN, TRAINED, WRITE = "begun", "trained", "write"
"""What a life tells of itself."""
AT_A_WRITE, BEFORE = 0.25, 0.1
"""How many of the kills are to hit the writing of a file, and the time before the training."""
NEVER = 0
PRELOADED = (*PRELOAD_OF_SWEEP, "rnnlab.workflows.lives")


@dataclass(frozen=True)
class Life:
    """How one life went.

    killed: when it was, None where it came to its end; before, training, after: its seconds until the
    training began, from there to its end, and from there to the process's end; writes: files written.
    """

    killed: Moment | None
    before: float = 0.0
    training: float = 0.0
    after: float = 0.0
    writes: int = 0


class _Telling(Silent):
    """Shows nothing, and tells the parent when the training begins and ends."""

    @contextmanager
    def training(self, batches: int) -> Iterator[TrainingRows]:
        """Tells when it begins and when it ends."""
        tell(BEGUN)
        with super().training(batches) as rows:
            yield rows
        tell(TRAINED)


_replace = Path.replace


def live(folder: Path, words: Sequence[str], dies_at_write: int) -> int:
    """Trains into `folder`, or goes on with the run that is there, in a worker; returns how many files it
    wrote. It kills itself between the writing of file number `dies_at_write` and its taking its place.
    """
    written = itertools.count(1)

    def replace(path: Path, target: Path) -> Path:
        number = next(written)
        if number == dies_at_write:
            tell(WRITE)
            os.kill(os.getpid(), signal.SIGKILL)
        return _replace(path, target)

    tell(os.getpid())
    Path.replace = replace  # type: ignore[assignment, method-assign]
    try:
        if (folder / SUMMARY).is_file():
            resume(folder, display=_Telling())
        else:
            shutil.rmtree(folder, ignore_errors=True)  # what was killed before there was a run
            train([*words, f"hydra.run.dir={quoted(str(folder))}"], display=_Telling())
    finally:
        Path.replace = _replace  # type: ignore[method-assign]
    return next(written) - 1


@dataclass(frozen=True)
class Killer:
    """Begins lives, and ends them at random moments.

    words: what is trained; whole: the life that was never interrupted, by which moments are drawn; rounds:
    how many it trained.
    """

    words: Sequence[str]
    rng: random.Random
    whole: Life
    rounds: int

    @classmethod
    def after_a_whole_life(cls, folder: Path, words: Sequence[str], seed: int) -> "Killer":
        """Trains into `folder` without an interruption, and returns what kills others."""
        begin_life(folder, words)  # whatever is read, cut or compiled for the first time is so here
        shutil.rmtree(folder)
        return cls(words, random.Random(seed), begin_life(folder, words), read_facts(folder / LAST)["epoch"])

    def live(self, folder: Path) -> Life:
        """Begins or resumes the run in `folder`, and lets it be."""
        return begin_life(folder, self.words)

    def kill(self, folder: Path) -> Life:
        """Begins or resumes the run in `folder`; kills it at a random moment of what is left, unless it is
        faster: most often in the training, now and then before it, or while a file is written.
        """
        left, chance = 1 - self._share_done(folder), self.rng.random()
        if chance < AT_A_WRITE:
            most = max(1, round(left * self.whole.writes))
            return begin_life(folder, self.words, dies_at_write=self.rng.randint(1, most))
        if chance < AT_A_WRITE + BEFORE:
            return begin_life(folder, self.words, killed_after=self.rng.uniform(0, self.whole.before))
        # Of what is trained, half of the lives come to their end.
        seconds = left * self.whole.training or 2 * self.whole.after
        return begin_life(folder, self.words, trains_for=self.rng.uniform(0, seconds))

    def _share_done(self, folder: Path) -> float:
        """Returns about how much of a run's training its newest checkpoint holds, from 0 to 1."""
        paths = [path for path in (folder / LAST, folder / WITHIN) if path.is_file()]
        return min(1.0, max((read_facts(path)["epoch"] for path in paths), default=0) / max(1, self.rounds))


def begin_life(
    folder: Path,
    words: Sequence[str],
    *,
    dies_at_write: int = NEVER,
    killed_after: float | None = None,
    trains_for: float | None = None,
) -> Life:
    """Begins or resumes the run in `folder`, in a process of its own, which may be killed.

    Args:
        folder: where the run lies.
        words: what is trained.
        dies_at_write: the number of the file at which it kills itself.
        killed_after: seconds of life.
        trains_for: seconds from the beginning of the training.

    Returns:
        How it went; raises what it ended by, if that was not its being killed.
    """
    times: dict[str, float] = {}
    timer: threading.Timer | None = None
    pid = 0
    with Workers(1, PRELOADED, partial(begin_worker, used_modules())) as pool:
        pool.submit(folder.name, live, folder, words, dies_at_write)
        for event in pool.events():
            match event:
                case Told(_, int(number)):
                    pid, times["born"] = number, time.monotonic()
                    if killed_after is not None:
                        timer = _kill_later(pid, killed_after)
                case Told(_, str(what)):
                    times[what] = time.monotonic()
                    if what == BEGUN and trains_for is not None:
                        timer = _kill_later(pid, trains_for)
                case Done(_, int(writes)):
                    if timer is not None:
                        timer.cancel()
                    return _whole(times, writes)
                case Failed(_, error):
                    return Life(_moment(times, error, killed=timer is not None or WRITE in times))
    raise AssertionError("a life that never ended")


def _whole(times: dict[str, float], writes: int) -> Life:
    end = time.monotonic()
    begun, trained = times.get(BEGUN, end), times.get(TRAINED, end)
    return Life(None, begun - times["born"], trained - begun, end - trained, writes)


def _kill_later(pid: int, seconds: float) -> threading.Timer:
    timer = threading.Timer(seconds, os.kill, (pid, signal.SIGKILL))
    timer.start()
    return timer


def _moment(times: dict[str, float], error: RnnlabError, *, killed: bool) -> Moment:
    """Returns when a life was killed; raises the error if it ended by one of its own."""
    if not killed or "SIGKILL" not in str(error):
        raise error
    if WRITE in times:
        return "while a file was written"
    if TRAINED in times:
        return "after the training"
    return "in the training" if BEGUN in times else "before the training"
