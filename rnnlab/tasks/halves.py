"""Is the second half the first one again?"""

from typing import Annotated, ClassVar, Literal

import numpy as np
import pandas as pd
from annotated_types import Ge, Gt
from numpy.typing import NDArray
from torch import Tensor

from rnnlab.core.batch import Criterion
from rnnlab.core.errors import InputError
from rnnlab.core.intervals import wilson
from rnnlab.tasks.base import InputOutputSizes, PredictFn, TaskData
from rnnlab.tasks.drawn import Arrays, DrawnTask, Examples, generator
from rnnlab.tasks.typed import symbols

Differ = Literal["random", "one"]
NON_MATCHES: dict[str, Differ] = {"random non-matches": "random", "one digit differs": "one"}
PER_LENGTH = 2000  # examples of a length, for an accuracy within about 2 %
MOST_LENGTHS = 40  # lengths measured
Integers = NDArray[np.int64]


class Halves(DrawnTask):
    """Digits in two halves; class 1 if the second is the first again, class 0 if not, each half of the time.

    The pattern, which is the first half, is uniform in length (`shortest` to `longest`) and in its digits,
    one-hot; with `length`, all sequences have that total instead. Where the halves differ, the second is
    drawn until it does (`differ=random`), which gives itself away early, or differs in exactly one digit,
    anywhere (`differ=one`).
    """

    metrics: ClassVar[tuple[str, ...]] = ("acc", "loss")
    criterion: ClassVar[Criterion] = "cross_entropy"
    baselines: ClassVar = {"acc": {"guessing (1/2)": 0.5}, "loss": {"guessing (ln 2)": float(np.log(2))}}
    classes: ClassVar[tuple[str, ...]] = ("different", "equal")
    mirrored: ClassVar[bool] = False

    def __init__(
        self,
        *,
        alphabet: Annotated[int, Ge(2)] = 10,
        shortest: Annotated[int, Gt(0)] = 1,
        longest: Annotated[int, Gt(0)] = 10,
        length: Annotated[int, Gt(0)] | None = None,
        differ: Differ = "random",
        valid_examples: Annotated[int, Gt(0)] = 1024,
    ) -> None:
        if length is not None:
            if length % 2:
                raise InputError(f"task.length: expected an even number, two equal halves, found {length}")
            shortest = longest = length // 2
        if shortest > longest:
            raise InputError(f"task.shortest: expected at most task.longest, {longest}, found {shortest}")
        self.alphabet, self.shortest, self.longest = alphabet, shortest, longest
        self.differ, self.valid_examples = differ, valid_examples

    @property
    def longest_input(self) -> int:
        """Both halves."""
        return 2 * self.longest

    @property
    def sizes(self) -> InputOutputSizes:
        """One feature a digit of the alphabet, and two classes."""
        return InputOutputSizes(output_size=2, features=self.alphabet)

    def draw(self, examples: int, rng: np.random.Generator) -> Arrays:
        """Returns inputs (examples, longest total, alphabet) and classes (examples,), 0 or 1."""
        lengths = rng.integers(self.shortest, self.longest, examples, endpoint=True)
        return self.sequences(lengths, self.differ, rng)

    def sequences(self, lengths: Integers, differ: Differ, rng: np.random.Generator) -> Arrays:
        """Returns an example of each pattern length in `lengths` (examples,)."""
        width, ends = int(lengths.max()), lengths[:, None]
        step = np.arange(width)
        pattern = rng.integers(self.alphabet, size=(len(lengths), width))
        again = pattern
        if self.mirrored:
            again = np.take_along_axis(pattern, np.maximum(ends - 1 - step, 0), axis=1)
        equal = rng.integers(2, size=len(lengths))
        other = self._one_changed(again, lengths, rng) if differ == "one" else self._others(again, ends, rng)
        halves = np.concatenate([pattern, np.where(equal[:, None], again, other)], axis=1)
        place = np.arange(2 * width)
        source = np.where(place < ends, place, np.minimum(place - ends + width, 2 * width - 1))
        digits = np.take_along_axis(halves, source, axis=1)
        digits[place >= 2 * ends] = self.alphabet  # padding, which has no feature
        one_hot = np.eye(self.alphabet + 1, self.alphabet, dtype=np.float32)
        return Arrays(one_hot[digits], 2 * lengths, equal)

    def _others(self, halves: Integers, ends: Integers, rng: np.random.Generator) -> Integers:
        """Returns random digits, no row of which is that of `halves` up to its end."""
        others = rng.integers(self.alphabet, size=halves.shape)
        within = np.arange(halves.shape[1]) < ends
        while (same := ~((others != halves) & within).any(axis=1)).any():
            others[same] = rng.integers(self.alphabet, size=(int(same.sum()), halves.shape[1]))
        return others

    def _one_changed(self, halves: Integers, lengths: Integers, rng: np.random.Generator) -> Integers:
        """Returns `halves` with one digit of each row, up to its length, replaced by another."""
        changed, row, place = halves.copy(), np.arange(len(halves)), rng.integers(lengths)
        shift = rng.integers(1, self.alphabet, len(halves))
        changed[row, place] = (changed[row, place] + shift) % self.alphabet
        return changed

    def typed(self, text: str, place: str) -> Arrays:
        """Returns digits in two halves of equal length, and the class that the rule gives them."""
        digits = np.array(symbols(text, place, self.alphabet, "an even number of digits, two halves"))
        if len(digits) % 2:
            raise InputError(f"{place}: expected an even number of digits, two halves, found {len(digits)}")
        first, second = np.split(digits, 2)
        equal = np.array_equal(first, second[::-1] if self.mirrored else second)
        one_hot = np.eye(self.alphabet, dtype=np.float32)
        return Arrays(one_hot[digits][None], np.array([len(digits)]), np.array([int(equal)]))

    def answer(self, output: Tensor, target: Tensor) -> dict[str, str | float]:
        """Returns the probability of the second class, the likelier class, and the right one."""
        chances = output.double().softmax(dim=0)
        return {
            f"P({self.classes[1]})": float(chances[1]),
            "Prediction": self.classes[int(chances.argmax())],
            "Right answer": self.classes[int(target)],
        }

    def tables(self, predict_fn: PredictFn, task_data: TaskData) -> dict[str, pd.DataFrame]:
        """Returns the table `lengths`: accuracy by pattern length, up to twice the longest trained on.

        examples: how non-matches differ; low to high: 95 % interval (`wilson`); number: examples; trained:
        whether the length was trained on.
        """
        test = task_data.splits["test"]
        assert isinstance(test, Examples)
        spread = np.linspace(1, 2 * self.longest, min(2 * self.longest, MOST_LENGTHS)).astype(int)
        rows = []
        for place, (name, differ) in enumerate(NON_MATCHES.items(), start=4):
            for length in np.union1d(spread, [self.longest]).tolist():
                rng = generator(0, place, length)
                arrays = self.sequences(np.full(PER_LENGTH, length), differ, rng)
                examples = Examples.of(arrays, test.inputs.dtype)
                (batch,) = examples.batches(np.arange(PER_LENGTH), PER_LENGTH)
                right = int((predict_fn(batch).argmax(dim=1) == batch.targets).sum())
                low, high = wilson(right, PER_LENGTH)
                rows.append(
                    {
                        "examples": name,
                        "length": length,
                        "acc": right / PER_LENGTH,
                        "low": low,
                        "high": high,
                        "number": PER_LENGTH,
                        "trained": self.shortest <= length <= self.longest,
                    }
                )
        return {"lengths": pd.DataFrame(rows)}
