"""What looks at a net while it trains: word similarity after every round, probes now and then."""

import logging
from collections.abc import Callable

import torch

from rnnlab.core.profile import span
from rnnlab.experiment.build import build_probes
from rnnlab.experiment.experiment import Experiment, are_default_probes
from rnnlab.probes.base import Frugal, Probe
from rnnlab.probes.similarity import known_pairs, similarities
from rnnlab.runs.files import LAST, SIMILARITY, TRAIN_AFTER, probe_log
from rnnlab.runs.writer import RunWriter
from rnnlab.training.callbacks import Callback, Status, StopTraining
from rnnlab.training.checkpoint import load_model
from rnnlab.training.loop import EpochRow, TrainingState
from rnnlab.workflows.display import TrainingRows

log = logging.getLogger("rnnlab")


class WordSimilarity(Callback):
    """Writes `similarity.csv`: how alike the vectors of the configured pairs of words are."""

    part = "word similarity"

    def __init__(self, experiment: Experiment, writer: RunWriter) -> None:
        self._experiment, self._writer = experiment, writer
        pairs, vocabulary = experiment.config.similarity, experiment.task_data.vocabulary
        self._pairs: list[tuple[str, str]] = []
        if vocabulary is not None:
            self._pairs, missing = known_pairs(pairs, vocabulary)
            self.notes = [f"similarity: {word!r} is not in the vocabulary; skipped" for word in missing]
        elif pairs:
            self.notes = [
                f"similarity: the inputs of task={experiment.task.name} are numbers, not words; skipped"
            ]

    def on_row(self, row: EpochRow) -> None:
        """Adds a row per pair."""
        vocabulary = self._experiment.task_data.vocabulary
        if self._pairs and vocabulary is not None:
            rows = similarities(self._experiment.model.word_vectors, vocabulary, self._pairs)
            rows.insert(0, self._experiment.plan.unit, row.place)
            self._writer.table(SIMILARITY, rows)


class Probing(Callback):
    """Writes `probes/NAME.csv`: what the probes make of the untrained net, of the trained one, and between.

    With `probe.every=0` these two looks are all, and are bounded to cost little beside the training (see
    `Frugal`); otherwise every look is as thorough as the probe's settings say.
    """

    part = "probes"

    def __init__(self, experiment: Experiment, writer: RunWriter) -> None:
        self._experiment, self._writer = experiment, writer
        self._every = experiment.config.probe.every
        self._epoch = self._looked_at = -1
        self._gpus = [torch.cuda.current_device()] if experiment.device == "cuda" else []
        probes = {} if self._every is None else build_probes(experiment.config)
        reasons = {name: probe.not_applicable(experiment.probe_input()) for name, probe in probes.items()}
        self._probes = {name: self._bounded(probe) for name, probe in probes.items() if reasons[name] is None}
        self._by_default = not self._every and are_default_probes(probes)
        if not self._by_default:
            self.notes = [f"probe {name}: {reason}; skipped" for name, reason in reasons.items() if reason]

    def _bounded(self, probe: Probe) -> Probe:
        if self._every or not isinstance(probe, Frugal):
            return probe
        return probe.within(self._experiment.plan.examples)

    def on_begin(self, state: TrainingState) -> None:
        """Keeps the state, in which is the optimizer, at which probes may look, too."""
        self._state = state
        if state.begun:
            self._epoch = state.epoch
            self._looked_at = state.epoch if is_look(self._experiment, state.epoch) else -1

    def on_row(self, row: EpochRow) -> None:
        """Adds the rows of each probe, if it is time."""
        self._epoch = row.epoch
        if is_look(self._experiment, row.epoch):
            self._look()

    def on_end(self, status: Status, error: BaseException | None) -> None:
        """Looks at the net of the last finished round, if that came early and nothing is wrong."""
        if status == "failed" or self._epoch == self._looked_at or not self._probes:
            return
        if status == "interrupted":  # in the middle of a round, of which nothing is kept
            load_model(self._experiment.model, self._writer.folder / LAST)
        self._look()

    def _look(self) -> None:
        self._looked_at = self._epoch
        model, plan = self._experiment.model, self._experiment.plan
        if not all(bool(parameter.isfinite().all()) for parameter in model.parameters()):
            log.warning("probes: the net's parameters are no longer finite; not looked at")
            return
        for name, probe in list(self._probes.items()):
            try:
                # What a probe draws changes nothing of what the training draws.
                with span(name), torch.random.fork_rng(devices=self._gpus):
                    rows = probe.measure(self._experiment.probe_input(self._state.optimizer))
            except Exception:
                if not self._by_default:
                    raise
                # Nobody asked for it: a long training must not end for a module that a probe cannot follow.
                log.exception("probe %s: failed; skipped", name)
                del self._probes[name]
                continue
            rows.insert(0, plan.unit, plan.place(self._epoch))
            self._writer.table(probe_log(name), rows)


