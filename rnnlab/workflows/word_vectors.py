"""What became of a run's word vectors: how alike words are, and which are nearest to one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import pandas as pd
from torch import Tensor

from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.data.vocabulary import Vocabulary
from rnnlab.experiment.probe_input import initial_vectors, require_words
from rnnlab.probes.similarity import HISTORY, history, known_pairs, similarities
from rnnlab.probes.similarity import neighbours as nearest
from rnnlab.reports.figures import save_figure
from rnnlab.reports.similarity_figure import draw_similarity
from rnnlab.runs.files import SIMILARITY
from rnnlab.runs.files import figure as figure_file
from rnnlab.runs.tables import read_table
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.trained_run import TrainedRun


@dataclass(frozen=True)
class Similarity:
    """How alike the vectors of pairs of words are.

    table: `word1`, `word2`, `similarity` (cosine, 0 where a vector is zero), `note`; history: the same by
    `epoch`, of those pairs that the run followed; figure: of the history, None where there is none.
    """

    table: pd.DataFrame
    history: pd.DataFrame
    figure: Path | None


def similarity(run: TrainedRun, words: Sequence[str] = (), display: Display = SILENT) -> Similarity:
    """Returns how alike pairs of words are to a run's net: `words` two by two, or the run's own pairs.

    A pair with a word that the vocabulary does not have is noted and left out. Raises InputError for an odd
    number of words, or a run whose inputs are numbers.
    """
    vocabulary = require_words(run, "similarity")
    if len(words) % 2:
        raise InputError(
            f"expected words in pairs, found {len(words)}; the words nearest to one: rnnlab neighbours"
        )
    given = [list(words[i : i + 2]) for i in range(0, len(words), 2)]
    pairs, missing = known_pairs(given or run.config.similarity, vocabulary)
    for word in missing:
        _note_missing(word, vocabulary, display)
    table = similarities(run.model.word_vectors, vocabulary, pairs)
    path = run.folder / SIMILARITY
    rows, figure = history(read_table(path, HISTORY) if path.exists() else None, pairs), None
    if rows["note"].isna().any():
        figure = run.folder / figure_file("similarity")
        save_figure(draw_similarity(rows), figure)
    return Similarity(table, rows, figure)


def neighbours(
    run: TrainedRun, words: Sequence[str], *, number: int = 10, display: Display = SILENT
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yields each word with the words whose vectors are nearest to its own by cosine.

    Columns: rank, `before training` and its `cosine`, `after` and its `cosine`; the first two are left out,
    with a note, where the vectors before training cannot be made again. A zero vector has no neighbours. A
    word that the vocabulary does not have is noted and left out. Raises InputError for a run whose inputs are
    numbers.
    """
    vocabulary = require_words(run, "neighbours")
    vectors = {"before training": _before(run, display), "after": run.model.word_vectors}
    for word in words:
        if word not in vocabulary:
            _note_missing(word, vocabulary, display)
            continue
        found: dict[str, list[tuple[str, float | None]]] = {
            name: [*nearest(weights, vocabulary, word, number=number)] or [("(its vector is zero)", None)]
            for name, weights in vectors.items()
            if weights is not None
        }
        ranks = zip_longest(*found.values(), fillvalue=("", None))
        rows = [
            [rank, *(cell for pair in pairs for cell in pair)] for rank, pairs in enumerate(ranks, start=1)
        ]
        columns = ["rank", *(column for name in found for column in (name, "cosine"))]
        yield word, pd.DataFrame(rows, columns=columns)


def _before(run: TrainedRun, display: Display) -> Tensor | None:
    """Returns the vectors before training; where they cannot be made again, says why and returns None."""
    try:
        return initial_vectors(run)
    except InputError as error:
        display.note(f"the vectors before training cannot be made again: {error}")
        return None


def _note_missing(word: str, vocabulary: Vocabulary, display: Display) -> None:
    hint = did_you_mean(word, vocabulary.words)
    display.note(f"{word!r} is not in the run's vocabulary; skipped{hint}")
