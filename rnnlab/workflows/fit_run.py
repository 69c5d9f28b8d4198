"""From a prepared experiment to a finished run folder."""

import logging

from rnnlab.experiment.build import build_state
from rnnlab.experiment.experiment import Experiment
from rnnlab.runs.files import BEST, LAST
from rnnlab.terminal.display import TrainingDisplay
from rnnlab.terminal.messages import print_note
from rnnlab.training.checkpoint import save_checkpoint
from rnnlab.training.loop import fit
from rnnlab.workflows.callbacks import Observers
from rnnlab.workflows.run_logger import Record

log = logging.getLogger("rnnlab")


def train_into(experiment: Experiment, record: Record, display: TrainingDisplay) -> float | None:
    """Trains, writing each epoch into the record's run folder; returns the monitor at its best."""
    training = experiment.config.training
    state = build_state(experiment.config, experiment.model)
    observers = Observers(experiment, record.writer, state.optimizer)
    for note in [*experiment.notes, *observers.notes]:
        log.info("%s", note)
        print_note(note)
    rows = fit(
        state,
        experiment.task,
        experiment.plan,
        experiment.task_data.splits.get("valid"),
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
        observers.look(row)
        record.add(row)
        display.row(record.rows[-1])
    record.finish("finished")
    return state.best
