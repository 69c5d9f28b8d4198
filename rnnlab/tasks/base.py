"""What a task is: what it reads or draws, what it asks of a net, and how answers are measured."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional

from rnnlab.core.batch import UNCOUNTED, Batch, Criterion, Split, Stream
from rnnlab.core.errors import InputError
from rnnlab.data.splits import TextSplit
from rnnlab.data.vocabulary import Vocabulary

Measures = dict[str, Tensor]


@dataclass(frozen=True)
class InputOutputSizes:
    """What a net for the task takes and gives.

    features: numbers a step, or None where steps are words of a vocabulary; output_size: logits, of a
    sequence or, with `every_step`, of each of its steps.
    """

    output_size: int
    features: int | None = None
    every_step: bool = False


@dataclass(frozen=True)
class DataSettings:
    """What a task may read (`configs/data/base.yaml` has the meanings), its seed, and its precision."""

    paths: Mapping[str, Path]
    seed: int
    precision: torch.dtype
    tokenizer: Literal["spacy", "whitespace"] = "spacy"
    min_count: int = 1
    max_vocabulary: int | None = None
    max_length: int | None = None
    valid_fraction: float = 0.0

    def path(self, name: str) -> Path:
        """Returns the path of data.NAME; raises InputError if there is none."""
        if name not in self.paths:
            raise InputError(f"data.{name}: a value is needed; give it as data.{name}=…")
        return self.paths[name]


@dataclass(frozen=True)
class TaskData:
    """What a net is trained and looked at with.

    train: a finite split, or a stream of fresh examples; splits: `valid`, `test` and whatever else the task
    measures on; texts: labelled texts by split, without inserted tokens, for sentiment only; baselines: what
    a simple rule reaches, by metric and name; classes: names of the output classes, if it has some; notes:
    what a person should know, one line each; files: path and SHA-256 of what was read.
    """

    train: Split | Stream
    splits: Mapping[str, Split]
    sizes: InputOutputSizes
    vocabulary: Vocabulary | None = None
    texts: Mapping[str, TextSplit] = field(default_factory=dict)
    baselines: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    files: Mapping[str, dict[str, str]] = field(default_factory=dict)

    @property
    def finite(self) -> dict[str, Split]:
        """All splits that have an end, `train` among them unless it is a stream."""
        train = {} if isinstance(self.train, Stream) else {"train": self.train}
        return {**train, **self.splits}

    @property
    def evaluation_split(self) -> str:
        """The name of the split that probes look at: `valid`, or `train` where there is none."""
        return "valid" if "valid" in self.splits else "train"


PredictFn = Callable[[Batch], Tensor]
"""Gives a trained net's logits for a batch, on the CPU."""


class Task:
    """What all tasks share; a subclass is one file here and one yaml in `configs/task/`.

    unit: what metrics average over; criterion: what is minimized; reads: the keys of `data.` that the task
    makes use of; causal: whether a net that reads backwards would see what it is asked for.
    """

    metrics: ClassVar[tuple[str, ...]] = ("loss",)
    unit: ClassVar[str] = "sequences"
    criterion: ClassVar[Criterion] = "mean_squared_error"
    reads: ClassVar[frozenset[str]] = frozenset()
    causal: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """What `task=` calls it."""
        return type(self).__name__.lower()

    def load(self, settings: DataSettings) -> TaskData:
        """Reads or draws all examples; raises InputError for bad input."""
        raise NotImplementedError

    def measure(self, logits: Tensor, targets: Tensor) -> Measures:
        """Returns measures (units,) by name; see `rnnlab.core.batch.Objective`."""
        return CRITERIA[self.criterion](logits, targets)

    def figures(self, means: dict[str, float]) -> dict[str, float]:
        """Returns the metrics, as a rule the means themselves."""
        return means

    def tables(self, predict_fn: PredictFn, task_data: TaskData) -> dict[str, pd.DataFrame]:
        """Returns tables of what a trained net does, by name, for the run folder."""
        return {}


def binary_cross_entropy(logits: Tensor, targets: Tensor) -> Measures:
    """Returns loss −ln p(right class), in nats, and `acc`; logits (batch, 1), targets (batch,), 0 or 1."""
    scores = logits.squeeze(1)
    loss = functional.binary_cross_entropy_with_logits(scores, targets, reduction="none")
    right = (scores > 0) == (targets > 0.5)  # a logit above 0 is a probability above 0.5
    return {"acc": right.to(loss.dtype), "loss": loss}


def cross_entropy(logits: Tensor, targets: Tensor) -> Measures:
    """Returns loss −ln p(right class), in nats, and `acc`, of every class asked for.

    logits (batch, classes) and targets int64 (batch,), or (batch, time, classes) and (batch, time), where
    those equal to UNCOUNTED are left out.
    """
    counted = targets != UNCOUNTED
    chosen, wanted = logits[counted], targets[counted]
    loss = functional.cross_entropy(chosen, wanted, reduction="none")
    return {"acc": (chosen.argmax(dim=1) == wanted).to(loss.dtype), "loss": loss}


def mean_squared_error(logits: Tensor, targets: Tensor) -> Measures:
    """Returns the squared error of every number, of predictions and targets of one shape; NaN is left out."""
    counted = ~targets.isnan()
    return {"loss": (logits[counted] - targets[counted]) ** 2}


CRITERIA: dict[Criterion, Callable[[Tensor, Tensor], Measures]] = {
    "binary_cross_entropy": binary_cross_entropy,
    "cross_entropy": cross_entropy,
    "mean_squared_error": mean_squared_error,
}
