"""`rnnlab doctor`: what ails a finished run."""

from typing import TYPE_CHECKING

from rnnlab.cli.options import Checkpoint, RunName

if TYPE_CHECKING:
    from rich.table import Table

    from rnnlab.experiment.restore import RestoredRun
    from rnnlab.probes.doctor import Diagnosis, Recipe

FIGURES = ("train_acc", "train_loss", "valid_acc", "valid_loss")


def doctor(run: RunName, checkpoint: Checkpoint = "last") -> None:
    """Find what ails a finished run, with the evidence and the override to try.

    Looks for a loss stuck at ln 2 (training loss within 0.02 of it), vanished early gradients (a
    thousandth of the largest, in a net below 0.9 accuracy), overfitting (0.1 in accuracy between training
    and validation, or validation loss up by 0.1), one-class output (95 % of the texts, and 5 % more than
    have that class) and poor vector coverage (below 90 % of the running words).

    The exit code is 0 whatever is found, 2 for a run that cannot be read.
    """
    from rnnlab.experiment.restore import restore
    from rnnlab.runs.finder import find_run
    from rnnlab.terminal.messages import printable
    from rnnlab.terminal.tables import print_table

    restored = restore(find_run(run), checkpoint=checkpoint)
    diagnoses = examine(restored)
    print(printable(f"{restored.run.name} ({restored.run.status}), {restored.place}"))
    print_table(_table(diagnoses))
    found = sum(bool(diagnosis.found) for diagnosis in diagnoses)
    print(f"{found} finding{'' if found == 1 else 's'}" if found else "no findings")


def examine(restored: "RestoredRun") -> "list[Diagnosis]":
    """Returns the five diagnoses of a run; raises InputError if its texts or figures are gone."""
    import pandas as pd

    from rnnlab.core.errors import InputError
    from rnnlab.experiment.probe_input import probe_input_of, require_labelled_texts, task_data_of
    from rnnlab.experiment.torch_settings import torch_settings
    from rnnlab.probes.doctor import diagnose, gather
    from rnnlab.runs.finder import metrics_path
    from rnnlab.terminal.display import track_texts

    require_labelled_texts(restored, "doctor")
    if restored.epoch == 0:
        raise InputError(f"{restored.run.folder}: no epoch is finished; there is nothing to diagnose yet")
    path = metrics_path(restored.run)
    try:
        metrics = pd.read_csv(path)[["epoch", *FIGURES]].astype(float)
    except (ValueError, KeyError) as error:
        raise InputError(f"{path}: not readable as a table of metrics ({error})") from None
    task_data = task_data_of(restored, track=track_texts)
    with torch_settings(restored.config):
        evidence = gather(
            probe_input_of(restored, task_data),
            metrics[metrics["epoch"] <= restored.epoch],
            train_labels=task_data.texts["train"].labels,
            token_coverage=restored.run.summary.get("vector_coverage"),
        )
    return diagnose(evidence, _recipe(restored))


def _recipe(restored: "RestoredRun") -> "Recipe":
    from rnnlab.probes.doctor import Recipe

    config = restored.config
    return Recipe(
        model=restored.model,
        optimizer=config.optimizer.class_name,
        learning_rate=float(config.optimizer.settings["lr"]),
        insert=config.insert,
        freeze=config.freeze,
        tokenizer=config.data.tokenizer,
        strip_html=config.data.strip_html,
    )


def _table(diagnoses: "list[Diagnosis]") -> "Table":
    from rich.table import Table

    table = Table("issue", "", "evidence", "try", show_lines=True)
    for diagnosis in diagnoses:
        verdict = {True: "[bold red]found[/]", False: "[green]no[/]", None: "[yellow]not checked[/]"}
        ways = "\n".join(diagnosis.overrides)
        table.add_row(diagnosis.issue, verdict[diagnosis.found], diagnosis.evidence, ways)
    return table
