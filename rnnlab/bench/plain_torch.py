"""The same training in plain PyTorch, as short as one would write it: packed, padded, and tokenizing."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

from rnnlab.bench.problem import Gradients, Problem, RawTexts

LAYERS: dict[str, type[nn.RNN | nn.GRU | nn.LSTM]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
Texts = Callable[[Sequence[int] | NDArray[np.int64]], list[Tensor]]
"""Gives the word ids, each int64 (time,), of the texts with these numbers."""


class PlainTorch:
    """A training loop with running loss and accuracy around a module that takes texts."""

    def __init__(self, problem: Problem, module: nn.Module, texts: Texts) -> None:
        self._problem, self._module, self._texts = problem, module, texts
        self._labels = torch.from_numpy(problem.labels)
        trained = [p for p in module.parameters() if p.requires_grad]
        self._optimizer = torch.optim.SGD(trained, lr=problem.lr)

    def warm_up(self, orders: list[NDArray[np.int64]]) -> None:
        """Does nothing: an epoch left out warms up enough."""

    def epoch(self, order: NDArray[np.int64]) -> float:
        """Trains an epoch."""
        total_loss, right = 0.0, 0
        for chosen in self._problem.batches(order):
            targets = self._labels[chosen]
            self._optimizer.zero_grad()
            logits = self._module(self._texts(chosen))
            loss = binary_cross_entropy_with_logits(logits, targets)
            loss.backward()
            self._optimizer.step()
            total_loss += loss.item() * len(chosen)
            right += int(((logits > 0) == (targets > 0.5)).sum())
        return total_loss / len(order)

    def gradients(self, chosen: NDArray[np.int64]) -> tuple[float, Gradients]:
        """Returns mean loss and gradients of one batch."""
        self._optimizer.zero_grad()
        loss = binary_cross_entropy_with_logits(self._module(self._texts(chosen)), self._labels[chosen])
        loss.backward()
        found = {name: p.grad for name, p in self._module.named_parameters() if p.grad is not None}
        return loss.item(), {torch_name(name): gradient.numpy() for name, gradient in found.items()}


def packed(problem: Problem) -> PlainTorch:
    """Returns the loop that packs its batches, its tokens prepared once."""
    module = Bag(problem) if problem.cell == "mean" else Packed(problem)
    return PlainTorch(problem, module, prepared(problem))


def padded(problem: Problem) -> PlainTorch:
    """Returns the loop that runs over the padding, too, and picks each text's state at its end."""
    return PlainTorch(problem, Padded(problem), prepared(problem))


def tokenizing(problem: Problem) -> PlainTorch:
    """Returns the loop of the course, which cuts its texts anew in every batch, and packs them."""
    assert problem.raw is not None
    module = Bag(problem) if problem.cell == "mean" else Packed(problem)
    return PlainTorch(problem, module, cut_texts(problem.raw))


def cut_texts(raw: RawTexts) -> Texts:
    """Returns what cuts texts into words and numbers these whenever it is asked for them."""
    import spacy

    cut = spacy.blank("en").tokenizer

    def texts(chosen: Sequence[int] | NDArray[np.int64]) -> list[Tensor]:
        words = [[token.text.lower() for token in cut(raw.texts[index])] for index in chosen]
        return [torch.tensor([raw.ids.get(word, raw.unknown) for word in text]) for text in words]

    return texts


def prepared(problem: Problem) -> Texts:
    """Returns what gives texts that were encoded once."""
    ids = [torch.from_numpy(text) for text in problem.texts]
    return lambda chosen: [ids[index] for index in chosen]


