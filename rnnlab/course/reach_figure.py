"""How far back a net reaches: norms against the distance in words, of several nets over their seeds."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnlab.reports.style import WIDTH, arrange, label, line_style, log_y, panels, positive, styled


class Reach(NamedTuple):
    """A line: what it is called, a norm by distance of each seed's net, its colour and its dashes."""

    name: str
    by_seed: Sequence[pd.Series]
    colour: int
    line: Any = "-"


@styled
def draw_reach(lines: Sequence[Reach], title: str, distance: str) -> Figure:
    """Returns a figure of norms on a logarithmic axis, medians over seeds with their range as a band."""
    figure, (axes,) = panels(1)
    for line in lines:
        _draw(axes, line)
    log_y(axes)
    axes.set_title(title)
    axes.set_xlabel(distance)
    return arrange(figure, [axes], height=3.0)


@styled
def draw_both_ends(first_words: Sequence[Reach], last_words: Sequence[Reach], title: str) -> Figure:
    """Returns a figure of a text's first words and its last ones side by side, what lies between left out.

    Args:
        first_words: lines by the distance from the first word.
        last_words: lines by the distance from the last word.
        title: what the norms are.
    """
    figure = Figure(figsize=(WIDTH, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, lines in ((left, first_words), (right, last_words)):
        for line in lines:
            _draw(axes, line)
    right.invert_xaxis()
    log_y(right if last_words else left)
    left.set_xlabel("words after the first")
    right.set_xlabel("words before the last")
    handles = {
        name: handle
        for axes in (left, right)
        for handle, name in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.suptitle(title, x=0.01, ha="left", fontsize="medium")
    figure.legend(handles.values(), handles.keys(), loc="outside lower left", ncols=2)
    return figure


def _draw(axes: Axes, line: Reach) -> None:
    table = pd.concat([positive(values) for values in line.by_seed], axis=1) if line.by_seed else None
    if table is None or not table.notna().any(axis=None):
        return
    table = table.dropna(how="all")
    style = line_style(line.colour, len(table), line=line.line)
    band = table.min(axis=1), table.max(axis=1)
    axes.fill_between(table.index, *band, color=style["color"], alpha=0.18, linewidth=0)
    axes.plot(table.index, table.median(axis=1), label=label(line.name), **style)
