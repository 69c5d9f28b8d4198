"""Cosine similarity of word vectors: what training has brought together and moved apart."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float
from torch import Tensor

from rnnlab.core.errors import InputError
from rnnlab.data.labels import class_token, is_class_token
from rnnlab.data.vocabulary import Vocabulary

EVERY_CLASS = class_token("*")


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
    """Returns a row per pair: `word1`, `word2`, `similarity` (NaN where a vector is zero)."""
    matrix = weights.detach().cpu().double().numpy()
    rows = [(a, b, cosine(matrix[vocabulary[a]], matrix[vocabulary[b]])) for a, b in pairs]
    return pd.DataFrame(rows, columns=["word1", "word2", "similarity"])


def neighbours(
    weights: Float[Tensor, "vocabulary embedding"], vocabulary: Vocabulary, word: str, *, number: int
) -> list[tuple[str, float]]:
    """Returns the `number` words whose vectors are nearest to `word`'s by cosine, with that cosine.

    Words with a zero vector are nobody's neighbours; a word with a zero vector has none.
    """
    matrix = weights.detach().cpu().double().numpy()
    norms = np.linalg.norm(matrix, axis=1)
    own = vocabulary[word]
    if not norms[own]:
        return []
    with np.errstate(invalid="ignore", divide="ignore"):
        cosines = matrix @ matrix[own] / (norms * norms[own])
    cosines[(norms == 0) | (np.arange(len(norms)) == own)] = -np.inf
    nearest = np.argsort(-cosines, kind="stable")[:number]
    return [(vocabulary.words[i], float(cosines[i])) for i in nearest if np.isfinite(cosines[i])]


def history(path: Path, pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Returns the rows of a run's similarity.csv for `pairs`: `epoch`, `word1`, `word2`, `similarity`.

    A pair is the same pair in the other order. Without a file, or with no such pair in it, there is no row.
    Raises InputError for a file that is not such a table.
    """
    columns = ["epoch", "word1", "word2", "similarity"]
    if not path.is_file():
        return pd.DataFrame(columns=columns)
    try:
        # A word may well be "null" or "nan": only the similarity of a zero vector is missing.
        rows = pd.read_csv(
            path, keep_default_na=False, na_values={"similarity": [""]}, dtype={"word1": str, "word2": str}
        )[columns].astype({"epoch": int, "similarity": float})
    except (ValueError, KeyError) as error:
        raise InputError(f"{path}: not readable as a table of {', '.join(columns)} ({error})") from None
    wanted = {frozenset(pair) for pair in pairs}
    keep = [frozenset(pair) in wanted for pair in zip(rows["word1"], rows["word2"], strict=True)]
    return rows[keep]
