"""Vocabulary and vectors by way of torchtext 0.6.0, its last release in pure Python.

`data.vocabulary=torchtext` puts the two functions here in the place of `build_vocabulary` and `load_vectors`,
which have the same signatures and give the same results.
"""

import contextlib
import io
import ssl
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Protocol, runtime_checkable

import numpy as np

from rnnlab.core.errors import InputError
from rnnlab.data.open_file import open_bytes, show_path
from rnnlab.data.vectors import Vectors
from rnnlab.data.vocabulary import NEWNEG, NEWPOS, PAD, UNK, Vocabulary, is_reserved

_VERSION = "0.6.0"


@runtime_checkable
class TorchtextVocab(Protocol):
    """What of torchtext's Vocab is asked for."""

    @property
    def itos(self) -> Sequence[str]:
        """The words in the order of their ids."""
        ...


def from_torchtext(vocab: TorchtextVocab, *, extra: tuple[str, ...] = (NEWNEG, NEWPOS)) -> Vocabulary:
    """Returns the words of `vocab` in their order, after `<pad>` and `<unk>` and before `extra`.

    Ids are those of `vocab` if it was made with `specials=["<pad>", "<unk>"]`. Rows of its vectors, should
    it have some, are to be put in the new order: `vocab.vectors[[vocab.stoi[w] for w in result.words]]`.
    """
    words = (word for word in vocab.itos if not is_reserved(word))
    return Vocabulary((PAD, UNK, *words, *extra))


def build_torchtext_vocabulary(
    counts: Mapping[str, int],
    *,
    min_count: int,
    max_vocabulary: int | None,
    extra: tuple[str, ...] = (NEWNEG, NEWPOS),
) -> Vocabulary:
    """Returns the vocabulary that torchtext's Vocab makes of the counts, reserved words left out.

    Raises InputError if torchtext 0.6.0 is not installed.
    """
    counter = Counter({word: count for word, count in counts.items() if not is_reserved(word)})
    torchtext_vocab = _torchtext_vocab()
    vocab = torchtext_vocab.Vocab(counter, max_size=max_vocabulary, min_freq=min_count, specials=[PAD, UNK])
    return from_torchtext(vocab, extra=extra)


def load_torchtext_vectors(path: Path, words: Sequence[str], *, embedding_dim: int | None) -> Vectors:
    """Reads the vectors of `words` with torchtext's Vectors; a word without one gets zeros.

    Raises InputError if torchtext 0.6.0 is not installed, if the file cannot be read, or if its vectors
    have another dimension than `embedding_dim`.
    """
    torchtext_vocab = _torchtext_vocab()
    with open_bytes(path):
        pass
    make_context = ssl._create_default_https_context
    try:
        # Its cache is a pickle, and it draws its progress bar also where nobody looks.
        with tempfile.TemporaryDirectory() as cache, contextlib.redirect_stderr(io.StringIO()):
            vectors = torchtext_vocab.Vectors(str(path), cache=cache)
    except (RuntimeError, ValueError, TypeError) as error:
        raise InputError(f"{show_path(path)}: torchtext cannot read these vectors ({error})") from error
    finally:
        # Vectors switches the check of certificates off for the whole process.
        ssl._create_default_https_context = make_context
    if embedding_dim not in (None, vectors.dim):
        name = show_path(path)
        raise InputError(f"{name}: has vectors of dimension {vectors.dim}; asked for is {embedding_dim}")
    matrix = vectors.get_vecs_by_tokens(list(words)).numpy()
    found = np.array([word in vectors.stoi for word in words], dtype=np.bool_)
    return Vectors(matrix, found)


def _torchtext_vocab() -> ModuleType:
    try:
        installed = version("torchtext")
        if installed == _VERSION:
            import torchtext.vocab

            return torchtext.vocab
    except ImportError:
        installed = "none"
    raise InputError(
        f"data.vocabulary=torchtext needs torchtext {_VERSION}, found {installed}; "
        "install it with: pip install 'rnnlab[torchtext]'"
    )
