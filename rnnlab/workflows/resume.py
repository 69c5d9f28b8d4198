"""A run that was interrupted, killed or failed goes on, or a finished one trains further: as if it had never
been interrupted, bit for bit.
"""

import logging
import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rnnlab.core.errors import InputError, RnnlabError
from rnnlab.core.files import check_replaceable, link
from rnnlab.core.printable import PrintableFormatter
from rnnlab.core.profile import span
from rnnlab.data.vocabulary import Vocabulary
from rnnlab.experiment.experiment import Experiment, prepare
from rnnlab.experiment.hydra_options import NO_FLAGS, HydraOptions
from rnnlab.experiment.restore import read_sizes, with_own_cache
from rnnlab.experiment.resumed import ResumedConfig, resumed_config
from rnnlab.runs.files import BEST, LAST, LOGS, TRAIN_AFTER, VOCABULARY, WITHIN
from rnnlab.runs.finder import Run, all_runs, find_run, open_run
from rnnlab.runs.writer import RunWriter
from rnnlab.training.checkpoint import read_facts
from rnnlab.training.plan import Plan
from rnnlab.workflows.callbacks import Figures, is_look, stopped_by
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.run_logger import Earlier, RunLogger
from rnnlab.workflows.train import run_training
from rnnlab.workflows.trained_run import TrainedRun, load_run

log = logging.getLogger("rnnlab")
LOG_FORMAT = "%(asctime)s %(levelname)s %(message)s"


def resume(
    name: str | Path,
    overrides: Sequence[str] = (),
    display: Display = SILENT,
    *,
    force: bool = False,
    page: bool = True,
) -> TrainedRun:
    """Goes on with a run where its newest checkpoint has it, in its own folder.

    Args:
        name: the run's path, folder name, unique prefix of one, or `latest`.
        overrides: KEY=VALUE of what may differ: `training.epochs` or `training.steps`, `training.patience`.
        display: shows how it goes.
        force: also where a process on another host, of which nothing is known here, was at work on it.
        page: whether to write figures and report, too.

    Returns:
        The finished run; as it is where nothing is left to do.

    Raises:
        InputError: the run is being trained, its data is other than it was, or a word asks for what a run
            that has begun cannot have.
    """
    folder = _find(str(name)).folder
    with RunWriter.of_run(folder) as writer, _logged(folder):
        run = open_run(folder)  # which may have changed until the folder was this process's
        _check_not_under_way(run, force=force, alone=writer.alone)
        changed = resumed_config(folder, _command(run), overrides)
        experiment = prepare(with_own_cache(changed.config), track=display.track)
        _check_same(experiment, run)
        checkpoint, facts = _newest(folder)
        _check_plan(experiment.plan, facts, changed)
        if (reason := _nothing_left(run, experiment, facts)) is not None:
            display.message(f"{run.name}: {reason}")
            return load_run(folder, display=display)
        return _go_on(run, experiment, writer, changed, checkpoint, facts, display, page=page)


def resume_alone(
    name: str | None,
    overrides: Sequence[str],
    options: HydraOptions,
    display: Display,
    *,
    force: bool,
    profile: bool,
    of_sweep: bool,
) -> TrainedRun:
    """Does so for a command line; raises InputError for options that make no sense beside it, too."""
    given = [word for word in options.words() if word.startswith("--")]
    others = {
        "--config-name": options.config_name != NO_FLAGS.config_name,
        "--profile": profile,
        "an option of sweeps": of_sweep,
    }
    given += [word for word, there in others.items() if there]
    if name is None:
        raise InputError("--force: makes no sense without --resume RUN")
    if given:
        raise InputError(f"--resume and {given[0]}: make no sense together; leave one of them out")
    return resume(name, overrides, display, force=force)


