"""Cosine similarity of word vectors: what training has brought together and moved apart."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float
from torch import Tensor

from rnnlab.data.labels import class_token, is_class_token
from rnnlab.data.vocabulary import Vocabulary

EVERY_CLASS = class_token("*")
NOTE, ZERO_VECTOR = "note", "zero vector"
HISTORY = ("epoch", "word1", "word2", "similarity")


def cosine(first: Float[np.ndarray, " embedding"], second: Float[np.ndarray, " embedding"]) -> float:
    """Returns the cosine of the angle between two vectors, −1 to 1; NaN if one of them is zero."""
    norms = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / norms if norms else float("nan")


def known_pairs(
    pairs: Sequence[Sequence[str]], vocabulary: Vocabulary
) -> tuple[list[tuple[str, str]], list[str]]:
    """Returns the pairs of which both words are in the vocabulary, and the words that are missing.

    `<new*>` stands for the token of every class: a pair of it and a word for one per class, a pair of it and
    itself for every pair of classes.
    """
    pairs = _each_class(pairs, [word for word in vocabulary.words if is_class_token(word)])
    missing = dict.fromkeys(word for pair in pairs for word in pair if word not in vocabulary)
    return [(a, b) for a, b in pairs if a not in missing and b not in missing], list(missing)


def _each_class(pairs: Sequence[Sequence[str]], tokens: Sequence[str]) -> list[tuple[str, str]]:
    """Returns the pairs with the tokens of classes in place of `<new*>`, class by class."""
    general = [pair for pair in pairs if EVERY_CLASS in pair]
    expanded = [(a, b) for a, b in pairs if EVERY_CLASS not in (a, b)]
    for number, token in enumerate(tokens):
        for a, b in general:
            if a == b:
                expanded += [(token, later) for later in tokens[number + 1 :]]
            else:
                expanded.append((token, b) if a == EVERY_CLASS else (a, token))
    return expanded


def similarities(
    weights: Float[Tensor, "vocabulary embedding"], vocabulary: Vocabulary, pairs: Sequence[tuple[str, str]]
) -> pd.DataFrame:
    """Returns a row per pair: `word1`, `word2`, `similarity`, `note`.

    The cosine of a zero vector with any other is given as 0, with the note `zero vector`, else None.
    """
    matrix = weights.detach().cpu().double().numpy()
    rows = [(a, b, cosine(matrix[vocabulary[a]], matrix[vocabulary[b]])) for a, b in pairs]
    return _zeros_noted(pd.DataFrame(rows, columns=["word1", "word2", "similarity"]))


def _zeros_noted(table: pd.DataFrame) -> pd.DataFrame:
    """Returns the table with 0 for a cosine that is not defined, and a column `note` that says why."""
    undefined = table["similarity"].isna()
    notes = pd.Series([ZERO_VECTOR if zero else None for zero in undefined], table.index, dtype=object)
    return table.assign(similarity=table["similarity"].fillna(0.0), note=notes)


def lengths(
    weights: Float[Tensor, "vocabulary embedding"], vocabulary: Vocabulary, words: Sequence[str]
) -> pd.DataFrame:
    """Returns a row per word: `word` and `length`, the Euclidean length of its vector."""
    matrix = weights.detach().cpu().double().numpy()
    rows = [(word, float(np.linalg.norm(matrix[vocabulary[word]]))) for word in words]
    return pd.DataFrame(rows, columns=["word", "length"])


def neighbours(
    weights: Float[Tensor, "rows embedding"], vocabulary: Vocabulary, word: str, *, number: int
) -> list[tuple[str, float]]:
    """Returns the `number` words whose vectors are nearest to `word`'s by cosine, with that cosine.

    Words with a zero vector are nobody's neighbours, nor are n-grams, whose vectors come after those of the
    vocabulary; a word with a zero vector has none.
    """
    matrix = weights[: len(vocabulary)].detach().cpu().double().numpy()
    norms = np.linalg.norm(matrix, axis=1)
    own = vocabulary[word]
    if not norms[own]:
        return []
    with np.errstate(invalid="ignore", divide="ignore"):
        cosines = matrix @ matrix[own] / (norms * norms[own])
    cosines[(norms == 0) | (np.arange(len(norms)) == own)] = -np.inf
    nearest = np.argsort(-cosines, kind="stable")[:number]
    return [(vocabulary.words[i], float(cosines[i])) for i in nearest if np.isfinite(cosines[i])]


def history(written: pd.DataFrame | None, pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Returns those rows of a run's similarity.csv that are of `pairs`: `epoch`, `word1`, `word2`,
    `similarity`, `note` (see `similarities`; in files of before there was one, an empty similarity).

    A pair is the same pair in the other order. Of no rows, or with no such pair among them, there is none.
    """
    if written is None:
        return pd.DataFrame(columns=[*HISTORY, NOTE])
    rows = written[list(HISTORY)].astype({"similarity": float})
    wanted = {frozenset(pair) for pair in pairs}
    keep = [frozenset(pair) in wanted for pair in zip(rows["word1"], rows["word2"], strict=True)]
    noted = _zeros_noted(rows)
    if NOTE in written:
        noted["note"] = written[NOTE].where(written[NOTE].notna(), noted["note"])
    return noted[keep]
