"""The position lab: the inserted tokens moved through the texts, and what becomes of the output."""

from collections.abc import Iterable
from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Ge, Gt, Le, MinLen
from numpy.typing import NDArray

from rnnlab.core.metrics import logistic
from rnnlab.data.splits import TextSplit
from rnnlab.data.vocabulary import NEWNEG, NEWPOS, Vocabulary
from rnnlab.probes.base import ProbeInput, evaluating, labelled, not_applicable_without_labels
from rnnlab.probes.logits import logits_of

Position = Annotated[float, Ge(0.0), Le(1.0)]


class Positions:
    """Accuracy and shift of the output with the tokens at every relative position of the texts.

    positions: 0, before the first word, to 1, after the last; max_texts: how many texts at most, evenly
    spaced over the split (None: all).
    """

    def __init__(
        self,
        positions: Annotated[tuple[Position, ...], MinLen(1)],
        max_texts: Annotated[int, Gt(0)] | None = None,
    ) -> None:
        self.positions, self.max_texts = positions, max_texts

    def not_applicable(self, probe_input: ProbeInput) -> str | None:
        """Returns a reason for tasks without labelled texts; any model can be given the tokens."""
        return not_applicable_without_labels(probe_input)

    def measure(self, probe_input: ProbeInput) -> pd.DataFrame:
        """Returns a row per position and, in front, one for the texts without a token (`position` is NaN).

        Columns, all means over the texts: `accuracy`, with the token of the text's class; `newneg_shift` and
        `newpos_shift`, the logit with `<newneg>` or `<newpos>` less that without a token; `logit_shift` and
        `probability_shift`, logit and probability with `<newpos>` less those with `<newneg>`. Logits are in
        nats and are those of the positive class.
        """
        whole, vocabulary = labelled(probe_input)
        texts = whole.spread(self.max_texts)
        with evaluating(probe_input.model) as model:
            without_token = logits_of(model, texts, device=probe_input.device)
            rows = [{"position": float("nan"), "accuracy": _accuracy(without_token, texts)}]
            for position in self.positions:
                negative, positive = (
                    logits_of(model, split, device=probe_input.device)
                    for split in _with_each_token(texts, position, vocabulary)
                )
                rows.append(
                    _row(position, texts, without_token=without_token, negative=negative, positive=positive)
                )
        return pd.DataFrame(rows, columns=list(rows[-1]))


def places(position: float, lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns before which word of each text a relative position lies, ⌊position · length⌋, (texts,).

    So 0, 0.5 and 1 are the places of insert=start, middle and end.
    """
    # 0.29 · 100 is 28.999999999999996, and yet means 29.
    return np.floor(position * lengths + 1e-9).astype(np.int64)


def _with_each_token(texts: TextSplit, position: float, vocabulary: Vocabulary) -> Iterable[TextSplit]:
    within = places(position, texts.lengths)
    for token in (NEWNEG, NEWPOS):
        yield texts.insert_at(within, np.full(len(texts), vocabulary[token]))


def _row(
    position: float,
    texts: TextSplit,
    *,
    without_token: NDArray[np.float64],
    negative: NDArray[np.float64],
    positive: NDArray[np.float64],
) -> dict[str, float]:
    return {
        "position": position,
        "accuracy": _accuracy(np.where(texts.labels == 1, positive, negative), texts),
        "newneg_shift": float(np.mean(negative - without_token)),
        "newpos_shift": float(np.mean(positive - without_token)),
        "logit_shift": float(np.mean(positive - negative)),
        "probability_shift": float(np.mean(logistic(positive) - logistic(negative))),
    }


def _accuracy(logits: NDArray[np.float64], texts: TextSplit) -> float:
    return float(np.mean((logits > 0) == (texts.labels == 1)))
