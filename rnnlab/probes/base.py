"""What a probe gets to see, and what it gives back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import pandas as pd
import torch

from rnnlab.core.batch import Objective
from rnnlab.data.splits import TextSplit
from rnnlab.data.vocabulary import Vocabulary
from rnnlab.models.base import SequenceModel


@dataclass(frozen=True)
class Subject:
    """A model and the texts it is looked at with; a probe leaves all of it bit for bit as it was.

    texts: the validation texts (training ones where there are none) without inserted tokens; inserted:
    the same with the run's tokens; optimizer: that of the training going on, None for a finished run.
    """

    model: SequenceModel
    objective: Objective
    vocabulary: Vocabulary
    texts: TextSplit
    inserted: TextSplit
    device: str
    optimizer: torch.optim.Optimizer | None = None


class Probe(Protocol):
    """One way of looking at a model; its constructor's parameters are its settings in `configs/probe/`."""

    def objection(self, model: SequenceModel) -> str | None:
        """Returns why the probe makes no sense for this model, or None if it does."""
        ...

    def measure(self, subject: Subject) -> pd.DataFrame:
        """Returns a table of figures; columns are the probe's own."""
        ...


@contextmanager
def undisturbed(model: SequenceModel) -> Iterator[SequenceModel]:
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
