"""What ails a finished run."""

from rnnlab.core.errors import InputError
from rnnlab.experiment.probe_input import require_labelled_texts
from rnnlab.experiment.torch_settings import torch_settings
from rnnlab.probes.doctor import Diagnosis, Recipe, diagnose, gather
from rnnlab.runs.finder import metrics_path
from rnnlab.runs.tables import read_metrics
from rnnlab.workflows.trained_run import TrainedRun

FIGURES = ("train_acc", "train_loss", "valid_acc", "valid_loss")


def examine(run: TrainedRun) -> list[Diagnosis]:
    """Returns the five diagnoses of a run; raises InputError if its texts or figures are gone."""
    require_labelled_texts(run, "doctor")
    if run.epoch == 0:
        raise InputError(f"{run.folder}: no epoch is finished; there is nothing to diagnose yet")
    path = metrics_path(run.run)
    try:
        metrics = read_metrics(path)[["epoch", *FIGURES]].astype(float)
    except KeyError as error:
        raise InputError(f"{path}: expected the columns epoch, {', '.join(FIGURES)} ({error})") from None
    with torch_settings(run.config):
        evidence = gather(
            run.probe_input,
            metrics[metrics["epoch"] <= run.epoch],
            train_labels=run.task_data.texts["train"].labels,
            token_coverage=run.summary.get("vector_coverage"),
        )
    return diagnose(evidence, _recipe(run))


def _recipe(run: TrainedRun) -> Recipe:
    config = run.config
    return Recipe(
        model=run.model,
        optimizer=config.optimizer.class_name,
        learning_rate=float(config.optimizer.settings["lr"]),
        insert=config.insert,
        freeze=config.freeze,
        tokenizer=config.data.tokenizer,
        strip_html=config.data.strip_html,
    )
