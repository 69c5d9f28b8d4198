"""`rnnlab neighbours`: the words nearest to a word, before and after training."""

from typing import TYPE_CHECKING, Annotated

import typer

from rnnlab.cli.options import Checkpoint, RunName

if TYPE_CHECKING:
    from rich.table import Table
    from torch import Tensor

    from rnnlab.experiment.restore import RestoredRun

Neighbours = list[tuple[str, float]]


def neighbours(
    run: RunName,
    words: Annotated[list[str], typer.Argument(metavar="WORD...", help="Words of the run's vocabulary.")],
    number: Annotated[int, typer.Option("--number", "-n", min=1, help="How many neighbours of each.")] = 10,
    checkpoint: Checkpoint = "last",
) -> None:
    """Print the words nearest to a word by cosine similarity, before and after training.

    A word that the vocabulary does not have is named and skipped; a zero vector has no neighbours.
    """
    from rnnlab.core.errors import did_you_mean
    from rnnlab.experiment.probe_input import require_words
    from rnnlab.experiment.restore import restore
    from rnnlab.probes.similarity import neighbours as nearest
    from rnnlab.runs.finder import find_run
    from rnnlab.terminal.messages import print_note
    from rnnlab.terminal.tables import print_table

    restored = restore(find_run(run), checkpoint=checkpoint)
    vocabulary = require_words(restored, "neighbours")
    before = _before(restored)
    for word in words:
        if word not in vocabulary:
            hint = did_you_mean(word, vocabulary.words)
            print_note(f"{word!r} is not in the run's vocabulary; skipped{hint}")
            continue
        found: dict[str, Neighbours] = {
            name: nearest(weights, vocabulary, word, number=number)
            for name, weights in (("before training", before), ("after", restored.model.word_vectors))
            if weights is not None
        }
        print_table(_table(word, found))


def _before(restored: "RestoredRun") -> "Tensor | None":
    """Returns the vectors before training; where they cannot be made again, says why and returns None."""
    from rnnlab.core.errors import InputError
    from rnnlab.experiment.probe_input import initial_vectors
    from rnnlab.terminal.messages import print_note

    try:
        return initial_vectors(restored)
    except InputError as error:
        print_note(f"the vectors before training cannot be made again: {error}")
        return None


def _table(word: str, found: "dict[str, Neighbours]") -> "Table":
    from itertools import zip_longest

    from rich.table import Table
    from rich.text import Text

    from rnnlab.terminal.messages import printable

    table = Table("", title=Text(f"nearest to {printable(word)}"))
    for name in found:
        table.add_column(name)
        table.add_column("cosine", justify="right")
    columns: list[list[tuple[str, float | None]]] = [
        [*rows] or [("(its vector is zero)", None)] for rows in found.values()
    ]
    for rank, entries in enumerate(zip_longest(*columns, fillvalue=("", None)), start=1):
        cells = [
            cell
            for neighbour, cosine in entries
            for cell in (Text(printable(neighbour)), "" if cosine is None else f"{cosine:.4f}")
        ]
        table.add_row(str(rank), *cells)
    return table
