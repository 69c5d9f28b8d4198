"""A trained net's most confident predictions, right and wrong, to read and wonder about."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from rnnlab.core.batch import EVALUATION_BATCH
from rnnlab.core.metrics import chosen_classes, class_probabilities
from rnnlab.data.labels import NEG_POS
from rnnlab.data.splits import TextSplit
from rnnlab.data.vocabulary import Vocabulary
from rnnlab.tasks.base import PredictFn

LOOKED_AT = 1000  # texts, evenly spaced over the split
ROWS = 20  # about, one per text


def most_confident(
    predict_fn: PredictFn, texts: TextSplit, vocabulary: Vocabulary, classes: Sequence[str]
) -> pd.DataFrame:
    """Returns a few right and a few wrong texts of every class, five each of two, the most confident first.

    Columns: outcome, label, probability (0 to 1), text (its tokens, inserted ones included). The probability
    is that of positive; of labels of one's own it is that of the label `called`, a further column.
    """
    split = texts.spread(LOOKED_AT)
    logits = logits_of(predict_fn, split)
    chosen, chances, margins = chosen_classes(logits), class_probabilities(logits), _margins(logits)
    two, number = tuple(classes) == NEG_POS, max(1, ROWS // (2 * len(classes)))
    rows = []
    for outcome, wanted in (("right", chosen == split.labels), ("wrong", chosen != split.labels)):
        for label, name in enumerate(classes):
            members = np.flatnonzero(wanted & (split.labels == label))
            for index in members[np.argsort(-margins[members], kind="stable")][:number]:
                called = int(chosen[index])
                rows.append(
                    {
                        "outcome": outcome,
                        "label": name,
                        **({} if two else {"called": classes[called]}),
                        "probability": float(chances[index, 1 if two else called]),
                        "text": " ".join(vocabulary.words[i] for i in split.text(int(index))),
                    }
                )
    return pd.DataFrame(rows)


def logits_of(predict_fn: PredictFn, texts: TextSplit) -> NDArray[np.float64]:
    """Returns a net's logits (texts, outputs), in the order of the texts."""
    order = texts.by_length()
    parts = [predict_fn(batch).double() for batch in texts.batches(order, EVALUATION_BATCH)]
    logits = torch.cat(parts).numpy()
    return logits[np.argsort(order)]


def _margins(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns how far the chosen class is ahead: by its logit, of several outputs less the next one."""
    if logits.shape[1] == 1:
        return np.abs(logits[:, 0])
    first_two = np.partition(logits, -2, axis=1)[:, -2:]
    return first_two[:, 1] - first_two[:, 0]
