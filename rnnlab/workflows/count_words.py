"""The words of a text as task=language cuts and chooses them, and their numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnnlab.core.errors import InputError
from rnnlab.core.files import atomic_path, write_text
from rnnlab.data.running_text import WordIndex
from rnnlab.experiment.build import build_task, check_fit
from rnnlab.experiment.compose import checked, compose_config
from rnnlab.experiment.task_data import data_settings


@dataclass(frozen=True)
class CountedWords:
    """The tokens of a text in their order, and its distinct words in sorted order, numbered from 0."""

    tokens: list[str]
    index: WordIndex

    def word(self, number: int) -> str:
        """Returns the word of a number; raises InputError for one that there is not."""
        if not 0 <= number < len(self.index.words):
            raise InputError(f"--index {number}: expected 0 to {len(self.index.words) - 1}")
        return self.index.words[number]

    def write_words(self, path: Path) -> None:
        """Writes the words, one per line, by number."""
        _written(lambda: write_text(path, "".join(f"{word}\n" for word in self.index.words)))

    def write_one_hot(self, path: Path) -> None:
        """Writes the sparse one-hot matrix (tokens × words) as CSR, as scipy.sparse.load_npz reads it."""
        matrix = self.index.one_hot(self.tokens)

        def write() -> None:
            with atomic_path(path) as temporary, temporary.open("wb") as file:
                np.savez_compressed(
                    file,
                    allow_pickle=False,
                    format=np.array(b"csr"),
                    shape=np.array(matrix.shape),
                    indptr=np.arange(len(self.tokens) + 1),
                    indices=matrix.indices()[1].numpy(),
                    data=matrix.values().numpy(),
                )

        _written(write)


def count_words(overrides: list[str]) -> CountedWords:
    """Returns the words of data.train as task=language has them, cut as wordpunct does unless overridden."""
    unless_overridden = ["task=language", "task.token=word", "data.tokenizer=wordpunct"]
    config = checked(compose_config([*unless_overridden, *overrides]))
    task = build_task(config)
    check_fit(config, task)
    tokens = task.chosen_tokens(data_settings(config))
    return CountedWords(tokens, WordIndex.of(tokens))


def _written(write: Callable[[], None]) -> None:
    try:
        write()
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be written ({error.strerror})") from None
