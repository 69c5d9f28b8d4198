"""What a probe gets to see, and what it gives back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import pandas as pd
import torch

from rnnlab.core.batch import Split
from rnnlab.data.splits import TextSplit
from rnnlab.data.vocabulary import Vocabulary
from rnnlab.models.base import SequenceModel
from rnnlab.models.guest import without_unrolled
from rnnlab.tasks.base import Task


@dataclass(frozen=True)
class ProbeInput:
    """A model and the examples it is looked at with; a probe leaves all of it bit for bit as it was.

    vocabulary: None where inputs are numbers; examples: those of validation (of training where there are
    none), texts with a class having the run's tokens in them; without_token: these same texts without the
    tokens, None for any other task; optimizer: that of the training going on, None for a finished run.
    """

    model: SequenceModel
    objective: Task
    vocabulary: Vocabulary | None
    without_token: TextSplit | None
    examples: Split
    device: str
    optimizer: torch.optim.Optimizer | None = None

    @property
    def with_token(self) -> TextSplit:
        """The examples of a task whose texts have a class, with the run's tokens."""
        assert isinstance(self.examples, TextSplit)
        return self.examples


@runtime_checkable
class Probe(Protocol):
    """One way of looking at a model; its constructor's parameters are its settings in `configs/probe/`."""

    def not_applicable(self, probe_input: ProbeInput) -> str | None:
        """Returns why the probe makes no sense for this model or task, or None if it does."""
        ...

    def measure(self, probe_input: ProbeInput) -> pd.DataFrame:
        """Returns a table of figures; columns are the probe's own."""
        ...


@runtime_checkable
class Frugal(Probe, Protocol):
    """A probe that can look at fewer examples, so that a training hardly takes longer for it."""

    def within(self, trained: int) -> Probe:
        """Returns the probe for two looks that together take a few hundredths of a training at most.

        trained: how many examples the net is trained on, repetitions counted. What the probe was told to
        look at it still looks at; only a number that was left open (null) is bounded, and never by a clock,
        so that figures repeat bit for bit.
        """
        ...


def labelled(probe_input: ProbeInput) -> tuple[TextSplit, Vocabulary]:
    """Returns the texts and the vocabulary of an input that `not_applicable_without_labels` lets pass."""
    assert probe_input.without_token is not None and probe_input.vocabulary is not None
    return probe_input.without_token, probe_input.vocabulary


def not_applicable_without_labels(probe_input: ProbeInput) -> str | None:
    """Returns why a probe that moves class-marking tokens makes no sense where texts have no class."""
    if probe_input.without_token is not None:
        return None
    return f"task={probe_input.objective.name} has no class-marking tokens to put into its sequences"


def without_states(model: SequenceModel) -> str | None:
    """Returns why a model's states cannot be followed from step to step, or None if they can."""
    name = type(model).__name__
    if model.pooling is None:
        return f"how {name} reads a sequence is not known, so its states cannot be followed"
    if not model.is_recurrent:
        return f"{name} carries no state from step to step, so no gradient goes through time"
    return without_unrolled(model.recurrent) if model.cell is None else None


@contextmanager
def evaluating(model: SequenceModel) -> Iterator[SequenceModel]:
    """Yields the model in evaluation mode with a gradient for every parameter; afterwards all is as it was.

    Frozen embeddings are differentiated, too: what is asked is what the loss would tell them. Gradients
    are to be taken with `torch.autograd.grad`, which leaves every `.grad` alone.
    """
    training = model.training
    required = {name: parameter.requires_grad for name, parameter in model.named_parameters()}
    try:
        model.eval()
        model.requires_grad_(True)
        yield model
    finally:
        model.train(training)
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(required[name])
