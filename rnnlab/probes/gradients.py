"""What the loss would tell the inserted tokens: its gradient, by the place where they stand.

One extra token per text, by class, is put at the start, in the middle or at the end. If the gradient that
reaches its vector is tiny at one place, training cannot teach the token anything from there.
"""

import math
from collections.abc import Mapping
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
"""By position, float64 (2, embedding): the gradients for `<newneg>` and `<newpos>`."""


@dataclass(frozen=True, kw_only=True)
class Gradients:
    """The loss's gradient with respect to the vectors of `<newneg>` and `<newpos>`, over all texts.

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
        return gradient_table(self.vectors(probe_input))

    def vectors(self, probe_input: ProbeInput) -> Vectors:
        """Returns the gradients themselves, taken in float64."""
        without_token, vocabulary = labelled(probe_input)
        rows = [vocabulary[NEWNEG], vocabulary[NEWPOS]]
        weights = self._weights(len(without_token))
        found = {}
        with in_float64(probe_input.model) as model:
            for position in POSITIONS:
                texts = replace(without_token.insert(position, rows), precision=torch.float64)
                order = texts.by_length()
                total = torch.zeros(2, model.embedding.embedding_dim, dtype=torch.float64)
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


def gradient_table(vectors: Vectors) -> pd.DataFrame:
    """Returns a row per position: `position`, `newneg_norm`, `newpos_norm`, `cosine`, `ratio_to_end`.

    Norms are Euclidean, in nats per unit of the embedding; cosine: −1 to 1, between the two gradients;
    ratio_to_end: the mean of the two norms over the same mean at the end, so 1 at the end and near 0
    where gradients have vanished. NaN where a zero vector leaves them undefined.
    """
    # math.hypot squares nothing that is too small to be squared.
    norms = {position: [math.hypot(*vector) for vector in pair] for position, pair in vectors.items()}
    end = sum(norms["end"])
    rows = []
    for position, (newneg, newpos) in vectors.items():
        newneg_norm, newpos_norm = norms[position]
        rows.append(
            {
                "position": position,
                "newneg_norm": newneg_norm,
                "newpos_norm": newpos_norm,
                "cosine": cosine(newneg / (newneg_norm or 1), newpos / (newpos_norm or 1)),
                "ratio_to_end": (newneg_norm + newpos_norm) / end if end else math.nan,
            }
        )
    return pd.DataFrame(rows)
