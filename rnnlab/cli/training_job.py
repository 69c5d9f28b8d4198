"""One training, from a composed configuration to a finished run folder."""

import logging
import shlex
import shutil
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from rnnlab.cli.closing import close_run
from rnnlab.cli.display import format_cell, track_texts, training_display
from rnnlab.cli.messages import print_error, print_note
from rnnlab.cli.observers import Observers
from rnnlab.config.build import build_state
from rnnlab.config.compose import checked, register
from rnnlab.config.experiment import Experiment, prepare
from rnnlab.core.errors import RnnlabError
from rnnlab.runs.facts import git_state, peak_memory_mib, versions
from rnnlab.runs.writer import BEST, CONFIG, LAST, VOCABULARY, RunWriter
from rnnlab.training.checkpoint import save_checkpoint
from rnnlab.training.loop import EpochRow, fit

log = logging.getLogger("rnnlab")


def run_training(cfg: DictConfig) -> float | None:
    """Trains in the run folder that Hydra has made; returns the monitor at its best, for sweepers."""
    register()  # a launcher may have started this in a process of its own
    folder = Path(HydraConfig.get().runtime.output_dir)
    try:
        experiment = prepare(checked(cfg), track=track_texts)
        record = Record(
            experiment,
            RunWriter(folder),
            _command(),
            OmegaConf.to_yaml(cfg, resolve=True),
        )
    except RnnlabError as error:
        _discard(folder)
        raise _told(error) from None
    except KeyboardInterrupt:
        _discard(folder)
        raise
    try:
        return _train(experiment, record)
    except RnnlabError as error:
        log.error("%s", error)
        record.finish("failed", error=str(error))
        raise _told(error) from None
    except KeyboardInterrupt:
        log.warning("interrupted")
        record.finish("interrupted")
        print_note(f"interrupted; the finished epochs are kept in {folder}")
        raise
    except Exception as error:
        log.exception("failed")
        record.finish("failed", error=f"{type(error).__name__}: {error}")
        raise


def _train(experiment: Experiment, record: "Record") -> float | None:
    training = experiment.config.training
    state = build_state(experiment.config, experiment.model)
    observers = Observers(experiment, record.writer, state.optimizer)
    for note in [*experiment.notes, *observers.notes]:
        log.info("%s", note)
        print_note(note)
    with training_display(training.epochs) as display:
        rows = fit(
            state,
            experiment.task,
            experiment.splits["train"],
            experiment.splits.get("valid"),
            epochs=training.epochs,
            batch_size=training.batch_size,
            seed=experiment.config.seed,
            device=experiment.device,
            monitor=experiment.monitor,
            patience=training.patience,
            clip_norm=training.clip_norm,
            progress=display.progress,
        )
        for row in rows:
            if row.improved:
                save_checkpoint(state, record.writer.folder / BEST)
            save_checkpoint(state, record.writer.folder / LAST)
            observers.look(row.epoch)
            record.add(row)
            display.row(record.rows[-1])
    record.finish("finished")
    close_run(record.writer.folder)
    print(f"\nrun folder: {record.writer.folder}")
    return state.best


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
        self.experiment.corpus.vocabulary.save(self.writer.folder / VOCABULARY)
        self.facts = self._lasting_facts()
        self.writer.summary(self._summary("running"))

    def add(self, row: EpochRow) -> None:
        """Adds an epoch's row."""
        metrics = self.experiment.task.metrics
        values: dict[str, Any] = {"epoch": row.epoch}
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
        splits = self.experiment.splits
        return {
            "seed": self.experiment.config.seed,
            "device": self.experiment.device,
            "parameters": {
                "total": sum(p.numel() for p in parameters),
                "trainable": sum(p.numel() for p in parameters if p.requires_grad),
            },
            "vocabulary": len(self.experiment.corpus.vocabulary),
            "vector_coverage": self.experiment.vector_coverage,
            "examples": {name: len(split) for name, split in splits.items()},
            "data": self.experiment.files,
            "notes": self.experiment.notes,
            "versions": versions(),
            "git": git_state(),
        }


def _command() -> list[str]:
    """Returns the words that start the run again."""
    hydra = HydraConfig.get()
    folders = [source.path for source in hydra.runtime.config_sources if source.provider == "command-line"]
    flags = [word for folder in folders for word in ("--config-dir", folder)]
    return ["rnnlab", "train", *flags, *hydra.overrides.task]


def _discard(folder: Path) -> None:
    """Takes away what Hydra wrote for a run that never began."""
    if (folder / "checkpoints").exists():
        return  # another run's, which began here at the same moment
    shutil.rmtree(folder / ".hydra", ignore_errors=True)
    (folder / "train.log").unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()


def _told(error: RnnlabError) -> RnnlabError:
    """Prints the error where it happens (a sweep would show it only at its end) and marks it as told."""
    print_error(error)
    error.reported = True
    return error
