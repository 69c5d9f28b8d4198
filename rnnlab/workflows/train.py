"""One training, from a configuration to a finished run folder."""

import logging
from pathlib import Path

from rnnlab.experiment.experiment import Experiment, prepare
from rnnlab.experiment.job import Job
from rnnlab.experiment.launch import NO_FLAGS, HydraOptions, launch
from rnnlab.runs.files import BASELINES, BEST, LAST
from rnnlab.runs.finder import Run
from rnnlab.runs.writer import RunWriter
from rnnlab.training.callbacks import Checkpoints
from rnnlab.workflows.artifacts import write_artifacts
from rnnlab.workflows.callbacks import Probing, Shown, WordSimilarity
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.fit import fit_experiment
from rnnlab.workflows.run_logger import RunLogger
from rnnlab.workflows.sweep import Sweep, close_sweep
from rnnlab.workflows.trained_run import TrainedRun, just_trained

log = logging.getLogger("rnnlab")


def train(
    overrides: list[str], options: HydraOptions = NO_FLAGS, display: Display = SILENT
) -> TrainedRun | Sweep | None:
    """Trains the net that the overrides describe, or all of a sweep, which gets figures of its own.

    Returns the run, or the sweep; None where Hydra's flags ask for something else than a training.
    """
    runs: list[TrainedRun] = []
    sweeps: list[Path] = []

    def run_job(job: Job) -> float | None:
        if job.sweep_folder is not None:
            sweeps.append(job.sweep_folder)
        experiment = prepare(job.config, track=display.track)
        run = train_experiment(
            experiment, job.folder, command=job.words("train"), config_yaml=job.config_yaml, display=display
        )
        runs[:] = [run]  # of a sweep the last alone: all nets and data at once might be too much
        best: float | None = (run.summary["best"] or {}).get(run.summary["monitor"])
        return best

    try:
        launch(run_job, overrides, options, on_error=display.failed)
    finally:
        # Where one run of a sweep fails, the others are still worth comparing.
        sweep = close_sweep(sweeps[0], display) if sweeps else None
    return sweep or (runs[0] if runs else None)


def train_experiment(
    experiment: Experiment, folder: Path, *, command: list[str], config_yaml: str, display: Display = SILENT
) -> TrainedRun:
    """Trains the experiment's model into a new run folder.

    Args:
        experiment: what is trained, on what, and for how long.
        folder: where the run goes; must not hold one yet.
        command: the words that start the run again.
        config_yaml: the experiment's configuration, all interpolations resolved.
        display: shows how it goes.

    Returns:
        The finished run, its tables, figures and report written.

    Raises:
        DivergenceError: the loss stopped being a finite number; the run folder says so, too.
    """
    writer = RunWriter(folder)
    logger = RunLogger(experiment, writer, command=command, config_yaml=config_yaml)
    callbacks = [
        Checkpoints(last=folder / LAST, best=folder / BEST),
        WordSimilarity(experiment, writer),
        Probing(experiment, writer),
        logger,
    ]
    for note in [*experiment.notes, *(note for callback in callbacks for note in callback.notes)]:
        log.info("%s", note)
        display.note(note)
    plan = experiment.plan
    try:
        with display.training(sum(plan.steps(number) for number in range(1, plan.rounds + 1))) as rows:
            shown = Shown(experiment, rows)
            state = fit_experiment(experiment, [*callbacks, shown], progress=rows.progress)
    except KeyboardInterrupt:
        display.note(f"interrupted; the finished {plan.unit}s are kept in {folder}")
        raise
    run = just_trained(experiment, Run(folder, logger.summary), epoch=state.epoch, display=display)
    tables = write_artifacts(run)
    if (baselines := tables.get(BASELINES)) is not None:
        display.result("")
        display.table(baselines)
    display.result(f"\nrun folder: {folder}")
    return run
