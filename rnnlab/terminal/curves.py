"""Curves drawn with characters."""

import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rnnlab.core.printable import printable
from rnnlab.terminal.messages import print_lines

WIDEST = 90
FARTHEST = 1e300
"""Where points beyond it are drawn; of an axis from -1e308 to 1e308 plotext would not find the length."""


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

    curves = [curve for curve in (_drawable(curve, limits) for curve in curves) if curve.x]
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


def _drawable(curve: Curve, limits: tuple[float, float] | None) -> Curve:
    """Returns a curve without points that are not finite, which its label says, those beyond the limits at
    them: plotext's own library ends the process at the one and at the other.
    """
    low, high = limits or (-FARTHEST, FARTHEST)
    points = [
        (x, min(max(y, low), high))
        for x, y in zip(curve.x, curve.y, strict=True)
        if math.isfinite(x) and math.isfinite(y)
    ]
    left_out = len(curve.x) - len(points)
    label = f"{curve.label} ({left_out:,} not finite)" if left_out and curve.label else curve.label
    return replace(curve, x=[x for x, _ in points], y=[y for _, y in points], label=label)
