"""A trained net's most confident predictions, right and wrong, to read and wonder about."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from rnnlab.core.batch import EVALUATION_BATCH
from rnnlab.core.metrics import logistic
from rnnlab.data.splits import TextSplit
from rnnlab.data.vocabulary import Vocabulary
from rnnlab.tasks.base import PredictFn

LOOKED_AT = 1000  # texts, evenly spaced over the split


def most_confident(
    predict_fn: PredictFn,
    texts: TextSplit,
    vocabulary: Vocabulary,
    classes: Sequence[str],
    *,
    number: int = 5,
) -> pd.DataFrame:
    """Returns up to `number` texts each of right and wrong ones of either class, the most confident first.

    Columns: outcome, label, probability (of the second class, 0 to 1), text (its tokens, inserted ones
    included).
    """
    split = texts.spread(LOOKED_AT)
    logits = logits_of(predict_fn, split)[:, 0]
    chances = logistic(logits)
    right = (chances > 0.5) == (split.labels == 1)
    rows = []
    for outcome, wanted in (("right", right), ("wrong", ~right)):
        for label, name in enumerate(classes):
            members = np.flatnonzero(wanted & (split.labels == label))
            for index in members[np.argsort(-np.abs(logits[members]), kind="stable")][:number]:
                words = " ".join(vocabulary.words[i] for i in split.text(int(index)))
                rows.append((outcome, name, float(chances[index]), words))
    return pd.DataFrame(rows, columns=["outcome", "label", "probability", "text"])


def logits_of(predict_fn: PredictFn, texts: TextSplit) -> NDArray[np.float64]:
    """Returns a net's logits (texts, outputs), in the order of the texts."""
    order = texts.by_length()
    parts = [predict_fn(batch).double() for batch in texts.batches(order, EVALUATION_BATCH)]
    logits = torch.cat(parts).numpy()
    return logits[np.argsort(order)]