def is_look(experiment: Experiment, epoch: int) -> bool:
    """Returns whether probes look at the net after round `epoch`, wherever its training ends."""
    every = experiment.config.probe.every
    return epoch in (0, experiment.plan.rounds) or bool(every and epoch % every == 0)


Figures = dict[str, float | int | None]


def figures_of(row: EpochRow, experiment: Experiment) -> Figures:
    """Returns a round's figures under the names of metrics.csv; None where nothing was measured.

    train_NAME is a running average while the net changed, valid_NAME an evaluation after the round, as is
    train_after_NAME (with training.evaluate_train), which can be compared with it. seconds: the training pass
    alone, by the clock; cpu_seconds: by the processor, whatever else the machine does meanwhile.
    """
    metrics = experiment.task.metrics
    figures: Figures = {experiment.plan.unit: row.place}
    figures |= {f"train_{name}": row.train[name] for name in metrics}
    figures |= {f"valid_{name}": row.valid.get(name) for name in metrics}
    figures |= {"seconds": round(row.seconds, 4), "cpu_seconds": round(row.cpu_seconds, 4)}
    return figures | {f"{TRAIN_AFTER}{name}": row.train_after[name] for name in metrics if row.train_after}


class Shown(Callback):
    """Shows the figures of the untrained net, of each `training.print_every` epochs or steps, the last."""

    part = "display"

    def __init__(self, experiment: Experiment, rows: TrainingRows) -> None:
        self._experiment, self._rows = experiment, rows
        self._every = experiment.config.training.print_every or 1
        self._times_due = -1
        self._waiting: Figures | None = None

    def on_row(self, row: EpochRow) -> None:
        """Shows a row, if it is time."""
        figures = figures_of(row, self._experiment)
        figures.pop("cpu_seconds")  # one time is enough for a line of a terminal
        self._waiting = figures
        if row.place // self._every > self._times_due:
            self._times_due = row.place // self._every
            self._show_waiting()

    def on_end(self, status: Status, error: BaseException | None) -> None:
        """Shows the last row."""
        self._show_waiting()

    def _show_waiting(self) -> None:
        if self._waiting is not None:
            self._rows.row(self._waiting)
        self._waiting = None


def stopped_by(max_minutes: float) -> str:
    """Returns what is said of a training that `training.max_minutes` ended."""
    return f"stopped by training.max_minutes={max_minutes:g}"


class TimeLimit(Callback):
    """Ends a training before a round that would end after `training.max_minutes`, by the last one's time.

    reached: what is said of it then.
    """

    reached: str | None = None

    def __init__(
        self, experiment: Experiment, elapsed: Callable[[], float], stopped: Callable[[str], None]
    ) -> None:
        """Keeps what tells for how many seconds the run has been going on, and what is told of its end."""
        self._limit, self._rounds = experiment.config.training.max_minutes, experiment.plan.rounds
        self._elapsed, self._stopped, self._last = elapsed, stopped, elapsed()

    def on_row(self, row: EpochRow) -> None:
        """Compares the time with the limit; to be called after all others."""
        now = self._elapsed()
        duration, self._last = now - self._last, now
        if self._limit is not None and row.epoch < self._rounds and now + duration > 60 * self._limit:
            self.reached = stopped_by(self._limit)
            self._stopped(self.reached)
            raise StopTraining
