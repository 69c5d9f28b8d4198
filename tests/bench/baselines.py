"""The two baselines: the course's training loop in plain PyTorch, as short as one would write it.

They share rnnlab's initial parameters, batches and order, so that all contestants do the same work.
"""

import copy
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

from rnnlab.models.base import SequenceModel
from rnnlab.models.recurrent import RecurrentModel

BATCH_SIZE = 8
Texts = Callable[[np.ndarray], list[Tensor]]
"""Gives the word ids of the texts with these numbers, each int64 (time,)."""


class BagOfEmbeddings(nn.Module):
    def __init__(self, model: SequenceModel) -> None:
        super().__init__()
        self.embedding = nn.EmbeddingBag.from_pretrained(model.embedding.weight.detach().clone(), freeze=False)
        self.hidden, self.output = copy.deepcopy(model.head.hidden), copy.deepcopy(model.head.output)

    def forward(self, texts: list[Tensor]) -> Tensor:
        offsets = torch.tensor([0] + [len(text) for text in texts[:-1]]).cumsum(0)
        return self.output(torch.relu(self.hidden(self.embedding(torch.cat(texts), offsets)))).squeeze(1)


class Recurrent(nn.Module):
    def __init__(self, model: RecurrentModel) -> None:
        super().__init__()
        self.embedding, self.recurrent = copy.deepcopy(model.embedding), copy.deepcopy(model.recurrent)
        self.hidden, self.output = copy.deepcopy(model.head.hidden), copy.deepcopy(model.head.output)

    def forward(self, texts: list[Tensor]) -> Tensor:
        lengths = torch.tensor([len(text) for text in texts])
        vectors = self.embedding(pad_sequence(texts, batch_first=True))
        packed = pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
        _, final = self.recurrent(packed)
        hidden = final[0] if isinstance(final, tuple) else final
        document = torch.cat([hidden[0], hidden[1]], dim=1) if self.recurrent.bidirectional else hidden[-1]
        return self.output(torch.relu(self.hidden(document))).squeeze(1)


def plain(model: SequenceModel) -> nn.Module:
    """A copy of an rnnlab model in nothing but torch's own modules."""
    return Recurrent(model) if isinstance(model, RecurrentModel) else BagOfEmbeddings(model)


def train_epoch(
    model: nn.Module, optimizer: torch.optim.Optimizer, texts: Texts, labels: Tensor, order: np.ndarray
) -> float:
    """Trains one epoch and returns its running loss; the running accuracy is computed as well."""
    model.train()
    total_loss, right = 0.0, 0
    for begin in range(0, len(order), BATCH_SIZE):
        chosen = order[begin : begin + BATCH_SIZE]
        targets = labels[chosen]
        optimizer.zero_grad()
        logits = model(texts(chosen))
        loss = binary_cross_entropy_with_logits(logits, targets)
        loss.backward()
        optimizer.step()
        total_loss += loss.item() * len(chosen)
        right += int(((torch.sigmoid(logits) > 0.5) == (targets > 0.5)).sum())
    assert 0 <= right <= len(order)
    return total_loss / len(order)
