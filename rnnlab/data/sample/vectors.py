"""Word vectors in GloVe's text form, from counts of words that stand near each other."""

from collections import Counter
from collections.abc import Iterable

import numpy as np
from spacy.lang.en import English

WINDOW = 10
MEAN_NORM = 5.0  # that of the 50-d GloVe vectors, so that the same learning rates suit both


def train_vectors(texts: list[str], *, dim: int = 50) -> str:
    """Returns lines `word v1 … v_dim`, one for each word of `texts`, in falling frequency.

    The vectors are the leading eigenvectors of the matrix of positive pointwise mutual information
    (Levy and Goldberg 2014), each scaled by the square root of its eigenvalue and signed so that its largest
    component is positive.
    """
    tokenizer = English().tokenizer
    documents = [[token.lower_ for token in doc] for doc in map(tokenizer, texts)]
    frequency = Counter(word for document in documents for word in document)
    words = sorted(frequency, key=lambda word: (-frequency[word], word))
    vectors = _factorise(_positive_pmi(_cooccurrences(documents, words)), dim)
    rows = [" ".join(f"{value:.3f}" for value in vector) for vector in vectors]
    return "".join(f"{word} {row}\n" for word, row in zip(words, rows, strict=True))


def _cooccurrences(documents: Iterable[list[str]], words: list[str]) -> np.ndarray:
    """Returns (words, words) counts of two words at most WINDOW apart in one document."""
    size = len(words)
    index = {word: i for i, word in enumerate(words)}
    gap = [-1] * WINDOW
    ids = np.array([i for document in documents for i in [*(index[w] for w in document), *gap]])
    counts = np.zeros(size * size)
    for distance in range(1, WINDOW + 1):
        left, right = ids[:-distance], ids[distance:]
        inside = (left >= 0) & (right >= 0)
        counts += np.bincount(left[inside] * size + right[inside], minlength=size * size)
    square = counts.reshape(size, size)
    return square + square.T


def _positive_pmi(counts: np.ndarray) -> np.ndarray:
    """Returns max(0, ln p(a, b) / (p(a) p(b))), the probabilities being shares of `counts`."""
    total = counts.sum(axis=1)
    with np.errstate(divide="ignore"):
        pmi = np.log(counts * total.sum() / np.outer(total, total))
    return np.maximum(pmi, 0.0)


def _factorise(matrix: np.ndarray, dim: int) -> np.ndarray:
    """Returns (words, dim) vectors from a symmetric matrix."""
    values, directions = np.linalg.eigh(matrix)
    leading = np.argsort(-np.abs(values))[:dim]
    vectors = directions[:, leading] * np.sqrt(np.abs(values[leading]))
    largest = np.abs(vectors).argmax(axis=0)
    vectors *= np.sign(vectors[largest, range(dim)])
    return vectors * (MEAN_NORM / np.linalg.norm(vectors, axis=1).mean())
