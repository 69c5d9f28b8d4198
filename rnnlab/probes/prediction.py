"""What a net says of texts: of whole ones, and of every prefix of one."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rnnlab.data.splits import TextSplit
from rnnlab.data.vocabulary import UNK_ID
from rnnlab.models.base import SequenceModel
from rnnlab.probes.logits import logits_of, probabilities
from rnnlab.tasks.sentiment import Sentiment

TEXT, PROBABILITY, LABEL, UNKNOWN = "Input text", "Classifier probability", "Output label", "Unknown words"


@dataclass(frozen=True)
class EncodedText:
    """A text, its tokens, at least one, and their ids int32 (tokens,); one unknown to the net has UNK_ID."""

    text: str
    tokens: list[str]
    ids: NDArray[np.int32]

    @property
    def known(self) -> list[bool]:
        """Whether the net has a word vector of its own for each token."""
        return (self.ids != UNK_ID).tolist()

    @property
    def unknown(self) -> list[str]:
        """The distinct tokens that are unknown to the net."""
        return list(
            dict.fromkeys(token for token, known in zip(self.tokens, self.known, strict=True) if not known)
        )


def in_float64(model: SequenceModel) -> SequenceModel:
    """Returns a copy in evaluation mode and float64.

    There the order in which sums are taken, which follows the batch a text happens to be in and the order
    of its words, moves a logit by about 1e-15 in place of 1e-6.
    """
    return copy.deepcopy(model).double().eval()


def logits(model: SequenceModel, texts: Sequence[EncodedText], *, device: str) -> NDArray[np.float64]:
    """Returns the logit of `pos` for every text, (texts,), computed in float64."""
    if not texts:
        return np.zeros(0)
    lengths = [len(text.ids) for text in texts]
    split = TextSplit(
        ids=np.concatenate([text.ids for text in texts]),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        labels=np.zeros(len(texts), dtype=np.int64),  # nobody asks for them
    )
    return logits_of(in_float64(model), split, device=device)


def labels_of(chances: NDArray[np.float64]) -> list[str]:
    """Returns `pos` for probabilities above 0.5, else `neg`."""
    return [Sentiment.classes[int(chance > 0.5)] for chance in chances]


def predictions(model: SequenceModel, texts: Sequence[EncodedText], *, device: str) -> pd.DataFrame:
    """Returns a row a text: the text, the probability of `pos` (0 to 1), the label, its unknown words."""
    chances = probabilities(logits(model, texts, device=device))
    return pd.DataFrame(
        {
            TEXT: [text.text for text in texts],
            PROBABILITY: chances,
            LABEL: labels_of(chances),
            UNKNOWN: [" ".join(text.unknown) for text in texts],
        }
    )


def trace(model: SequenceModel, text: EncodedText, *, device: str) -> pd.DataFrame:
    """Returns a row a token: the probability of `pos` if the text ended with it.

    Every prefix is read anew, as a text of its own: so it is right for nets that read backwards, too.
    """
    ends = range(1, len(text.ids) + 1)
    prefixes = [EncodedText(text.text, text.tokens[:end], text.ids[:end]) for end in ends]
    return pd.DataFrame(
        {
            "Position": ends,
            "Token": text.tokens,
            PROBABILITY: probabilities(logits(model, prefixes, device=device)),
            "Known": text.known,
        }
    )
