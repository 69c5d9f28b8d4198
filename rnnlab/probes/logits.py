"""A trained net's outputs on texts, in the order of the texts."""

import numpy as np
import torch
from numpy.typing import NDArray

from rnnlab.core.batch import EVALUATION_BATCH
from rnnlab.data.splits import TextSplit
from rnnlab.models.base import SequenceModel


@torch.no_grad()
def logits_of(model: SequenceModel, texts: TextSplit, *, device: str) -> NDArray[np.float64]:
    """Returns the logits of every text, (texts, outputs); the mode of `model` is left alone."""
    order = texts.by_length()
    parts = [
        model(batch.inputs.to(device), batch.lengths).cpu().double()
        for batch in texts.batches(order, EVALUATION_BATCH)
    ]
    logits: NDArray[np.float64] = torch.cat(parts).numpy()
    return logits[np.argsort(order)]
