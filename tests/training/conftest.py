"""Small trainings: two splits of random texts whose last batch is smaller, and a net over them."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from rnnlab.data.splits import TextSplit
from rnnlab.training.loop import TrainingState
from tests.models.torchs import LSTM

WORDS = 12  # the net has one more, which occurs in no text


def random_split(texts: int, *, seed: int) -> TextSplit:
    generator = np.random.default_rng(seed)
    lengths = generator.integers(1, 7, size=texts)
    ids = generator.integers(1, WORDS, size=lengths.sum(), dtype=np.int32)
    offsets = np.concatenate([[0], lengths.cumsum()])
    return TextSplit(ids, offsets, np.arange(texts) % 2, torch.float64)


@pytest.fixture
def train() -> TextSplit:
    return random_split(11, seed=0)


@pytest.fixture
def valid() -> TextSplit:
    return random_split(7, seed=1)


@pytest.fixture
def make_state() -> Callable[..., TrainingState]:
    """Makes the state before training, with Adam and a constant rate unless told otherwise."""

    def make(
        *,
        seed: int = 1,
        dropout: float = 0.0,
        optimizer: Callable[..., torch.optim.Optimizer] = lambda p: torch.optim.Adam(p, lr=0.01),
        scheduler: Callable[..., object] = lambda o: torch.optim.lr_scheduler.ConstantLR(o, 1.0, 0),
    ) -> TrainingState:
        torch.manual_seed(seed)
        embedding = nn.Embedding(WORDS + 1, 5)
        model = LSTM(embedding=embedding, output_size=1, hidden_size=4, head_size=3, dropout=dropout).double()
        made = optimizer(model.parameters())
        return TrainingState(model, made, scheduler(made))  # type: ignore[arg-type]

    return make