def _go_on(
    run: Run,
    experiment: Experiment,
    writer: RunWriter,
    changed: ResumedConfig,
    checkpoint: Path | None,
    facts: Mapping[str, Any],
    display: Display,
    *,
    page: bool,
) -> TrainedRun:
    plan, begun = experiment.plan, checkpoint is not None
    places = {plan.place(epoch): epoch for epoch in range(facts["epoch"] + 1)} if begun else {}
    cells = writer.cut_tables(
        places.__contains__,
        lambda place: is_look(experiment, places[place]),
        rows=len(places),
    )
    forgotten = writer.forget_results()
    _tidy(run.folder, checkpoint)
    place = "its start" if not begun else f"{plan.unit} {plan.place(facts['epoch'])}"
    place += f", batch {facts['batch']}" if facts["batch"] else ""
    rows = _figures(cells, has_validation="valid" in experiment.task_data.splits)
    earlier = Earlier(run.summary, rows, facts["best_epoch"], place)
    words = [*_without(run, changed.changes), *changed.changes]
    with span(RunLogger.part):
        logger = RunLogger(experiment, writer, command=words, config_yaml=changed.text, earlier=earlier)
    notes = [*changed.notes, *_changed_versions(run, logger), f"goes on after {place}"]
    try:
        done = run_training(
            experiment, writer, logger, checkpoint=checkpoint, notes=notes, display=display, page=page
        )
    except Exception as error:
        log.error("%s", error, exc_info=not isinstance(error, RnnlabError))
        raise
    if gone := [name for name in forgotten if not (run.folder / name).is_file()]:
        display.note(f"taken away, for they were about the net of before: {', '.join(gone)}")
    return done


@contextmanager
def _logged(folder: Path) -> Iterator[None]:
    """Writes into the log that the run has, unless a job does so already."""
    path, root = next(iter(sorted(folder.glob(LOGS))), folder / "train.log"), logging.getLogger()
    if str(path.resolve()) in [getattr(handler, "baseFilename", "") for handler in root.handlers]:
        yield
        return
    handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    handler.setFormatter(PrintableFormatter(LOG_FORMAT))
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        handler.close()


def _find(name: str) -> Run:
    runs = all_runs() if name == "latest" else []
    return runs[-1] if runs else find_run(name)  # the latest may well be one that was killed


def _command(run: Run) -> list[str]:
    return shlex.split(str(run.summary.get("command", "rnnlab train")))


def _check_not_under_way(run: Run, *, force: bool, alone: bool) -> None:
    """Raises InputError for a run that a process is at work on, or may be; alone: none of this host is."""
    process = run.summary.get("process")
    if force or not (run.under_way or run.status == "unfinished") or (alone and run.status == "running"):
        return
    if not isinstance(process, Mapping):
        raise InputError(f"{run.folder}: may still be trained; add --force if it is not")
    raise InputError(
        f"{run.folder}: is being trained by process {process.get('pid')} on {process.get('host')}"
        + ("" if run.status == "running" else "; add --force if that has ended")
    )


def _check_same(experiment: Experiment, run: Run) -> None:
    """Raises InputError where what is trained on, or by, is other than it was."""
    task_data, summary = experiment.task_data, run.summary
    for name, recorded in summary.get("data", {}).items():
        found = task_data.files.get(name, {})
        if found.get("sha256") != recorded.get("sha256"):
            raise InputError(
                f"{recorded.get('path')}: data.{name} has changed since the run (its SHA-256 differs)"
            )
    if task_data.vocabulary is not None:
        path = run.folder / VOCABULARY
        if Vocabulary.load(path) != task_data.vocabulary:
            raise InputError(f"{path}: the data gives another vocabulary than it gave the run")
    if read_sizes(run) != task_data.sizes:
        raise InputError(f"{run.folder}: the data asks for a net of another shape than it asked for")
    for module, classes in experiment.config.modules.items():
        for name, digest in classes.items():
            if summary.get("modules", {}).get(module, {}).get(name) != digest:
                raise InputError(f"{name}: its file has changed since the run (its SHA-256 differs)")
    if summary.get("device") != experiment.device:
        raise InputError(
            f"training.device: the run was trained on {summary.get('device')}, here it would be on "
            f"{experiment.device}, which computes other figures"
        )


