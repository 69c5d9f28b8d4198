"""Similarity of pairs of words against the epoch or step."""

import pandas as pd
from matplotlib.figure import Figure

from rnnlab.reports.records import step_column
from rnnlab.reports.style import QUIET, arrange, label, line_style, panels, styled, whole_numbers

MOST_LINES, MOST_PANELS = 8, 8


@styled
def draw_similarity(rows: pd.DataFrame) -> Figure:
    """Returns a figure of rows `epoch` or `step`, `word1`, `word2`, `similarity`; NaN leaves a gap.

    Of many pairs there is a panel per first word, of very many first words the first ones.
    """
    when, few = step_column(rows), rows.groupby(["word1", "word2"]).ngroups <= MOST_LINES
    groups = [rows] if few else [group for _, group in rows.groupby("word1", sort=False)][:MOST_PANELS]
    figure, axes = panels(len(groups))
    for panel, group in zip(axes, groups, strict=True):
        panel.axhline(0, color=QUIET, linewidth=0.8)
        pairs = list(group.groupby(["word1", "word2"], sort=False))
        for number, ((word1, word2), pair) in enumerate(pairs[:MOST_LINES]):
            name = label(f"{word1} – {word2}" if few else word2)
            panel.plot(pair[when], pair["similarity"], label=name, **line_style(number, len(pair)))
        panel.set(ylim=(-1.05, 1.05))
        of = "the word vectors" if few else f"the vector of {label(group['word1'].iloc[0])}"
        some = f"\n(with the first {MOST_LINES} of {len(pairs)} words)" if len(pairs) > MOST_LINES else ""
        panel.set_title(f"cosine similarity of {of}{some}")
        whole_numbers(panel)
    axes[-1].set_xlabel(when)
    return arrange(figure, axes, height=2.8 if few else 1.6)
