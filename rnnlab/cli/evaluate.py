"""`rnnlab evaluate`: a finished run on any split or file."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rnnlab.cli.options import Checkpoint, RunName

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from rnnlab.experiment.restore import RestoredRun


def evaluate(
    run: RunName,
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="[data.test=PATH]", help="A file or folder of labelled texts."),
    ] = None,
    split: Annotated[
        Literal["train", "valid", "test"] | None, typer.Option(help="A split of the run; by default valid.")
    ] = None,
    checkpoint: Checkpoint = "last",
) -> None:
    """Print the metrics of a finished run beside those of simple rules, and for sentiment a confusion table.

    Training and validation texts get the run's inserted tokens; those of data.test get none.
    """
    from rich.console import Console
    from rich.table import Table

    from rnnlab.experiment.probe_input import examples_of
    from rnnlab.experiment.restore import restore
    from rnnlab.runs.finder import find_run
    from rnnlab.terminal.display import track_texts
    from rnnlab.terminal.messages import print_note
    from rnnlab.training.loop import evaluate as measured

    restored = restore(find_run(run), checkpoint=checkpoint)
    test = _test_path(overrides or [], split)
    name, examples, notes = examples_of(restored, split, test=test, track=track_texts)
    for note in notes:
        print_note(note)
    metrics = measured(restored.model, restored.task, examples, device=restored.device)
    console = Console()
    examples_are = "texts" if restored.task.unit == "texts" else "sequences"
    heading = f"{restored.run.name}, {restored.place}, on {name} ({len(examples):,} {examples_are})"
    console.print(heading, markup=False, highlight=False, soft_wrap=True)
    figures = Table("", *metrics)
    figures.add_row("net", *(f"{value:.4f}" for value in metrics.values()))
    for rule, values in _baselines(restored).items():
        figures.add_row(rule, *(f"{values[key]:.4f}" if key in values else "" for key in metrics))
    console.print(figures)
    counts = restored.task.confusion(restored.predict_fn, examples, restored.classes)
    if counts is not None:
        console.print(_confusion(counts))


def _test_path(overrides: list[str], split: str | None) -> str | None:
    """Returns the path of data.test=PATH; raises InputError for anything else."""
    from rnnlab.core.errors import InputError, did_you_mean

    paths = dict(word.partition("=")[::2] for word in overrides)
    unknown = next((key for key in paths if key != "data.test"), None)
    if unknown is not None:
        raise InputError(
            f"{unknown}: no such key here{did_you_mean(unknown, ['data.test'])} (expected data.test=PATH)"
        )
    if paths.get("data.test") == "":
        raise InputError("data.test: expected a file or folder, as in data.test=PATH")
    if paths and split is not None:
        raise InputError(f"--split {split}: makes no sense beside data.test; leave one of them out")
    return paths.get("data.test")


def _baselines(restored: "RestoredRun") -> dict[str, dict[str, float]]:
    """Returns what simple rules reach, by their name and metric."""
    rules: dict[str, dict[str, float]] = {}
    for metric, found in restored.run.summary.get("baselines", {}).items():
        for rule, value in found.items():
            rules.setdefault(rule, {})[metric] = value
    return rules


def _confusion(counts: "pd.DataFrame") -> "Table":
    """Returns how many texts of each label are called what."""
    from rich.table import Table

    table = Table("label", *(f"predicted {name}" for name in counts), title="confusion (texts)")
    for label, row in counts.iterrows():
        table.add_row(str(label), *(f"{count:,}" for count in row))
    return table
