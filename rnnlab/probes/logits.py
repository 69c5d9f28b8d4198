"""A trained net's outputs on texts, in the order of the texts."""

import numpy as np
import torch
from numpy.typing import NDArray

from rnnlab.data.splits import TextSplit
from rnnlab.models.base import SequenceModel
from rnnlab.training.loop import EVALUATION_BATCH


@torch.no_grad()
def logits_of(model: SequenceModel, texts: TextSplit, *, device: str) -> NDArray[np.float64]:
    """Returns the logit of the positive class for every text, (texts,); the mode of `model` is left alone."""
    order = texts.by_length()
    parts = [
        model(batch.inputs.to(device), batch.lengths)[:, 0].cpu().double()
        for batch in texts.batches(order, EVALUATION_BATCH)
    ]
    logits = np.empty(len(texts))
    logits[order] = torch.cat(parts).numpy()
    return logits


def probabilities(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the logistic function of logits, 1 / (1 + exp(−logit)), without overflow."""
    return np.exp(-np.logaddexp(0.0, -logits))


def spread(texts: TextSplit, number: int | None) -> TextSplit:
    """Returns `number` of the texts, evenly spaced over them; all for None or if there are no more."""
    if number is None or number >= len(texts):
        return texts
    return texts.take(np.linspace(0, len(texts) - 1, number).round().astype(np.int64))
