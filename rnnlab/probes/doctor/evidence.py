"""What the doctor measures of a trained net, beside the figures its training left."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from rnnlab.core.metrics import chosen_classes
from rnnlab.probes.base import ProbeInput
from rnnlab.probes.in_float64 import in_float64
from rnnlab.probes.logits import logits_of

GRADIENT_TEXTS = 200  # enough for a median; the gradients of 25,000 texts would take minutes
GRADIENT_BATCH = 32


@dataclass(frozen=True)
class Evidence:
    """The figures that a diagnosis rests on.

    metrics: a row per epoch, 0 and up, as in metrics.csv; gradients: see `gradients_by_place`;
    predicted, valid, train: by class the share, 0 to 1, of validation texts that the net calls so, and of
    the validation and the training texts that are so; token_coverage: the share
    of the training texts' running words that had a pretrained vector, None without vectors.
    """

    metrics: pd.DataFrame
    gradients: dict[str, float]
    predicted: dict[str, float]
    valid: dict[str, float]
    train: dict[str, float]
    token_coverage: float | None


def gather(
    probe_input: ProbeInput,
    metrics: pd.DataFrame,
    *,
    train_labels: NDArray[np.int64],
    token_coverage: float | None,
) -> Evidence:
    """Returns what is to be known of a net; `metrics` ends with the epoch of its parameters."""
    texts = probe_input.with_token
    logits = logits_of(probe_input.model, texts, device=probe_input.device)
    return Evidence(
        metrics=metrics,
        gradients=gradients_by_place(probe_input),
        predicted=_shares(chosen_classes(logits), texts.classes),
        valid=_shares(texts.labels, texts.classes),
        train=_shares(train_labels, texts.classes),
        token_coverage=token_coverage,
    )


def _shares(numbers: NDArray[np.int64], classes: Sequence[str]) -> dict[str, float]:
    return {label: float(np.mean(numbers == number)) for number, label in enumerate(classes)}


def gradients_by_place(probe_input: ProbeInput) -> dict[str, float]:
    """Returns ‖∂L/∂x_t‖ at the `start`, `middle` and `end` of the texts, the median over them.

    L is a text's own loss and x_t the vector of its first word, of word ⌊length / 2⌋ or of its last word,
    the inserted token being a word. Up to GRADIENT_TEXTS texts, evenly spaced over the split, are taken, in
    float64, where far smaller numbers than float32's are still above zero.
    """
    texts = probe_input.with_token.spread(GRADIENT_TEXTS)
    norms: dict[str, list[torch.Tensor]] = {"start": [], "middle": [], "end": []}
    with in_float64(probe_input.model) as model:
        for batch in texts.batches(texts.by_length(), GRADIENT_BATCH):
            inputs, lengths, targets = batch.double().to(probe_input.device)
            vectors = model.embedding(inputs).detach().requires_grad_()
            logits = model.forward_vectors(vectors, lengths)
            losses = probe_input.objective.measure(logits, targets)["loss"]
            # The texts of a batch have nothing to do with each other: the sum gives each its own gradient.
            (gradient,) = torch.autograd.grad(losses.sum(), vectors)
            rows = torch.arange(len(lengths))
            for place, index in (("start", 0 * lengths), ("middle", lengths // 2), ("end", lengths - 1)):
                norms[place].append(gradient[rows, index].norm(dim=1).cpu())
    return {place: float(torch.cat(parts).quantile(0.5)) for place, parts in norms.items()}