def _newest(folder: Path) -> tuple[Path | None, dict[str, Any]]:
    """Returns the checkpoint of the run that is furthest, and its facts; of a run that has none its start."""
    paths = [folder / name for name in (LAST, BEST, WITHIN)]
    for path in paths:  # before anything is taken away that one could not be written over
        check_replaceable(path)
    found = {path: read_facts(path) for path in paths if path.is_file()}
    if not found:
        return None, {"epoch": 0, "batch": 0, "best_epoch": None}
    path = max(found, key=lambda path: (found[path]["epoch"], found[path]["batch"]))
    return path, found[path]


def _tidy(folder: Path, checkpoint: Path | None) -> None:
    """Takes away a checkpoint within a round that is older than the one to go on from, and names the best one
    the last, where a process was killed before it could do so.
    """
    if checkpoint != folder / WITHIN:
        (folder / WITHIN).unlink(missing_ok=True)
    if checkpoint == folder / BEST:
        link(checkpoint, folder / LAST)


def _check_plan(plan: Plan, facts: Mapping[str, Any], changed: ResumedConfig) -> None:
    """Raises InputError for a plan that ends before where the run is, or does not come by there."""
    epoch, batch, training = facts["epoch"], facts["batch"], changed.recorded.training
    key, asked = f"training.{plan.unit}s", plan.place(plan.rounds)
    if epoch > plan.rounds or (batch and (epoch == plan.rounds or batch >= plan.steps(epoch + 1))):
        begun = plan.name(epoch + 1, batch) if batch else f"{plan.unit} {plan.place(epoch)}"
        raise InputError(f"{key}: the run has come to {begun}; expected more, found {asked}")
    place = epoch if training.validate_every is None else epoch * training.validate_every
    place = place if training.steps is None else min(place, training.steps)
    if place != plan.place(epoch):
        raise InputError(
            f"{key}: the run is at step {place}, where one of {asked} steps is not validated "
            f"(training.validate_every={training.validate_every}); expected {place}, or train anew"
        )


def _nothing_left(run: Run, experiment: Experiment, facts: Mapping[str, Any]) -> str | None:
    """Returns why nothing is left to do for a finished run, None if there is something."""
    plan, patience, epoch = experiment.plan, experiment.config.training.patience, facts["epoch"]
    if run.status not in ("finished", "stopped") or facts["batch"]:
        return None
    if epoch >= plan.rounds:
        return f"finished; for more: training.{plan.unit}s={2 * plan.place(plan.rounds)}"
    limit = experiment.config.training.max_minutes
    if limit is not None and run.summary.get("stopped") == stopped_by(limit):
        return f"finished, {run.summary['stopped']}; for more: training.max_minutes=null"
    if patience is not None and epoch - (facts["best_epoch"] or 0) >= patience:
        return f"finished, for it had not improved for {patience} rounds; for more: training.patience=null"
    return None


def _figures(cells: list[list[str]], *, has_validation: bool) -> list[Figures]:
    """Returns the rows of metrics.csv as they were once told."""

    def value(name: str, cell: str) -> float | int | None:
        if cell:
            return int(cell) if cell.lstrip("-").isdigit() else float(cell)
        measured = has_validation or name.startswith(("train_", TRAIN_AFTER))
        return math.nan if measured else None

    names, *rows = cells or [[]]
    return [{name: value(name, cell) for name, cell in zip(names, row, strict=True)} for row in rows]


def _without(run: Run, changes: Sequence[str]) -> list[str]:
    """Returns the words that started the run, without those of keys that are changed."""
    keys = {word.partition("=")[0] for word in changes}
    return [word for word in _command(run) if word.lstrip("+").partition("=")[0] not in keys]


def _changed_versions(run: Run, logger: RunLogger) -> list[str]:
    """Returns a note where other versions train on, of which the figures may differ in their last digits."""
    now = logger.summary["resumed"][-1].get("versions", {})
    then = run.summary.get("versions", {})
    changed = [f"{name} {now[name]} (was {then.get(name)})" for name in now if now[name] != then.get(name)]
    return [f"other versions than before: {', '.join(changed)}; figures may differ"] if changed else []
