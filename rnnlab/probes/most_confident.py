"""A finished net's most_confident predictions, right and wrong, to read and wonder about."""

import numpy as np
import pandas as pd

from rnnlab.probes.base import ProbeInput, labelled
from rnnlab.probes.logits import logits_of, probabilities, spread

LOOKED_AT = 1000  # texts, evenly spaced over the split


def most_confident_predictions(probe_input: ProbeInput, *, number: int = 5) -> pd.DataFrame:
    """Returns up to `number` texts each of four kinds, right and wrong, of either class, the surest first.

    Columns: outcome, label, probability (of `pos`, 0 to 1), text (its tokens, inserted ones included).
    """
    split = spread(probe_input.with_token, LOOKED_AT)
    _, vocabulary = labelled(probe_input)
    logits = logits_of(probe_input.model, split, device=probe_input.device)
    chances = probabilities(logits)
    right = (chances > 0.5) == (split.labels == 1)
    rows = []
    for outcome, wanted in (("right", right), ("wrong", ~right)):
        for label, name in ((0, "neg"), (1, "pos")):
            members = np.flatnonzero(wanted & (split.labels == label))
            for index in members[np.argsort(-np.abs(logits[members]), kind="stable")][:number]:
                words = " ".join(vocabulary.words[i] for i in split.text(int(index)))
                rows.append((outcome, name, float(chances[index]), words))
    return pd.DataFrame(rows, columns=["outcome", "label", "probability", "text"])
