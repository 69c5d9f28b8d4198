"""Examples as a net gets to see them, in a terminal."""

from itertools import cycle

from rich.table import Table
from rich.text import Text
from torch import Tensor

from rnnlab.core.batch import UNCOUNTED, Batch
from rnnlab.core.printable import printable
from rnnlab.data.hashed_ngrams import names_of
from rnnlab.data.labels import is_class_token
from rnnlab.data.vocabulary import UNK
from rnnlab.tasks.base import TaskData

STEPS_SHOWN = 60
COLOURS = ("red", "green", "blue", "magenta", "yellow", "cyan")


def table_of_examples(batch: Batch, task_data: TaskData) -> Table:
    """Returns a row per example: what is asked for, its length and its steps, long ones of numbers cut."""
    table = Table("target", "length", "input", show_lines=True)
    for index in range(len(batch.lengths)):
        length = int(batch.lengths[index])
        inputs = batch.inputs[index][: length if task_data.texts else min(length, STEPS_SHOWN)]
        shown = _tokens(inputs.tolist(), task_data) if task_data.vocabulary else _numbers(inputs)
        table.add_row(_target(batch.targets[index], length, task_data), str(length), shown)
    return table


def _numbers(inputs: Tensor) -> Text:
    """Returns (steps, features) as text: one number per step where it is one feature, or one-hot."""
    one_hot = inputs.shape[1] > 2 and bool(
        ((inputs == 1).sum(dim=1) == 1).all() and (inputs.sum(dim=1) == 1).all()
    )
    if one_hot:
        return Text(" ".join(map(str, inputs.argmax(dim=1).tolist())))
    steps = [" ".join(f"{value:.3g}" for value in step) for step in inputs.tolist()]
    return Text(("  " if inputs.shape[1] == 1 else " | ").join(steps))


def _target(target: Tensor, length: int, task_data: TaskData) -> Text:
    """Returns what is asked for: a class or number, or one for every step, · where nothing is asked."""

    def name(value: float) -> str:
        if value == UNCOUNTED:
            return "·"
        if target.is_floating_point() and not task_data.texts:
            return f"{value:.3g}"
        names = task_data.classes or (task_data.vocabulary.words if task_data.vocabulary else ())
        return names[int(value)] if names else str(int(value))

    if task_data.sizes.every_step:
        target = target[: min(length, STEPS_SHOWN)]
    return Text(printable(" ".join(map(name, target.flatten().tolist()))))


def _tokens(ids: list[int], task_data: TaskData) -> Text:
    vocabulary, texts = task_data.vocabulary, task_data.texts.get("train")
    assert vocabulary is not None
    words = names_of(ids, vocabulary, None if texts is None else texts.ngrams)
    tokens = [word for word in vocabulary.words if is_class_token(word)]
    styles = {UNK: "dim"} | {word: f"bold reverse {colour}" for word, colour in zip(tokens, cycle(COLOURS))}
    line = Text()
    for number, word in zip(ids, words, strict=True):
        line.append(printable(word), style=styles.get(word, ""))
        line.append(f" {number}  ", style="dim cyan")
    return line
