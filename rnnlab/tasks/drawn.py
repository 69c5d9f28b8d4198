"""Examples that are drawn: without end to train on, a fixed number of them to measure with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnlab.core.batch import Batch, Split
from rnnlab.core.errors import InputError
from rnnlab.core.memory import require
from rnnlab.tasks.base import DataSettings, InputOutputSizes, PredictFn, Task, TaskData

BLOCK = 4096  # examples drawn at a time: a generator made anew for each would take longer than a small step
SCATTER = 500  # examples in a scatter of true against predicted


class Arrays(NamedTuple):
    """Drawn examples: inputs float (examples, time, features), lengths int64 (examples,), and targets."""

    inputs: NDArray[Any]
    lengths: NDArray[np.int64]
    targets: NDArray[Any]


@dataclass(frozen=True)
class Examples:
    """A finite split of sequences in memory; the tensors of a `Batch` of all of them.

    every_step: whether targets have a time, as inputs have.
    """

    inputs: Tensor
    lengths: Tensor
    targets: Tensor
    every_step: bool = False

    @classmethod
    def of(cls, arrays: Arrays, precision: torch.dtype, *, every_step: bool = False) -> "Examples":
        """Returns drawn examples, numbers in `precision`, ids and classes as int64."""
        inputs, targets = (
            part.to(precision if part.is_floating_point() else torch.int64)
            for part in (torch.from_numpy(arrays.inputs), torch.from_numpy(arrays.targets))
        )
        return cls(inputs, torch.from_numpy(arrays.lengths), targets, every_step)

    def __len__(self) -> int:
        return len(self.lengths)

    @cached_property
    def _length(self) -> int | None:
        """The length of every example, if all are alike."""
        first = int(self.lengths[0]) if len(self) else 0
        return first if bool((self.lengths == first).all()) else None

    def by_length(self) -> NDArray[np.int64]:
        """Returns example numbers, shortest first, equals in their own order."""
        return np.argsort(self.lengths.numpy(), kind="stable")

    def batches(self, order: NDArray[np.int64], batch_size: int) -> Iterator[Batch]:
        """Yields the examples numbered in `order`, each batch cut to its longest."""
        for begin in range(0, len(order), batch_size):
            yield self.batch(torch.from_numpy(order[begin : begin + batch_size]))

    def batch(self, chosen: Tensor | slice) -> Batch:
        """Returns the examples of these numbers as one batch, cut to its longest; of a slice no copy."""
        lengths = self.lengths[chosen]
        longest = self._length or int(lengths.max())
        targets = self.targets[chosen, :longest] if self.every_step else self.targets[chosen]
        return Batch(self.inputs[chosen, :longest], lengths, targets)

    def take(self, chosen: NDArray[np.int64]) -> "Examples":
        """Returns the examples numbered in `chosen`, in that order."""
        numbers = torch.from_numpy(chosen)
        return replace(
            self, inputs=self.inputs[numbers], lengths=self.lengths[numbers], targets=self.targets[numbers]
        )


@dataclass(frozen=True)
class Fresh:
    """A stream of a drawn task's examples; follows from the task's settings and the seed."""

    task: "DrawnTask"
    seed: int
    precision: torch.dtype
    _last: dict[tuple[int, int], Examples] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def draw(self, start: int, number: int, batch_size: int) -> Iterator[Batch]:
        """Yields `number` batches from number `start` on."""
        size = max(1, BLOCK // batch_size)  # batches a block
        for place in range(start, start + number):
            first = place % size * batch_size
            yield self._block(place // size, size * batch_size).batch(slice(first, first + batch_size))

    def _block(self, number: int, examples: int) -> Examples:
        """Returns the block of that number; the last one is kept, for a round often ends within it."""
        if (number, examples) not in self._last:
            self._last.clear()
            self._last[number, examples] = self.task.examples(
                examples, self.precision, generator(self.seed, 1, number)
            )
        return self._last[number, examples]


def generator(seed: int, *place: int) -> np.random.Generator:
    """Returns the random stream of a seed and a place, which no other seed or place shares."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=place))


class DrawnTask(Task):
    """A task that draws its examples: fresh ones to train on, always the same ones to measure with.

    valid_examples: how many of the latter, in each of both splits.
    """

    draws_examples: ClassVar[bool] = True
    valid_examples: int

    @property
    def sizes(self) -> InputOutputSizes:
        """What a net for the task takes and gives."""
        raise NotImplementedError

    def draw(self, examples: int, rng: np.random.Generator) -> Arrays:
        """Returns examples."""
        raise NotImplementedError

    def typed(self, text: str, place: str) -> Arrays:
        """Returns the one example that a person types, with its right answer.

        Raises InputError, beginning with `place`, for what is no sequence of the task.
        """
        raise InputError(f"task={self.name}: reads no sequences that are typed")

    def answer(self, output: Tensor, target: Tensor) -> dict[str, str | float]:
        """Returns cells that say what a net answers, and what is right, from its output for one example."""
        raise NotImplementedError

    def typed_predictions(
        self, texts: Sequence[str], places: Sequence[str], predict_fn: PredictFn, precision: torch.dtype
    ) -> pd.DataFrame:
        """Returns a row per text: `Input`, then the cells of `answer`."""
        rows = []
        for text, place in zip(texts, places, strict=True):
            example = Examples.of(self.typed(text, place), precision, every_step=self.sizes.every_step)
            (batch,) = example.batches(np.zeros(1, dtype=np.int64), 1)
            rows.append({"Input": text, **self.answer(predict_fn(batch)[0], batch.targets[0])})
        return pd.DataFrame(rows)

    def load(self, settings: DataSettings) -> TaskData:
        """Returns a stream, and validation and test examples that do not follow from the run's seed."""
        splits = {
            name: self.examples(self.valid_examples, settings.precision, generator(0, place))
            for place, name in ((2, "valid"), (3, "test"))
        }
        return TaskData(
            train=Fresh(self, settings.seed, settings.precision),
            splits=splits,
            sizes=self.sizes,
            baselines=self.baselines,
        )

    @property
    def longest_input(self) -> int:
        """How many steps an example has at most, as far as that is known."""
        return int(getattr(self, "length", 1))

    def examples(self, number: int, precision: torch.dtype, rng: np.random.Generator) -> Examples:
        """Returns so many drawn examples as a split; raises InputError if they do not fit into memory."""
        steps, features = self.longest_input, self.sizes.features or 1
        require(
            number * steps * features * 8,
            f"task={self.name}: {number:,} examples of {steps:,} steps",
        )
        return Examples.of(self.draw(number, rng), precision, every_step=self.sizes.every_step)


def number_answer(output: Tensor, target: Tensor) -> dict[str, str | float]:
    """Returns the answer of a net that gives one number, the right one, and how far they are apart."""
    said, right = float(output[0]), float(target[0])
    return {"Prediction": said, "Right answer": right, "Error": abs(said - right)}


def scatter(predict_fn: PredictFn, test: Split) -> pd.DataFrame:
    """Returns the target (`true`) and what a net says (`predicted`) of some examples of one number each."""
    (batch,) = test.batches(np.arange(min(SCATTER, len(test))), SCATTER)
    return pd.DataFrame({"true": batch.targets[:, 0].numpy(), "predicted": predict_fn(batch)[:, 0].numpy()})
