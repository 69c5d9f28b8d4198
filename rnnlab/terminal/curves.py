"""Curves drawn with characters."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass

from rnnlab.core.printable import printable
from rnnlab.terminal.messages import print_lines

WIDEST = 90


@dataclass(frozen=True)
class Curve:
    """A line through points; marker: a character, or `braille` for a fine one; label: for the legend."""

    x: Sequence[float]
    y: Sequence[float]
    marker: str
    label: str = ""


def print_curves(
    curves: Sequence[Curve], *, x_label: str, height: int, limits: tuple[float, float] | None = None
) -> None:
    """Prints curves over a common axis of whole numbers that begins at 0; limits: of the other axis."""
    from plotext import figure

    figure.clear()
    figure.plot_size(min(shutil.get_terminal_size().columns, WIDEST), height)
    for curve in curves:
        lines = figure.signal(list(curve.x), list(curve.y), marker=curve.marker).lines()
        figure.draw(lines.label(printable(curve.label)) if curve.label else lines)
    figure.label(printable(x_label))
    if limits is not None:
        figure.ruler("y").lim(*limits)
    last = int(max((max(curve.x) for curve in curves), default=0))
    figure.ruler("x").ticks(list(range(0, last + 1, max(1, last // 8))))
    print_lines(figure.build().string(colorless=True))
