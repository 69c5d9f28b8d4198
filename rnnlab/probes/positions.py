"""The position lab: the inserted tokens moved through the texts, and what becomes of the output."""

from collections.abc import Iterable, Sequence
from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Ge, Gt, Le, MinLen
from numpy.typing import NDArray

from rnnlab.core.metrics import chosen_classes, log_odds, logistic
from rnnlab.data.splits import TextSplit
from rnnlab.data.vocabulary import Vocabulary
from rnnlab.probes.base import ProbeInput, evaluating, labelled, not_applicable_without_labels
from rnnlab.probes.logits import logits_of

FEWEST_TEXTS = 8
OWN = "own"
"""Stands for each text's own token in the table of more than two."""
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

    def within(self, trained: int) -> "Positions":
        """Returns the probe for few texts: at a place, one costs about half as much as one trained on."""
        few = max(FEWEST_TEXTS, trained // (50 * len(self.positions)))
        return Positions(self.positions, self.max_texts or few)

    def measure(self, probe_input: ProbeInput) -> pd.DataFrame:
        """Returns a row per position and, in front, one for the texts without a token (`position` is NaN).

        Columns, all means over the texts: `accuracy`, with the token of the text's class; `newneg_shift` and
        `newpos_shift`, the logit with `<newneg>` or `<newpos>` less that without a token; `logit_shift` and
        `probability_shift`, logit and probability with `<newpos>` less those with `<newneg>`. Logits are in
        nats and are those of the positive class; of two other labels, of the second.

        Of more than two classes there is a row per position and token: `position`, `token`, `accuracy`, of
        the texts of the token's class with it (NaN where there are none), and `shift`, of all texts: ln p /
        (1 − p), p being the probability of the token's class, with the token less without one, in nats. The
        first of a position's rows, whose `token` is `own`, is of all texts with the token of their class.
        """
        whole, vocabulary = labelled(probe_input)
        texts = whole.spread(self.max_texts)
        with evaluating(probe_input.model) as model:
            without_token = logits_of(model, texts, device=probe_input.device)
            rows: list[dict[str, float | str]] = []
            for position in self.positions:
                with_tokens = [
                    logits_of(model, split, device=probe_input.device)
                    for split in _with_each_token(texts, position, vocabulary)
                ]
                rows += _rows(position, texts, without_token, with_tokens)
        first = {"position": float("nan"), "accuracy": _accuracy(without_token, texts)}
        return pd.DataFrame([first, *rows], columns=list(rows[0]))


def places(position: float, lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns before which word of each text a relative position lies, ⌊position · length⌋, (texts,).

    So 0, 0.5 and 1 are the places of insert=start, middle and end.
    """
    # 0.29 · 100 is 28.999999999999996, and yet means 29.
    return np.floor(position * lengths + 1e-9).astype(np.int64)


def _with_each_token(texts: TextSplit, position: float, vocabulary: Vocabulary) -> Iterable[TextSplit]:
    within = places(position, texts.lengths)
    for token in texts.class_tokens:
        yield texts.insert_at(within, np.full(len(texts), vocabulary[token]))


Logits = NDArray[np.float64]


def _rows(
    position: float, texts: TextSplit, without_token: Logits, with_tokens: Sequence[Logits]
) -> list[dict[str, float | str]]:
    """Returns a position's rows; logits are (texts, outputs), one array a token."""
    own = np.stack(with_tokens)[texts.labels, np.arange(len(texts))]
    accuracy = _accuracy(own, texts)
    if len(with_tokens) > 2:
        shifts = [
            log_odds(logits, number) - log_odds(without_token, number)
            for number, logits in enumerate(with_tokens)
        ]
        own_shift = np.stack(shifts)[texts.labels, np.arange(len(texts))]
        rows: list[dict[str, float | str]] = [
            {"position": position, "token": OWN, "accuracy": accuracy, "shift": float(own_shift.mean())}
        ]
        for number, token in enumerate(texts.class_tokens):
            members = np.flatnonzero(texts.labels == number)
            right = _accuracy(own[members], texts.take(members)) if len(members) else float("nan")
            rows.append(
                {"position": position, "token": token, "accuracy": right, "shift": shifts[number].mean()}
            )
        return rows
    first, second = (logits[:, 0] for logits in with_tokens)
    shift = {
        f"{token[1:-1]}_shift": float(np.mean(logits - without_token[:, 0]))
        for token, logits in zip(texts.class_tokens, (first, second), strict=True)
    }
    return [
        {
            "position": position,
            "accuracy": accuracy,
            **shift,
            "logit_shift": float(np.mean(second - first)),
            "probability_shift": float(np.mean(logistic(second) - logistic(first))),
        }
    ]


def _accuracy(logits: Logits, texts: TextSplit) -> float:
    return float(np.mean(chosen_classes(logits) == texts.labels))
