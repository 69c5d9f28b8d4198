"""What simple counts can guess: the baselines of a language model."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

WEIGHTS = np.linspace(0.0, 0.99, 100)
HELD_OUT = 0.1  # of the training tokens, to choose the weight by


@dataclass(frozen=True)
class Bigram:
    """p(token | token before) = weight · counts of the pair + (1 − weight) · p(token).

    The unigram p(token) has one count added to every token's (Laplace), so that none is impossible; what is
    left for unseen pairs is interpolation (Jelinek & Mercer 1980). weight 0 is the unigram alone.
    unigram: float64 (vocabulary,); pairs: sorted int64 codes before · vocabulary + token, with their counts;
    befores: int64 (vocabulary,), how often each token came before another.
    """

    unigram: NDArray[np.float64]
    pairs: NDArray[np.int64]
    pair_counts: NDArray[np.int64]
    befores: NDArray[np.int64]
    weight: float

    @classmethod
    def fit(cls, ids: NDArray[np.int64], vocabulary_size: int) -> Self:
        """Returns the bigram of a text; the weight is the best on its last tenth, counted by the rest."""
        cut = min(round(len(ids) * (1 - HELD_OUT)), len(ids) - 1)
        part = cls._count(ids[:cut], vocabulary_size)
        of_pairs, of_tokens = part._shares(ids[cut - 1 :])
        losses = [-np.log(w * of_pairs + (1 - w) * of_tokens).mean() for w in WEIGHTS]
        whole = cls._count(ids, vocabulary_size)
        return whole.weighted(float(WEIGHTS[int(np.argmin(losses))]))

    @classmethod
    def _count(cls, ids: NDArray[np.int64], size: int) -> Self:
        counts = np.bincount(ids, minlength=size) + 1
        pairs, pair_counts = np.unique(ids[:-1] * size + ids[1:], return_counts=True)
        return cls(counts / counts.sum(), pairs, pair_counts, np.bincount(ids[:-1], minlength=size), 0.0)

    def weighted(self, weight: float) -> Self:
        """Returns the same counts with another weight, 0 to below 1."""
        return type(self)(self.unigram, self.pairs, self.pair_counts, self.befores, weight)

    def log_likelihoods(self, ids: NDArray[np.int64]) -> NDArray[np.float64]:
        """Returns ln p of every token but the first, (tokens − 1,), in nats."""
        of_pairs, of_tokens = self._shares(ids)
        likelihoods: NDArray[np.float64] = np.log(self.weight * of_pairs + (1 - self.weight) * of_tokens)
        return likelihoods

    def _shares(self, ids: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns the relative frequency of each pair after its first token, and of each token alone."""
        codes, of_tokens = ids[:-1] * len(self.unigram) + ids[1:], self.unigram[ids[1:]]
        met = np.isin(codes, self.pairs)
        counts = np.zeros(len(codes))
        counts[met] = self.pair_counts[np.searchsorted(self.pairs, codes[met])]
        befores = self.befores[ids[:-1]]
        # After a token that never came before another, only the unigram knows anything.
        return np.where(befores > 0, counts / np.maximum(befores, 1), of_tokens), of_tokens


def perplexity(log_likelihoods: NDArray[np.float64]) -> float:
    """Returns exp of the mean negative log-likelihood: of so many equally likely tokens one would guess."""
    return float(np.exp(-log_likelihoods.mean()))
