"""What summary.json, metrics.csv and the log say of a run."""

import logging
import shlex
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from rnnlab.core.errors import RnnlabError
from rnnlab.core.metrics import TIMES, format_metric
from rnnlab.experiment.experiment import Experiment
from rnnlab.experiment.recorded import as_recorded
from rnnlab.runs.facts import git_state, machine, peak_memory_mib, source_sha256, versions
from rnnlab.runs.files import CONFIG, VOCABULARY
from rnnlab.runs.process import this_process
from rnnlab.runs.writer import RunWriter
from rnnlab.tasks.base import TaskData
from rnnlab.training.callbacks import Callback, Status
from rnnlab.training.loop import EpochRow
from rnnlab.workflows.callbacks import Figures, figures_of
from rnnlab.workflows.training_time import TrainingTime

log = logging.getLogger("rnnlab")


@dataclass(frozen=True)
class Earlier:
    """What is kept of a run that goes on.

    summary: as it was; rows: of metrics.csv; best_epoch: the round of the best of them; place: where it goes
    on, in words.
    """

    summary: Mapping[str, Any]
    rows: list[Figures]
    best_epoch: int | None
    place: str


class RunLogger(Callback):
    """Keeps the record of a run up to date while it goes on."""

    part = "records"

    def __init__(
        self,
        experiment: Experiment,
        writer: RunWriter,
        *,
        command: list[str],
        config_yaml: str,
        earlier: Earlier | None = None,
    ) -> None:
        """Writes what is known before the training, or before it goes on.

        command: the words that start the run again; earlier: what is kept of a run that goes on.
        """
        self._experiment, self._writer, self._command = experiment, writer, command
        self._rows: list[Figures] = []
        self._best: Figures | None = None
        self._clock = time.monotonic()
        self._started = _now()
        self._facts = self._lasting_facts()
        if earlier is not None:
            self._take_up(earlier)
        writer.write(CONFIG, as_recorded(config_yaml, experiment.config))
        if (vocabulary := experiment.task_data.vocabulary) is not None:
            vocabulary.save(writer.folder / VOCABULARY)
        self.summary = self._write("running")

    def _take_up(self, earlier: Earlier) -> None:
        summary, facts = earlier.summary, self._facts
        resumed: dict[str, Any] = {"at": _now(), "from": earlier.place}
        # Whoever asks why figures differ wants to know what else did.
        for name in ("versions", "machine", "git"):
            if summary.get(name) != facts[name]:
                resumed[name] = facts[name]
        self._facts |= {name: summary[name] for name in facts if name in summary and name != "process"}
        self._facts["resumed"] = [*summary.get("resumed", []), resumed]
        self._started = summary.get("started", self._started)
        self._clock -= float(summary.get("wall_seconds") or 0)
        self._rows = earlier.rows
        if earlier.best_epoch is not None:
            self._best = earlier.rows[earlier.best_epoch]

    def on_row(self, row: EpochRow) -> None:
        """Adds a round's row."""
        figures = figures_of(row, self._experiment)
        self._rows.append(figures)
        if row.improved:
            self._best = figures
        self._writer.row(figures)
        log.info(" ".join(f"{name}={format_metric(name, value)}" for name, value in figures.items()))

    def stopped(self, why: str) -> None:
        """Takes that the training ends before its last round, and why."""
        log.warning("%s", why)
        self._facts["stopped"] = why

    def training_time(self) -> TrainingTime:
        """Returns what the finished rounds have taken."""
        rounds, plan = max(len(self._rows) - 1, 0), self._experiment.plan
        seconds, cpu_seconds = (sum(float(row[name] or 0) for row in self._rows) for name in TIMES)
        return TrainingTime(seconds, cpu_seconds, sum(plan.steps(number + 1) for number in range(rounds)))

    def on_end(self, status: Status, error: BaseException | None) -> None:
        """Writes the summary of a run that is over."""
        if status == "interrupted":
            log.warning("interrupted")
        if status == "finished":
            self.summary = self._write("trained")
        elif status != "failed":
            self.summary = self._write(status)
        elif isinstance(error, RnnlabError):
            self.summary = self._write(status, error=str(error))
        else:
            self.summary = self._write(status, error=f"{type(error).__name__}: {error}")

    def on_test(self, figures: Mapping[str, float]) -> None:
        """Adds to the summary of a run that is over what its best net reaches on data.test."""
        self.summary["test"] = dict(figures)
        self._writer.summary(self.summary)
        log.info("test: %s", " ".join(f"{name}={value:.6g}" for name, value in figures.items()))

    def complete(self) -> None:
        """Writes that the run is finished: its tables and its page are there."""
        self.summary["status"] = "finished"
        self.summary["wall_seconds"] = self.wall_seconds()
        self._writer.summary(self.summary)

    def wall_seconds(self) -> float:
        """Returns how long the run has taken, from all its beginnings."""
        return round(time.monotonic() - self._clock, 2)

    def _write(self, status: str, **more: str) -> dict[str, Any]:
        summary = self._summary(status) | more
        self._writer.summary(summary)
        return summary

    def _summary(self, status: str) -> dict[str, Any]:
        return {
            "status": status,
            "started": self._started,
            "command": shlex.join(self._command),
            "final": self._rows[-1] if self._rows else None,
            "best": self._best,
            "monitor": self._experiment.monitor,
            "training": self.training_time().facts(),
            "wall_seconds": self.wall_seconds(),
            "peak_memory_mib": peak_memory_mib(),
            **self._facts,
        }

    def _lasting_facts(self) -> dict[str, Any]:
        model = self._experiment.model
        parameters = list(model.parameters())
        task_data = self._experiment.task_data
        return {
            "task": self._experiment.task.name,
            "unit": self._experiment.task.unit,
            "shape": asdict(task_data.sizes),
            "baselines": task_data.baselines,
            "classes": task_data.classes,
            "majority": _majority(task_data),
            "seed": self._experiment.config.seed,
            "engine": self._experiment.config.engine,
            "device": self._experiment.device,
            "parameters": {
                "total": sum(p.numel() for p in parameters),
                "trainable": sum(p.numel() for p in parameters if p.requires_grad),
                "word_vectors": 0 if task_data.vocabulary is None else model.word_vectors.numel(),
            },
            "vocabulary": None if task_data.vocabulary is None else len(task_data.vocabulary),
            "vector_coverage": task_data.vector_coverage,
            "examples": {name: len(split) for name, split in task_data.finite.items()},
            "data": task_data.files,
            "notes": self._experiment.notes,
            "modules": self._experiment.config.modules,
            "process": this_process(),
            "machine": machine(),
            "versions": versions(),
            "source_sha256": source_sha256(),
            "git": git_state(),
        }


def _now() -> str:
    # To the millisecond and in one zone: by this text runs are put in order, even two of the same second.
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _majority(task_data: TaskData) -> float | None:
    """Returns how many of the texts looked at have the label most frequent in training, as a share."""
    if "train" not in task_data.texts:
        return None
    counts = np.bincount(task_data.texts["train"].labels, minlength=len(task_data.classes))
    labels = task_data.texts[task_data.evaluation_split].labels
    return float(np.mean(labels == counts.argmax()))
