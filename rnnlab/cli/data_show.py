"""`rnnlab data show`: examples as a net gets to see them."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rnnlab.cli.options import Overrides

if TYPE_CHECKING:
    from rich.text import Text
    from torch import Tensor

    from rnnlab.core.batch import Batch
    from rnnlab.data.vocabulary import Vocabulary
    from rnnlab.tasks.base import TaskData

STEPS_SHOWN = 60


def show(
    overrides: Overrides = None,
    split: Annotated[Literal["train", "valid", "test"], typer.Option(help="Which examples.")] = "train",
    number: Annotated[int, typer.Option("--number", "-n", min=1, help="How many of them.")] = 3,
) -> None:
    """Show examples as a net gets them: tokens and ids, inserted tokens marked, unknown words dimmed.

    Of tasks with numbers: the numbers (the place of the one where they are one-hot) and what is asked for.
    """
    from rich.console import Console
    from rich.table import Table

    from rnnlab.core.errors import InputError
    from rnnlab.experiment.build import build_task, check_fit
    from rnnlab.experiment.compose import checked, compose_config
    from rnnlab.experiment.task_data import load_task_data
    from rnnlab.terminal.display import track_texts

    config = checked(compose_config(overrides or []))
    task = build_task(config)
    check_fit(config, task)
    task_data = load_task_data(config, task, track=track_texts)
    if split != "train" and split not in task_data.splits:
        raise InputError(
            f"--split {split}: there is none; there are {', '.join(['train', *task_data.splits])}"
        )
    batch, total = _first(task_data, split, number)
    table = Table("target", "length", "input", show_lines=True)
    for index in range(len(batch.lengths)):
        length = int(batch.lengths[index])
        inputs = batch.inputs[index][: length if task_data.texts else min(length, STEPS_SHOWN)]
        shown = _tokens(inputs.tolist(), task_data.vocabulary) if task_data.vocabulary else _numbers(inputs)
        table.add_row(_target(batch.targets[index], length, task_data), str(length), shown)
    console = Console()
    console.print(table)
    words = "" if task_data.vocabulary is None else f"; vocabulary: {len(task_data.vocabulary):,} words"
    console.print(f"{split}: {total}{words}; insert={config.insert}")


def _first(task_data: "TaskData", split: str, number: int) -> "tuple[Batch, str]":
    """Returns the first examples of a split as one batch, and how many there are."""
    import numpy as np

    from rnnlab.core.batch import Stream

    if split == "train" and isinstance(task_data.train, Stream):
        return next(iter(task_data.train.draw(0, 1, number))), "drawn without end"
    examples = task_data.finite[split]
    order = np.arange(min(number, len(examples)))
    return next(iter(examples.batches(order, number))), f"{len(examples):,} examples"


def _numbers(inputs: "Tensor") -> "Text":
    """Returns (steps, features) as text: one number a step where it is one feature, or one-hot."""
    from rich.text import Text

    one_hot = inputs.shape[1] > 2 and bool(
        ((inputs == 1).sum(dim=1) == 1).all() and (inputs.sum(dim=1) == 1).all()
    )
    if one_hot:
        return Text(" ".join(map(str, inputs.argmax(dim=1).tolist())))
    steps = [" ".join(f"{value:.3g}" for value in step) for step in inputs.tolist()]
    return Text(("  " if inputs.shape[1] == 1 else " | ").join(steps))


def _target(target: "Tensor", length: int, task_data: "TaskData") -> "Text":
    """Returns what is asked for: a class or number, or one for every step, · where nothing is asked."""
    from rich.text import Text

    from rnnlab.core.batch import UNCOUNTED

    def name(value: float) -> str:
        if value == UNCOUNTED:
            return "·"
        if target.is_floating_point() and not task_data.texts:
            return f"{value:.3g}"
        names = task_data.classes or (task_data.vocabulary.words if task_data.vocabulary else ())
        return names[int(value)] if names else str(int(value))

    if task_data.sizes.every_step:
        target = target[: min(length, STEPS_SHOWN)]
    return Text(" ".join(map(name, target.flatten().tolist())))


def _tokens(ids: list[int], vocabulary: "Vocabulary") -> "Text":
    from rich.text import Text

    from rnnlab.data.vocabulary import NEWNEG, NEWPOS, UNK
    from rnnlab.terminal.messages import printable

    styles = {NEWNEG: "bold reverse red", NEWPOS: "bold reverse green", UNK: "dim"}
    line = Text()
    for number in ids:
        word = vocabulary.words[number]
        line.append(printable(word), style=styles.get(word, ""))
        line.append(f" {number}  ", style="dim cyan")
    return line
