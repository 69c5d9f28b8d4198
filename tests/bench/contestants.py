"""The same training epoch three times over: rnnlab's own, and two baselines in plain PyTorch.

All start from the same parameters and see the same texts in the same order, so that they do the same
work; the baselines are written as short as one would write them.
"""

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import spacy
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

from rnnlab.data.readers import read_examples
from rnnlab.experiment.build import build_optimizer, build_state
from rnnlab.experiment.experiment import Experiment
from rnnlab.models.base import SequenceModel
from rnnlab.models.recurrent import RecurrentModel
from rnnlab.training.loop import train_epoch

RNNLAB, PREPARED, TOKENIZING = "rnnlab", "tokens prepared once", "tokenizing every batch"

Contestant = Callable[[np.ndarray], float]
"""Trains one epoch on the texts in this order and returns its running loss."""

Texts = Callable[[np.ndarray], list[Tensor]]
"""Gives the word ids, each int64 (time,), of the texts with these numbers."""


def make_contestants(experiment: Experiment) -> dict[str, Contestant]:
    train, vocabulary = experiment.task_data.train, experiment.task_data.vocabulary
    ids = [torch.from_numpy(train.text(index).astype(np.int64)) for index in range(len(train))]
    raw = read_examples(Path(experiment.config.data.train)).texts
    cut = spacy.blank("en").tokenizer

    def tokenize(text: str) -> Tensor:
        return torch.tensor([vocabulary[token.text] for token in cut(text.lower())])

    return {
        RNNLAB: own_epochs(experiment),
        PREPARED: plain_epochs(experiment, lambda chosen: [ids[index] for index in chosen]),
        TOKENIZING: plain_epochs(experiment, lambda chosen: [tokenize(raw[index]) for index in chosen]),
    }


def own_epochs(experiment: Experiment) -> Contestant:
    """rnnlab's own loop and batches, as `rnnlab train` runs them."""
    state = build_state(experiment.config, copy.deepcopy(experiment.model))
    batch_size = experiment.config.training.batch_size

    def train(order: np.ndarray) -> float:
        batches = experiment.task_data.train.batches(order, batch_size)
        return train_epoch(state, experiment.task, batches, device="cpu", clip_norm=None)["loss"]

    return train


def plain_epochs(experiment: Experiment, texts: Texts) -> Contestant:
    """A training loop in plain PyTorch, with running loss and accuracy."""
    model = plain_model(experiment.model)
    optimizer = build_optimizer(experiment.config, list(model.parameters()))
    labels = torch.from_numpy(experiment.task_data.train.labels).float()
    batch_size = experiment.config.training.batch_size

    def train(order: np.ndarray) -> float:
        model.train()
        total_loss, right = 0.0, 0
        for chosen in np.split(order, range(batch_size, len(order), batch_size)):
            targets = labels[chosen]
            optimizer.zero_grad()
            logits = model(texts(chosen))
            loss = binary_cross_entropy_with_logits(logits, targets)
            loss.backward()
            optimizer.step()
            total_loss += loss.item() * len(chosen)
            right += int(((torch.sigmoid(logits) > 0.5) == (targets > 0.5)).sum())
        assert right > 0
        return total_loss / len(order)

    return train


def plain_model(model: SequenceModel) -> nn.Module:
    return PlainRecurrent(model) if isinstance(model, RecurrentModel) else PlainBag(model)


class PlainBag(nn.Module):
    """EmbeddingBag over texts end to end, then the head."""

    def __init__(self, model: SequenceModel) -> None:
        super().__init__()
        self.embedding = nn.EmbeddingBag.from_pretrained(
            model.embedding.weight.detach().clone(), freeze=False
        )
        self.hidden, self.output = copy.deepcopy(model.head.hidden), copy.deepcopy(model.head.output)

    def forward(self, texts: list[Tensor]) -> Tensor:
        offsets = torch.tensor([0, *(len(text) for text in texts[:-1])]).cumsum(0)
        return self.output(torch.relu(self.hidden(self.embedding(torch.cat(texts), offsets)))).squeeze(1)


class PlainRecurrent(nn.Module):
    """Embedding, a packed recurrent layer, its final states, then the head."""

    def __init__(self, model: RecurrentModel) -> None:
        super().__init__()
        self.embedding, self.recurrent = copy.deepcopy(model.embedding), copy.deepcopy(model.recurrent)
        self.hidden, self.output = copy.deepcopy(model.head.hidden), copy.deepcopy(model.head.output)

    def forward(self, texts: list[Tensor]) -> Tensor:
        lengths = torch.tensor([len(text) for text in texts])
        vectors = self.embedding(pad_sequence(texts, batch_first=True))
        _, final = self.recurrent(
            pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
        )
        hidden = final[0] if isinstance(final, tuple) else final
        document = torch.cat([hidden[0], hidden[1]], dim=1) if self.recurrent.bidirectional else hidden[-1]
        return self.output(torch.relu(self.hidden(document))).squeeze(1)