class Plain(nn.Module):
    """Embedding and head, with the problem's parameters."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        given = {name: torch.from_numpy(array.copy()) for name, array in problem.parameters.items()}
        self.embedding = self.table(given["embedding.weight"], freeze=problem.frozen)
        self.hidden, self.output = (linear(given, f"head.{name}") for name in ("hidden", "output"))
        self.given = {} if problem.cell == "mean" else recurrent_parameters(given)

    @staticmethod
    def table(weight: Tensor, *, freeze: bool) -> nn.Module:
        """Returns what looks words up."""
        return nn.Embedding.from_pretrained(weight, freeze=freeze)

    def head(self, document: Tensor) -> Tensor:
        """Returns logits (batch,)."""
        return self.output(torch.relu(self.hidden(document))).squeeze(1)


class Bag(Plain):
    """EmbeddingBag over texts end to end, then the head."""

    @staticmethod
    def table(weight: Tensor, *, freeze: bool) -> nn.Module:
        """Returns what takes the mean of words."""
        return nn.EmbeddingBag.from_pretrained(weight, freeze=freeze)

    def forward(self, texts: list[Tensor]) -> Tensor:
        """Returns logits."""
        offsets = torch.tensor([0, *(len(text) for text in texts[:-1])]).cumsum(0)
        return self.head(self.embedding(torch.cat(texts), offsets))


class Packed(Plain):
    """Embedding, a packed recurrent layer, its final states, then the head."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.recurrent = layer(problem, self.given, bidirectional=problem.bidirectional)

    def forward(self, texts: list[Tensor]) -> Tensor:
        """Returns logits."""
        lengths = torch.tensor([len(text) for text in texts])
        vectors = self.embedding(pad_sequence(texts, batch_first=True))
        _, final = self.recurrent(
            pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
        )
        hidden = final[0] if isinstance(final, tuple) else final
        return self.head(torch.cat(hidden.unbind(0), dim=1))


class Padded(Plain):
    """Embedding, a recurrent layer over padding and all, the state at each text's end, then the head.

    The reverse direction is a layer of its own on texts that are reversed within their lengths.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        endings = ("", "_reverse") if problem.bidirectional else ("",)
        self.recurrent = nn.ModuleList(
            layer(
                problem,
                {name.removesuffix(ending): p for name, p in self.given.items() if fits(name, ending)},
            )
            for ending in endings
        )

    def forward(self, texts: list[Tensor]) -> Tensor:
        """Returns logits."""
        last, rows = torch.tensor([len(text) - 1 for text in texts]), torch.arange(len(texts))
        ends = []
        for run, read in zip(self.recurrent, (texts, [text.flip(0) for text in texts]), strict=False):
            states, _ = run(self.embedding(pad_sequence(read, batch_first=True)))
            ends.append(states[rows, last])
        return self.head(torch.cat(ends, dim=1))


def linear(given: dict[str, Tensor], name: str) -> nn.Linear:
    """Returns the Linear with the parameters of that name."""
    outputs, inputs = given[f"{name}.weight"].shape
    made = nn.Linear(inputs, outputs)
    made.load_state_dict({part: given[f"{name}.{part}"] for part in ("weight", "bias")})
    return made


def layer(problem: Problem, given: dict[str, Tensor], *, bidirectional: bool = False) -> nn.RNNBase:
    """Returns torch's layer with these parameters."""
    assert problem.cell is not None
    inputs, hidden = given["weight_ih_l0"].shape[1], given["weight_hh_l0"].shape[1]
    made = LAYERS[problem.cell](inputs, hidden, batch_first=True, bidirectional=bidirectional)
    made.load_state_dict(given)
    return made


def recurrent_parameters(given: dict[str, Tensor]) -> dict[str, Tensor]:
    """Returns the layer's own by torch's names."""
    start = "recurrent."
    return {name.removeprefix(start): p for name, p in given.items() if name.startswith(start)}


def fits(name: str, ending: str) -> bool:
    """Returns whether a parameter is of the direction with that ending."""
    return name.endswith("_reverse") == bool(ending)


def torch_name(name: str) -> str:
    """Returns what the problem calls a parameter of the modules here."""
    room, _, rest = name.partition(".")
    if room in ("hidden", "output"):
        return f"head.{name}"
    if room == "recurrent" and rest[0].isdigit():
        number, _, of_layer = rest.partition(".")
        return f"recurrent.{of_layer}{'_reverse' if number == '1' else ''}"
    return name
