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
from rnnlab.probes.base import ProbeInput, labelled, not_applicable_without_labels
from rnnlab.probes.in_float64 import in_float64
from rnnlab.probes.similarity import cosine

POSITIONS: tuple[Insert, ...] = ("start", "middle", "end")
TEXTS_AT_A_TIME = 64

Reduction = Literal["sum_of_batch_means", "mean"]
Vectors = Mapping[str, NDArray[np.float64]]
"""By position, float64 (classes, embedding): the gradient for the token of each class."""


@dataclass(frozen=True, kw_only=True)
class Gradients:
    """The loss's gradient with respect to the vector of every class's token, over all texts.

    reduction: `sum_of_batch_means`, over mini-batches of `batch_size` in the texts' own order, of the
    gradient of the batch's mean loss; or `mean`, over texts. Works for every model, frozen or not.
    """

    reduction: Reduction = "sum_of_batch_means"
    batch_size: Size = 8

    def not_applicable(self, probe_input: ProbeInput) -> str | None:
        """Returns a reason for tasks without labelled texts; every model has word vectors."""
        return not_applicable_without_labels(probe_input)

    def measure(self, probe_input: ProbeInput) -> pd.DataFrame:
        """Returns the rows of `gradient_table`."""
        without_token, _ = labelled(probe_input)
        return gradient_table(self.vectors(probe_input), without_token.class_tokens)

    def vectors(self, probe_input: ProbeInput) -> Vectors:
        """Returns the gradients themselves, taken in float64."""
        without_token, vocabulary = labelled(probe_input)
        rows = [vocabulary[token] for token in without_token.class_tokens]
        weights = self._weights(len(without_token))
        found = {}
        with in_float64(probe_input.model) as model:
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
