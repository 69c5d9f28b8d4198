"""rnnlab's own engines as contestants, and the problem that a model and its texts are to the others."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rnnlab.bench.problem import Problem, RawTexts
from rnnlab.bench.ugrnn import UGRNN
from rnnlab.cells import Cell
from rnnlab.core.batch import Objective
from rnnlab.data.splits import TextSplit
from rnnlab.experiment.build import ENGINES
from rnnlab.models.base import SequenceModel
from rnnlab.models.embedding import make_embedding
from rnnlab.models.make import make_model
from rnnlab.tasks.classification import Classification
from rnnlab.training.loop import TrainingState, train_epoch

WRITTEN_PLAINLY = {("RNN", "tanh"): "rnn", ("LSTM", None): "lstm", ("GRU", None): "gru"}
"""What torch calls the layers that the others have, too, with their nonlinearity."""


@dataclass(frozen=True)
class Training:
    """A model, its texts and how an epoch of SGD goes over them."""

    model: SequenceModel
    objective: Objective
    texts: TextSplit
    batch_size: int
    lr: float
    raw: RawTexts | None = None

    def problem(self) -> Problem:
        """Returns it as arrays."""
        named = dict(self.model.named_parameters())
        ids = [self.texts.text(index).astype(np.int64) for index in range(len(self.texts))]
        return Problem(
            title=title_of(self.model),
            cell=plain_cell(self.model),
            texts=ids,
            labels=self.texts.labels.astype(np.float32),
            parameters={name: p.detach().numpy().copy() for name, p in named.items()},
            frozen=not named["embedding.weight"].requires_grad,
            batch_size=self.batch_size,
            lr=self.lr,
            raw=self.raw,
        )


class EngineEpochs:
    """rnnlab's own loop and batches, as `rnnlab train` runs them with one of its engines."""

    def __init__(self, training: Training, engine: str) -> None:
        model = copy.deepcopy(training.model)
        optimizer = torch.optim.SGD(model.parameters(), lr=training.lr)
        schedule = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
        self._training = training
        self.state = TrainingState(model, optimizer, schedule, make_engine=ENGINES[engine])

    def warm_up(self, orders: list[NDArray[np.int64]]) -> None:
        """Does nothing: an epoch left out warms up enough."""

    def epoch(self, order: NDArray[np.int64]) -> float:
        """Trains an epoch."""
        batches = self._training.texts.batches(order, self._training.batch_size)
        return train_epoch(self.state, self._training.objective, batches, device="cpu", clip_norm=None)[
            "loss"
        ]


def title_of(model: SequenceModel) -> str:
    """Returns what people call a model, as BiLSTM."""
    if not model.is_recurrent:
        return type(model).__name__
    name = type(model.recurrent).__name__ if model.cell is None else model.cell.name
    return f"Bi{name}" if model.recurrent.bidirectional else name


def plain_cell(model: SequenceModel) -> str | None:
    """Returns what the plain contestants call the model's equations; None: they do not have them."""
    layers = getattr(model.recurrent, "num_layers", 1) if model.is_recurrent else 1
    drops = isinstance(model.dropout, nn.Dropout) and model.dropout.p > 0
    if layers > 1 or model.head.hidden is None or drops:
        return None
    if not model.is_recurrent:
        return model.pooling
    if model.pooling != "last" or model.cell is None:
        return None
    if type(model.cell) is UGRNN:
        return "ugrnn"
    name, settings = model.cell.torch_layer or ("", {})
    return WRITTEN_PLAINLY.get((name, settings.get("nonlinearity", "tanh" if name == "RNN" else None)))


@dataclass(frozen=True)
class Sizes:
    """Sizes of a drawn training: texts of random words, half as long as `length` (words) up to just that."""

    embedding: int = 100
    hidden: int = 128
    batch: int = 32
    length: int = 100
    texts: int = 128
    vocabulary: int = 2000


def drawn_training(
    target: type, sizes: Sizes, *, frozen: bool = False, settings: Mapping[str, object] | None = None
) -> Training:
    """Returns the training of a cell's net, or a bag of embeddings, on drawn texts, always the same."""
    rng = np.random.default_rng(1)
    lengths = rng.integers(-(-sizes.length // 2), sizes.length + 1, sizes.texts)
    lengths[:: sizes.batch] = sizes.length
    offsets = np.concatenate([[0], lengths.cumsum()])
    ids = rng.integers(1, sizes.vocabulary, int(offsets[-1])).astype(np.int32)
    texts = TextSplit(ids, offsets, rng.integers(0, 2, sizes.texts))
    torch.manual_seed(1)
    embedding = make_embedding(
        vocabulary_size=sizes.vocabulary,
        embedding_dim=sizes.embedding,
        vectors=None,
        zero_rows=[0],
        freeze=frozen,
    )
    size = {"hidden_size": sizes.hidden} if issubclass(target, Cell) else {}
    model = make_model(target, {**size, **(settings or {})}, embedding=embedding, output_size=1)
    return Training(model, Classification(), texts, sizes.batch, lr=0.01)
