"""`rnnlab similarity`: how alike the vectors of chosen words are, at the end and over the epochs."""

import shutil
from typing import TYPE_CHECKING, Annotated

import typer

from rnnlab.cli.options import Checkpoint, RunName

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from rnnlab.experiment.restore import RestoredRun

MARKERS = "·+xo*#@%"


def similarity(
    run: RunName,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[WORD1 WORD2]...", help="Pairs of words; by default those of the run."),
    ] = None,
    checkpoint: Checkpoint = "last",
) -> None:
    """Print the cosine similarity of pairs of words, and draw how it moved over the epochs.

    A pair with a word that the vocabulary does not have is skipped, the word named; where a vector is
    zero, the cell stays empty. The curve also goes to figures/similarity.png; it holds pairs that the run
    followed from its beginning (its key `similarity`).
    """
    from rnnlab.core.errors import did_you_mean
    from rnnlab.experiment.probe_input import require_words
    from rnnlab.experiment.restore import restore
    from rnnlab.probes.similarity import history, known_pairs, similarities
    from rnnlab.reports.figures import save_figure
    from rnnlab.reports.similarity_figure import draw_similarity
    from rnnlab.runs.finder import find_run
    from rnnlab.terminal.messages import print_note, printable
    from rnnlab.terminal.tables import print_table

    restored = restore(find_run(run), checkpoint=checkpoint)
    vocabulary = require_words(restored, "similarity")
    pairs, missing = known_pairs(_pairs(restored, words or []), vocabulary)
    for word in missing:
        hint = did_you_mean(word, vocabulary.words)
        print_note(f"{word!r} is not in the run's vocabulary; skipped{hint}")
    print(printable(f"{restored.run.name}, {restored.place}"))
    print_table(_table(similarities(restored.model.word_vectors, vocabulary, pairs)))
    rows = history(restored.run.folder / "similarity.csv", pairs)
    if rows["similarity"].notna().any():
        print(_curve(rows, width=min(shutil.get_terminal_size().columns, 90)))
        path = restored.run.folder / "figures" / "similarity.png"
        save_figure(draw_similarity(rows), path)
        print(f"figure: {path}")


def _pairs(restored: "RestoredRun", words: list[str]) -> list[list[str]]:
    from rnnlab.core.errors import InputError

    if len(words) % 2:
        raise InputError(
            f"expected words in pairs, found {len(words)}; the words nearest to one: rnnlab neighbours"
        )
    return [words[i : i + 2] for i in range(0, len(words), 2)] or restored.config.similarity


def _table(rows: "pd.DataFrame") -> "Table":
    from math import isnan

    from rich.table import Table
    from rich.text import Text

    from rnnlab.terminal.messages import printable

    table = Table("word1", "word2")
    table.add_column("similarity", justify="right")
    for word1, word2, value in rows.itertuples(index=False):
        cell = "" if isnan(value) else f"{value:.4f}"
        table.add_row(Text(printable(word1)), Text(printable(word2)), cell)
    return table


def _curve(rows: "pd.DataFrame", *, width: int) -> str:
    """Returns similarity against epoch as text, with a line a pair below it."""
    from itertools import cycle

    from plotext import figure

    from rnnlab.terminal.messages import printable

    figure.clear()
    figure.plot_size(width, 20)
    legend = []
    for marker, ((word1, word2), pair) in zip(cycle(MARKERS), rows.groupby(["word1", "word2"], sort=False)):
        known = pair.dropna()
        if len(known):
            signal = figure.signal(known["epoch"].tolist(), known["similarity"].tolist(), marker=marker)
            figure.draw(signal.lines())
        legend.append(printable(f"  {marker} {word1} {word2}"))
    figure.label("epoch")
    figure.ruler("y").lim(-1, 1)
    last = int(rows["epoch"].max())
    figure.ruler("x").ticks(list(range(0, last + 1, max(1, last // 8))))
    # plotext's own legend would hide a third of the curves.
    return "\n".join([str(figure.build().string(colorless=True)), *legend])
