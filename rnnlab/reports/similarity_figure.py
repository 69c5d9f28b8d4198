"""Similarity of pairs of words against the epoch."""

from itertools import cycle

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator


def draw_similarity(rows: pd.DataFrame) -> Figure:
    """Returns a figure of rows `epoch`, `word1`, `word2`, `similarity`; NaN leaves a gap."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    # Told apart in greyscale, too, by line and marker.
    styles = cycle(["-o", "--s", ":^", "-.v", "-D", "--x", ":+"])
    for ((word1, word2), pair), style in zip(
        rows.groupby(["word1", "word2"], sort=False), styles, strict=False
    ):
        label = f"{word1} – {word2}".replace("$", r"\$")
        axes.plot(pair["epoch"], pair["similarity"], style, label=label, markersize=4)
    axes.axhline(0, color="0.7", linewidth=0.8)
    axes.set(xlabel="epoch", ylabel="cosine similarity of the word vectors", ylim=(-1.05, 1.05))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()
    return figure
