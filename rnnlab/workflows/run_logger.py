"""What summary.json, metrics.csv and the log say of a run."""

import logging
import shlex
import time
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rnnlab.core.errors import RnnlabError
from rnnlab.core.metrics import format_metric
from rnnlab.experiment.experiment import Experiment
from rnnlab.runs.facts import git_state, peak_memory_mib, versions
from rnnlab.runs.files import CONFIG, VOCABULARY
from rnnlab.runs.writer import RunWriter
from rnnlab.training.callbacks import Callback, Status
from rnnlab.training.loop import EpochRow
from rnnlab.workflows.callbacks import Figures, figures_of

log = logging.getLogger("rnnlab")


class RunLogger(Callback):
    """Keeps the record of a run up to date while it goes on."""

    def __init__(
        self, experiment: Experiment, writer: RunWriter, *, command: list[str], config_yaml: str
    ) -> None:
        """Writes what is known before the training; command: the words that start the run again."""
        self._experiment, self._writer, self._command = experiment, writer, command
        self._rows: list[Figures] = []
        self._best: Figures | None = None
        self._clock = time.monotonic()
        self._started = datetime.now().astimezone().isoformat(timespec="seconds")
        writer.write(CONFIG, config_yaml)
        if (vocabulary := experiment.task_data.vocabulary) is not None:
            vocabulary.save(writer.folder / VOCABULARY)
        self._facts = self._lasting_facts()
        self.summary = self._write("running")

    def on_row(self, row: EpochRow) -> None:
        """Adds a round's row."""
        figures = figures_of(row, self._experiment)
        self._rows.append(figures)
        if row.improved:
            self._best = figures
        self._writer.row(figures)
        log.info(" ".join(f"{name}={format_metric(name, value)}" for name, value in figures.items()))

    def on_end(self, status: Status, error: BaseException | None) -> None:
        """Writes the summary of a run that is over."""
        if status == "interrupted":
            log.warning("interrupted")
        if status != "failed":
            self.summary = self._write(status)
        elif isinstance(error, RnnlabError):
            log.error("%s", error)
            self.summary = self._write(status, error=str(error))
        else:
            log.error("failed", exc_info=error)
            self.summary = self._write(status, error=f"{type(error).__name__}: {error}")

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
            "wall_seconds": round(time.monotonic() - self._clock, 2),
            "peak_memory_mib": peak_memory_mib(),
            **self._facts,
        }

    def _lasting_facts(self) -> dict[str, Any]:
        parameters = list(self._experiment.model.parameters())
        task_data = self._experiment.task_data
        return {
            "task": self._experiment.task.name,
            "unit": self._experiment.task.unit,
            "shape": asdict(task_data.sizes),
            "baselines": task_data.baselines,
            "classes": task_data.classes,
            "seed": self._experiment.config.seed,
            "engine": self._experiment.config.engine,
            "device": self._experiment.device,
            "parameters": {
                "total": sum(p.numel() for p in parameters),
                "trainable": sum(p.numel() for p in parameters if p.requires_grad),
            },
            "vocabulary": None if task_data.vocabulary is None else len(task_data.vocabulary),
            "vector_coverage": task_data.vector_coverage,
            "examples": {name: len(split) for name, split in task_data.finite.items()},
            "data": task_data.files,
            "notes": self._experiment.notes,
            "modules": self._experiment.config.modules,
            "versions": versions(),
            "git": git_state(),
        }
