"""Small nets for the tests beside this file, and texts for them."""

import copy
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rnnlab.data.encoded_text import EncodedText
from rnnlab.models.base import SequenceModel
from rnnlab.models.boe import BoE
from tests.models.torchs import GRU, LSTM, RNN

WORDS, EMBEDDING_DIM = 12, 5
SIZES = {"hidden_size": 6, "head_size": 4}
NETS: dict[str, Callable[[nn.Embedding], SequenceModel]] = {
    "boe": lambda e: BoE(embedding=e, output_size=1, head_size=4),
    "rnn": lambda e: RNN(embedding=e, output_size=1, **SIZES),
    "birnn": lambda e: RNN(embedding=e, output_size=1, bidirectional=True, **SIZES),
    "lstm": lambda e: LSTM(embedding=e, output_size=1, num_layers=2, dropout=0.5, **SIZES),
    "gru": lambda e: GRU(embedding=e, output_size=1, dropout=0.5, **SIZES),
    "mean": lambda e: LSTM(embedding=e, output_size=1, pooling="mean", **SIZES),
    "max": lambda e: RNN(embedding=e, output_size=1, pooling="max", num_layers=2, **SIZES),
    "attention": lambda e: RNN(embedding=e, output_size=1, pooling="attention", bidirectional=True, **SIZES),
}


def make_net(name: str, *, seed: int = 0) -> SequenceModel:
    torch.manual_seed(seed)
    embedding = nn.Embedding(WORDS, EMBEDDING_DIM)
    with torch.no_grad():
        embedding.weight[0] = 0
    return NETS[name](embedding)


def encoded(*ids: int) -> EncodedText:
    return EncodedText("", [f"w{i}" for i in ids], np.array(ids, dtype=np.int32))


def random_texts(count: int, *, seed: int = 0) -> list[EncodedText]:
    rng = np.random.default_rng(seed)
    return [encoded(*rng.integers(1, WORDS, rng.integers(1, 9)).tolist()) for _ in range(count)]


def exact_logits(
    model: SequenceModel, texts: list[EncodedText], *, scale: float = 1.0
) -> NDArray[np.float64]:
    """The logits in float64 of texts one by one, their word vectors multiplied by `scale`."""
    double = copy.deepcopy(model).double().eval()
    found = []
    for text in texts:
        vectors = scale * double.embedding.weight[torch.from_numpy(text.ids).long()][None]
        found.append(double.forward_vectors(vectors, torch.tensor([len(text.ids)])).item())
    return np.array(found)
