"""Similarity of pairs of words against the epoch or step."""

import pandas as pd
from matplotlib.figure import Figure

from rnnlab.reports.records import step_column
from rnnlab.reports.style import QUIET, arrange, label, line_style, panels, styled, whole_numbers


@styled
def draw_similarity(rows: pd.DataFrame) -> Figure:
    """Returns a figure of rows `epoch` or `step`, `word1`, `word2`, `similarity`; NaN leaves a gap."""
    figure, (axes,) = panels(1)
    when = step_column(rows)
    axes.axhline(0, color=QUIET, linewidth=0.8)
    for number, ((word1, word2), pair) in enumerate(rows.groupby(["word1", "word2"], sort=False)):
        name = label(f"{word1} – {word2}")
        axes.plot(pair[when], pair["similarity"], label=name, **line_style(number, len(pair)))
    axes.set(xlabel=when, ylim=(-1.05, 1.05))
    axes.set_title("cosine similarity of the word vectors")
    whole_numbers(axes)
    return arrange(figure, [axes], height=2.8)
