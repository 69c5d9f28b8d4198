"""`rnnlab evaluate`: a finished run on any split or file."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from rnnlab.core.batch import Split
    from rnnlab.data.splits import TextSplit
    from rnnlab.experiment.restore import RestoredRun

RunName = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's path, folder name, unique prefix of it, or latest.")
]
Checkpoint = Annotated[Literal["last", "best"], typer.Option(help="Which parameters of the run.")]


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

    from rnnlab.data.splits import TextSplit
    from rnnlab.experiment.restore import restore
    from rnnlab.runs.finder import find_run
    from rnnlab.training.loop import evaluate as measured

    restored = restore(find_run(run), checkpoint=checkpoint)
    name, examples = _examples(restored, _test_path(overrides or [], split), split)
    metrics = measured(restored.model, restored.task, examples, device=restored.device)
    console = Console()
    examples_are = "texts" if isinstance(examples, TextSplit) else "sequences"
    heading = f"{restored.run.name}, {restored.place}, on {name} ({len(examples):,} {examples_are})"
    console.print(heading, markup=False, highlight=False, soft_wrap=True)
    figures = Table("", *metrics)
    figures.add_row("net", *(f"{value:.4f}" for value in metrics.values()))
    for rule, values in _baselines(restored).items():
        figures.add_row(rule, *(f"{values[key]:.4f}" if key in values else "" for key in metrics))
    console.print(figures)
    if isinstance(examples, TextSplit):
        console.print(_confusion(restored, examples))


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


def _examples(restored: "RestoredRun", test: str | None, split: str | None) -> "tuple[str, Split]":
    """Returns the name and the examples of what is to be evaluated, in the run's precision."""
    from dataclasses import replace
    from pathlib import Path

    import torch

    from rnnlab.core.errors import InputError
    from rnnlab.data.corpus import encode_file
    from rnnlab.experiment.build import check_fit, encoding_of
    from rnnlab.experiment.probe_input import task_data_of
    from rnnlab.tasks.sentiment import Sentiment
    from rnnlab.terminal.display import track_texts
    from rnnlab.terminal.messages import print_note

    config = restored.config
    texts_of = test or (config.data.test if split == "test" else None)
    if isinstance(restored.task, Sentiment) and texts_of is not None:
        assert restored.vocabulary is not None
        texts, notes = encode_file(
            Path(texts_of), restored.vocabulary, encoding_of(config), track=track_texts
        )
        for note in notes:
            print_note(note)
        return texts_of, replace(texts, precision=getattr(torch, config.training.precision))
    if test is not None:
        data = config.data.model_copy(update={"test": test})
        restored = replace(restored, config=config.model_copy(update={"data": data}))
        check_fit(restored.config, restored.task)
    task_data = task_data_of(restored, track=track_texts)
    name = "test" if test else split or task_data.evaluation_split
    if name not in task_data.finite:
        raise InputError(f"--split {name}: the run has none; it has {', '.join(task_data.finite)}")
    return test or name, task_data.finite[name]


def _baselines(restored: "RestoredRun") -> dict[str, dict[str, float]]:
    """Returns what simple rules reach, by their name and metric."""
    rules: dict[str, dict[str, float]] = {}
    for metric, found in restored.run.summary.get("baselines", {}).items():
        for rule, value in found.items():
            rules.setdefault(rule, {})[metric] = value
    return rules


def _confusion(restored: "RestoredRun", texts: "TextSplit") -> "Table":
    """Returns how many texts of each label are called what."""
    from rich.table import Table

    from rnnlab.training.loop import every_example

    counts = [[0, 0], [0, 0]]
    for batch in every_example(texts):
        predicted = (restored.predict_fn(batch)[:, 0] > 0).long().tolist()
        for label, guess in zip(batch.targets.long().tolist(), predicted, strict=True):
            counts[label][guess] += 1
    table = Table("label", "predicted neg", "predicted pos", title="confusion (texts)")
    for label, row in zip(("neg", "pos"), counts, strict=True):
        table.add_row(label, *(f"{count:,}" for count in row))
    return table
