"""What is walked through: a net and one sequence."""

from collections.abc import Sequence
from typing import NamedTuple

from rnnlab.cells.activations import Array
from rnnlab.scratch.losses import CRITERIA, Loss
from rnnlab.scratch.nets import NetCache, SequenceNet


class Example(NamedTuple):
    """A net, a sequence of T steps, and what is asked.

    steps: the word or the numbers of each; inputs: ids (1, T) or numbers (1, T, E); targets: as the criterion
    takes them, one of `losses.CRITERIA`; classes: the names of what a class's number stands for, if any.
    """

    net: SequenceNet
    steps: list[str]
    inputs: Array
    targets: Array
    criterion: str
    classes: Sequence[str] = ()

    def class_name(self, number: int) -> str:
        """Returns a class's name, or its number where it has none."""
        return self.classes[number] if self.classes else str(number)


class Walked(NamedTuple):
    """One pass forward and the loss, from which the way back begins."""

    logits: Array
    cache: NetCache
    loss: Loss


def walk(example: Example) -> Walked:
    """Returns the example's pass forward and its loss."""
    logits, cache = example.net.forward(example.inputs)
    return Walked(logits, cache, CRITERIA[example.criterion](logits, example.targets))


def run_titles(net: SequenceNet) -> list[str]:
    """Returns what is said in a title of each layer and direction, nothing where there is but one."""
    assert net.recurrent is not None
    layer = net.recurrent
    titles = []
    for number in range(1, layer.num_layers + 1):
        for direction in layer.directions:
            words = [f"layer {number}"] if layer.num_layers > 1 else []
            if len(layer.directions) > 1:
                words.append("backward" if direction else "forward")
            titles.append("".join(f", {word}" for word in words))
    return titles
