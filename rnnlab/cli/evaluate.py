"""`rnnlab evaluate`: a finished run on any split or file."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from rnnlab.config.restore import RestoredRun
    from rnnlab.data.splits import TextSplit

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
    """Print accuracy, loss and confusion table of a finished run.

    Training and validation texts get the run's inserted tokens; those of data.test get none.
    """
    from rich.console import Console
    from rich.table import Table

    from rnnlab.config.restore import restore
    from rnnlab.runs.finder import find_run

    restored = restore(find_run(run), checkpoint=checkpoint)
    name, texts = _texts(restored, overrides or [], split)
    metrics, confusion = _measure(restored, texts)
    console = Console()
    heading = f"{restored.run.name}, epoch {restored.epoch}, on {name} ({len(texts):,} texts)"
    console.print(heading, markup=False, highlight=False, soft_wrap=True)
    figures = Table(*metrics)
    figures.add_row(*(f"{value:.4f}" for value in metrics.values()))
    console.print(figures)
    table = Table("label", "predicted neg", "predicted pos", title="confusion (texts)")
    for label, row in zip(("neg", "pos"), confusion, strict=True):
        table.add_row(label, *(f"{count:,}" for count in row))
    console.print(table)


def _texts(restored: "RestoredRun", overrides: list[str], split: str | None) -> tuple[str, "TextSplit"]:
    """Returns the name and the encoded texts of what is to be evaluated, in the run's precision."""
    from dataclasses import replace
    from pathlib import Path

    import torch

    from rnnlab.cli.display import track_texts
    from rnnlab.cli.messages import print_note
    from rnnlab.config.build import build_corpus, encoding_of, with_insertion
    from rnnlab.core.errors import InputError, did_you_mean
    from rnnlab.data.corpus import encode_file

    config = restored.config
    precision = getattr(torch, config.training.precision)
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
    if paths or (split == "test" and config.data.test is not None):
        path = Path(paths.get("data.test") or str(config.data.test))
        texts, notes = encode_file(path, restored.vocabulary, encoding_of(config), track=track_texts)
        for note in notes:
            print_note(note)
        return str(path), replace(texts, precision=precision)
    corpus = build_corpus(config, track=track_texts)
    if corpus.vocabulary.words != restored.vocabulary.words:
        raise InputError(f"{config.data.train}: has changed since the run (its vocabulary differs)")
    name = split or ("valid" if "valid" in corpus.splits else "train")
    if name not in corpus.splits:
        raise InputError(f"--split {name}: the run has none; it has {', '.join(corpus.splits)}")
    return name, replace(
        with_insertion(corpus.splits[name], config, restored.vocabulary), precision=precision
    )


def _measure(restored: "RestoredRun", texts: "TextSplit") -> tuple[dict[str, float], list[list[int]]]:
    """Returns the task's metrics, averaged over texts, and counts[label][predicted]."""
    import torch

    from rnnlab.training.loop import EVALUATION_BATCH, evaluate

    metrics = evaluate(restored.model, restored.task, texts, device=restored.device)
    counts = [[0, 0], [0, 0]]
    with torch.no_grad():
        for batch in texts.batches(texts.by_length(), EVALUATION_BATCH):
            logits = restored.model(batch.inputs.to(restored.device), batch.lengths)
            predicted = (torch.sigmoid(logits[:, 0]) > 0.5).long().tolist()
            for label, guess in zip(batch.targets.long().tolist(), predicted, strict=True):
                counts[label][guess] += 1
    return metrics, counts
