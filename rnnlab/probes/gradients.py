"""What the loss would tell the inserted tokens: its gradient, by the place where they stand.

One extra token per text, by class, is put at the start, in the middle or at the end. If the gradient that
reaches its vector is tiny at one place, training cannot teach the token anything from there.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from rnnlab.data.splits import Insert
from rnnlab.data.vocabulary import NEWNEG, NEWPOS
from rnnlab.models.base import Size
from rnnlab.models.padded import padded_form, without_padded
from rnnlab.probes.base import ProbeInput, labelled, not_applicable_without_labels
from rnnlab.probes.in_float64 import in_float64
from rnnlab.probes.similarity import cosine

POSITIONS: tuple[Insert, ...] = ("start", "middle", "end")
TEXTS_AT_A_TIME = 128
FEWEST_TEXTS = 8

Reduction = Literal["sum_of_batch_means", "mean"]
Vectors = Mapping[str, NDArray[np.float64]]
"""By position, float64 (classes, embedding): the gradient for the token of each class."""


@dataclass(frozen=True, kw_only=True)
class Gradients:
    """The loss's gradient with respect to the vector of every class's token, over all texts.

    reduction: `sum_of_batch_means`, over mini-batches of `batch_size` in the texts' own order, of the
    gradient of the batch's mean loss; or `mean`, over texts. Works for every model, frozen or not.

    max_texts: how many texts at most, drawn by `seed`, each class with its share (None: all); a sum is then
    scaled up to all texts, so that it estimates what they would give. full: whether the table holds the
    gradients themselves, too.
    """

    reduction: Reduction = "sum_of_batch_means"
    batch_size: Size = 8
    max_texts: Size | None = None
    full: bool = False
    seed: int = 0

    def not_applicable(self, probe_input: ProbeInput) -> str | None:
        """Returns a reason for tasks without labelled texts; every model has word vectors."""
        return not_applicable_without_labels(probe_input)

    def within(self, trained: int) -> "Gradients":
        """Returns the probe for few texts: one costs about as much as two that are trained on."""
        return self if self.max_texts else replace(self, max_texts=max(FEWEST_TEXTS, trained // 250))

    def measure(self, probe_input: ProbeInput) -> pd.DataFrame:
        """Returns the rows of `gradient_table`; of fewer than all texts, their number is in `texts`."""
        without_token, _ = labelled(probe_input)
        found = self.vectors(probe_input)
        table = gradient_table(found, without_token.class_tokens)
        if self.full:
            table = pd.concat([table, vector_columns(found, without_token.class_tokens)], axis=1)
        if self.max_texts is not None and self.max_texts < len(without_token):
            table["texts"] = self.max_texts
        return table

    def vectors(self, probe_input: ProbeInput) -> Vectors:
        """Returns the gradients themselves, taken in float64."""
        every_text, vocabulary = labelled(probe_input)
        rows = [vocabulary[token] for token in every_text.class_tokens]
        weights = self._weights(len(every_text))
        without_token = every_text
        if self.max_texts is not None and self.max_texts < len(every_text):
            chosen = draw_by_class(every_text.labels, self.max_texts, self.seed)
            without_token = every_text.take(chosen)
            weights = weights[chosen] * (weights.sum() / weights[chosen].sum())
        found = {}
        with in_float64(probe_input.model) as copied:
            # What goes back through packed texts is copied whole at every step: the longer, the slower.
            on_cpu = probe_input.device == "cpu" and without_padded(copied) is None
            model = padded_form(copied) if on_cpu else copied
            for position in POSITIONS:
                texts = replace(without_token.insert(position, rows), precision=torch.float64)
                order = texts.by_length()
                total = torch.zeros(len(rows), model.embedding.embedding_dim, dtype=torch.float64)
                parts = weights[torch.from_numpy(order)].split(TEXTS_AT_A_TIME)
                for batch, part in zip(texts.batches(order, TEXTS_AT_A_TIME), parts, strict=True):
                    inputs, lengths, targets = batch.to(probe_input.device)
                    losses = probe_input.objective.measure(model(inputs, lengths), targets)["loss"]
                    (gradient,) = torch.autograd.grad(losses @ part.to(losses), model.word_vectors)
                    total += gradient[rows].cpu()
                found[str(position)] = total.numpy()
        return found

    def _weights(self, texts: int) -> torch.Tensor:
        """Returns how much the gradient of each text's loss counts, float64 (texts,).

        A batch's mean loss gives each of its texts one over the batch's size, whatever else is computed
        with it; so texts can be taken together by length, which is some five times faster.
        """
        sizes = torch.full((texts,), texts if self.reduction == "mean" else self.batch_size)
        rest = texts % self.batch_size
        if self.reduction == "sum_of_batch_means" and rest:
            sizes[-rest:] = rest
        return 1 / sizes.double()


def draw_by_class(labels: NDArray[np.int64], number: int, seed: int) -> NDArray[np.int64]:
    """Returns `number` of the texts, rising, each class with its share of them."""
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    return np.sort(by_class[np.linspace(0, len(labels) - 1, number).round().astype(np.int64)])


def vector_columns(vectors: Vectors, tokens: Sequence[str]) -> pd.DataFrame:
    """Returns the gradients in the rows of `gradient_table`, a column a dimension, counted from 0.

    `newneg_0`, `newneg_1`, … and `newpos_0`, …; of more than two tokens, with a row each, `vector_0`, ….
    """
    stacked = np.stack(list(vectors.values()))  # (positions, classes, embedding)
    size = stacked.shape[2]
    if len(tokens) > 2:
        return pd.DataFrame(stacked.reshape(-1, size), columns=[f"vector_{place}" for place in range(size)])
    columns = [f"{token[1:-1]}_{place}" for token in tokens for place in range(size)]
    return pd.DataFrame(stacked.reshape(len(stacked), -1), columns=columns)


def without_vectors(table: pd.DataFrame) -> pd.DataFrame:
    """Returns the table without the columns of `vector_columns`."""
    return table.loc[:, ~table.columns.str.fullmatch(r".*_\d+")]


def gradient_table(vectors: Vectors, tokens: Sequence[str] = (NEWNEG, NEWPOS)) -> pd.DataFrame:
    """Returns a row per position: `position`, `newneg_norm`, `newpos_norm`, `cosine`, `ratio_to_end`.

    Norms are Euclidean, in nats per unit of the embedding; cosine: −1 to 1, between the two gradients;
    ratio_to_end: the mean of the two norms over the same mean at the end, so 1 at the end and near 0
    where gradients have vanished. NaN where a zero vector leaves them undefined.

    The norms' columns are called by the tokens. Of more than two there is a row per position and token:
    `position`, `token`, `norm`, `cosine`, `ratio_to_end`, the cosine being that with the sum of the other
    tokens' gradients, the ratio that of the token's own norms.
    """
    # math.hypot squares nothing that is too small to be squared.
    norms = {
        position: [math.hypot(*vector) for vector in of_tokens] for position, of_tokens in vectors.items()
    }
    if len(tokens) > 2:
        return pd.DataFrame(_rows_by_token(vectors, norms, tokens))
    end = sum(norms["end"])
    rows = []
    for position, (first, second) in vectors.items():
        first_norm, second_norm = norms[position]
        rows.append(
            {
                "position": position,
                **{f"{token[1:-1]}_norm": norm for token, norm in zip(tokens, norms[position], strict=True)},
                "cosine": cosine(first / (first_norm or 1), second / (second_norm or 1)),
                "ratio_to_end": (first_norm + second_norm) / end if end else math.nan,
            }
        )
    return pd.DataFrame(rows)


def _rows_by_token(
    vectors: Vectors, norms: Mapping[str, Sequence[float]], tokens: Sequence[str]
) -> Iterator[dict[str, str | float]]:
    for position, of_tokens in vectors.items():
        scaled = of_tokens / (max(norms[position]) or 1)
        for number, token in enumerate(tokens):
            norm, at_end = norms[position][number], norms["end"][number]
            others = np.delete(scaled, number, axis=0).sum(axis=0)
            yield {
                "position": position,
                "token": token,
                "norm": norm,
                "cosine": cosine(of_tokens[number] / (norm or 1), others),
                "ratio_to_end": norm / at_end if at_end else math.nan,
            }
