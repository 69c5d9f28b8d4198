"""What summary.json and metrics.csv say of a run."""

import logging
import shlex
import time
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from rnnlab.experiment.experiment import Experiment
from rnnlab.runs.facts import git_state, peak_memory_mib, versions
from rnnlab.runs.files import CONFIG, VOCABULARY
from rnnlab.runs.writer import RunWriter
from rnnlab.terminal.display import format_cell
from rnnlab.training.loop import EpochRow

log = logging.getLogger("rnnlab")


@dataclass
class Record:
    """What summary.json and metrics.csv say of a run, kept up to date while it goes on."""

    experiment: Experiment
    writer: RunWriter
    command: list[str]
    config_yaml: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    best: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        self.clock = time.monotonic()
        self.started = datetime.now().astimezone().isoformat(timespec="seconds")
        self.writer.write(CONFIG, self.config_yaml)
        if (vocabulary := self.experiment.task_data.vocabulary) is not None:
            vocabulary.save(self.writer.folder / VOCABULARY)
        self.facts = self._lasting_facts()
        self.writer.summary(self._summary("running"))

    def add(self, row: EpochRow) -> None:
        """Adds a round's row."""
        metrics = self.experiment.task.metrics
        values: dict[str, Any] = {self.experiment.plan.unit: row.place}
        values |= {f"train_{name}": row.train[name] for name in metrics}
        values |= {f"valid_{name}": row.valid.get(name) for name in metrics}
        values["seconds"] = round(row.seconds, 4)
        self.rows.append(values)
        if row.improved:
            self.best = values
        self.writer.row(values)
        log.info(" ".join(f"{name}={format_cell(name, value)}" for name, value in values.items()))

    def finish(self, status: str, error: str | None = None) -> None:
        """Writes the summary of a run that is over."""
        self.writer.summary(self._summary(status) | ({"error": error} if error else {}))

    def _summary(self, status: str) -> dict[str, Any]:
        return {
            "status": status,
            "started": self.started,
            "command": shlex.join(self.command),
            "final": self.rows[-1] if self.rows else None,
            "best": self.best,
            "monitor": self.experiment.monitor,
            "wall_seconds": round(time.monotonic() - self.clock, 2),
            "peak_memory_mib": peak_memory_mib(),
            **self.facts,
        }

    def _lasting_facts(self) -> dict[str, Any]:
        parameters = list(self.experiment.model.parameters())
        task_data = self.experiment.task_data
        return {
            "task": self.experiment.task.name,
            "unit": self.experiment.task.unit,
            "shape": asdict(task_data.sizes),
            "baselines": task_data.baselines,
            "classes": task_data.classes,
            "seed": self.experiment.config.seed,
            "engine": self.experiment.config.engine,
            "device": self.experiment.device,
            "parameters": {
                "total": sum(p.numel() for p in parameters),
                "trainable": sum(p.numel() for p in parameters if p.requires_grad),
            },
            "vocabulary": None if task_data.vocabulary is None else len(task_data.vocabulary),
            "vector_coverage": self.experiment.vector_coverage,
            "examples": {name: len(split) for name, split in task_data.finite.items()},
            "data": task_data.files,
            "notes": self.experiment.notes,
            "versions": versions(),
            "git": git_state(),
        }
