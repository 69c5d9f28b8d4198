"""One training, from a configuration to a finished run folder."""

import logging
from collections.abc import Sequence
from pathlib import Path

from rnnlab.core.profile import span
from rnnlab.experiment.engine_choice import first_compilation
from rnnlab.experiment.experiment import Experiment, prepare
from rnnlab.experiment.job import Job
from rnnlab.runs.files import BASELINES, BEST, LAST, WITHIN
from rnnlab.runs.finder import Run
from rnnlab.runs.writer import RunWriter
from rnnlab.training.checkpoint import read_facts
from rnnlab.training.checkpoints import Checkpoints
from rnnlab.training.plan import Plan
from rnnlab.workflows.artifacts import write_artifacts, write_tables
from rnnlab.workflows.callbacks import Probing, Shown, TimeLimit, WordSimilarity
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.final_test import final_test
from rnnlab.workflows.fit import fit_experiment
from rnnlab.workflows.run_logger import RunLogger
from rnnlab.workflows.trained_run import TrainedRun, just_trained

log = logging.getLogger("rnnlab")


def train_job(job: Job, display: Display, *, page: bool = True) -> TrainedRun:
    """Trains what a job describes, into its folder; page: see `train_experiment`."""
    experiment = prepare(job.config, track=display.track)
    return train_experiment(
        experiment,
        job.folder,
        command=job.words("train"),
        config_yaml=job.config_yaml,
        display=display,
        page=page,
    )


def train_experiment(
    experiment: Experiment,
    folder: Path,
    *,
    command: list[str],
    config_yaml: str,
    display: Display = SILENT,
    page: bool = True,
) -> TrainedRun:
    """Trains the experiment's model into a new run folder.

    Args:
        experiment: what is trained, on what, and for how long.
        folder: where the run goes; must not hold one yet.
        command: the words that start the run again.
        config_yaml: the experiment's configuration, all interpolations resolved.
        display: shows how it goes.
        page: whether to write figures and report, too, which may take as long as a short training.

    Returns:
        The finished run, its tables written.

    Raises:
        DivergenceError: the loss stopped being a finite number; the run folder says so, too.
    """
    with RunWriter(folder) as writer:
        with span(RunLogger.part):
            logger = RunLogger(experiment, writer, command=command, config_yaml=config_yaml)
        notes = experiment.notes
        return run_training(experiment, writer, logger, notes=notes, display=display, page=page)


def run_training(
    experiment: Experiment,
    writer: RunWriter,
    logger: RunLogger,
    *,
    display: Display,
    notes: Sequence[str] = (),
    page: bool = True,
    checkpoint: Path | None = None,
) -> TrainedRun:
    """Trains the experiment's model into the folder of its writer, from its start or from a checkpoint.

    notes: what a person should know before, one line each.
    """
    folder, plan, training = writer.folder, experiment.plan, experiment.config.training
    checkpoints = Checkpoints(
        last=folder / LAST,
        best=folder / BEST,
        within=folder / WITHIN,
        every=training.checkpoint_every,
        minutes=training.checkpoint_minutes,
    )
    # The state is written after all that is about it, so that of a run that goes on from there nothing lacks.
    callbacks = [logger, WordSimilarity(experiment, writer), Probing(experiment, writer), checkpoints]
    if checkpoint is None:
        notes = [*notes, *(note for callback in callbacks for note in callback.notes)]
    for note in notes:
        log.info("%s", note)
        display.note(note)
    with span("model"):
        compiling = first_compilation(experiment.config, experiment.model)
    if compiling:
        display.message(compiling)
    limit = TimeLimit(experiment, logger.wall_seconds, logger.stopped)
    try:
        with display.training(_batches_left(plan, checkpoint)) as rows:
            state = fit_experiment(
                experiment,
                [*callbacks, Shown(experiment, rows), limit],
                checkpoint=checkpoint,
                progress=rows.progress,
                after_batch=checkpoints.on_batch if checkpoints.within_rounds else None,
            )
    except KeyboardInterrupt:
        display.note(
            f"interrupted; the finished {plan.unit}s are kept in {folder}; go on with: "
            f"rnnlab train --resume {Run(folder, {}).argument}"
        )
        raise
    if limit.reached is not None:
        display.note(f"{limit.reached} after {plan.unit} {plan.place(state.epoch)}")
    tested = final_test(experiment, state, folder)
    if tested is not None:
        logger.on_test(tested.facts())
    run = just_trained(experiment, Run(folder, logger.summary), epoch=state.epoch, display=display)
    with span("report"):
        tables = write_artifacts(run) if page else write_tables(run)
    logger.complete()
    if (baselines := tables.get(BASELINES)) is not None:
        display.result("")
        display.table(baselines)
    if tested is not None:
        display.result("")
        display.result(str(tested))
    display.result("")
    display.result(f"run folder: {folder}")
    display.result(str(logger.training_time()))
    return run


def _batches_left(plan: Plan, checkpoint: Path | None) -> int:
    """Returns how many batches there are in all, but for those before a checkpoint."""
    facts = {"epoch": 0, "batch": 0} if checkpoint is None else read_facts(checkpoint)
    return plan.steps_after(facts["epoch"]) - int(facts["batch"])
