"""How figures look: one palette for PNG and page, lines told apart without colour, legends above panels."""

import re
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, NamedTuple, ParamSpec

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterSciNotation, MaxNLocator, NullLocator

Drawing = ParamSpec("Drawing")


class Colour(NamedTuple):
    """A colour on white paper, by which PNG and page know it, and what the page has on a dark ground."""

    light: str
    dark: str


# Okabe and Ito's colours for people who see few of them, some darker for contrast.
COLOURS = {
    "ground": Colour("#ffffff", "#17181a"),
    "ink": Colour("#1c1c1c", "#e8e6e3"),
    "quiet": Colour("#666666", "#a2a09c"),
    "rule": Colour("#d8d8d8", "#3a3b3e"),
    "train": Colour("#0072b2", "#62b6ee"),
    "valid": Colour("#d55e00", "#ff9b54"),
    "green": Colour("#008f68", "#3fcfa4"),
    "purple": Colour("#b5478e", "#e79fcb"),
    "mustard": Colour("#a97a00", "#e3bd4a"),
    "grey": Colour("#7d7d7d", "#b4b4b4"),
}
GROUND, INK, QUIET, RULE, TRAIN, VALID, GREEN = (
    COLOURS[name].light for name in ("ground", "ink", "quiet", "rule", "train", "valid", "green")
)
SERIES = [COLOURS[name].light for name in ("ink", "green", "purple", "mustard", "grey")]
LINES: list[Any] = ["-", "--", ":", "-.", (0, (9, 2, 2, 2, 2, 2)), (0, (10, 4))]
MARKERS = "os^vDPX"
MARKS = 12  # markers on a line at most
MANY_DECADES = 100.0  # of a logarithmic axis, beyond which ticks within a decade only cost time

STYLE: Any = {
    "axes.edgecolor": QUIET,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": "medium",
    "figure.facecolor": "none",
    "font.size": 12,
    "grid.color": RULE,
    "legend.borderaxespad": 0.3,
    "legend.borderpad": 0,
    "legend.columnspacing": 1.5,
    "legend.fontsize": "small",
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "legend.labelspacing": 0.35,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "svg.fonttype": "none",
    "text.color": INK,
    "text.hinting": "none",  # at this size it costs time and shows nowhere
    "text.parse_math": False,  # what stands between two dollars in the data is not a formula
    "xtick.color": QUIET,
    "ytick.color": QUIET,
}

WIDTH = 6.0  # inches, of every figure in a page: so wide that its text can be read on a telephone
LEFT, TITLE, LEGEND_ROW = 0.75, 0.36, 0.2  # inches
TITLE_X = -0.14  # in widths of a panel: a title begins where the figure does
TICKS, LABEL = 0.34, 0.58  # inches below a panel without and with a label
LONGEST_LABEL = 60  # characters
LEGEND_CHARACTERS = 64  # that fill a panel's width


def styled(draw: Callable[Drawing, Figure]) -> Callable[Drawing, Figure]:
    """Returns a drawing function whose figure has the look of all."""

    @wraps(draw)
    def draw_in_style(*args: Drawing.args, **kwargs: Drawing.kwargs) -> Figure:
        with matplotlib.rc_context(STYLE):
            return draw(*args, **kwargs)

    return draw_in_style


def panels(count: int) -> tuple[Figure, list[Axes]]:
    """Returns a figure with panels below each other, to be given to `arrange` once they are drawn."""
    figure = Figure(figsize=(WIDTH, 1.0))
    return figure, list(figure.subplots(count, 1, squeeze=False)[:, 0])


def arrange(
    figure: Figure,
    axes: Sequence[Axes],
    *,
    height: float = 2.2,
    right: float = 0.2,
    same_lines: bool = False,
) -> Figure:
    """Returns the figure with a legend and a title above each of its panels, which are `height` inches high.

    A layout engine of matplotlib's takes as long as drawing the figure. right: inches beside the panels;
    same_lines: whether lines of one name are the same in all panels, so the first one names them for all.
    """
    named: set[str] = set()
    above = [_legend(panel, named if same_lines else set()) for panel in axes]
    below = [LABEL if panel.get_xlabel() else TICKS for panel in axes]
    total = sum(above) + sum(below) + height * len(axes)
    figure.set_size_inches(WIDTH, total)
    top = total
    for panel, over, under in zip(axes, above, below, strict=True):
        top -= over + height
        width = WIDTH - LEFT - right
        panel.set_position((LEFT / WIDTH, top / total, width / WIDTH, height / total))
        top -= under
    return figure


def _legend(axes: Axes, named: set[str]) -> float:
    """Draws the legend of what is not `named` yet; returns the inches that it and the title need."""
    lines = {name: line for line, name in zip(*axes.get_legend_handles_labels(), strict=True)}
    labels = [name for name in lines if name not in named]
    named.update(labels)
    rows = 0
    if labels:
        columns = max(1, LEGEND_CHARACTERS // (max(map(len, labels)) + 7))
        if sum(len(name) + 7 for name in labels) <= LEGEND_CHARACTERS:
            columns = len(labels)
        rows = -(-len(labels) // columns)
        axes.legend(
            [lines[name] for name in labels], labels, loc="lower left", bbox_to_anchor=(0, 1), ncols=columns
        )
    title = axes.get_title(loc="left")
    axes.set_title(title, x=TITLE_X, y=1.0, pad=6 + 72 * LEGEND_ROW * rows)
    return TITLE + LEGEND_ROW * (rows + title.count("\n"))


def line_style(number: int, points: int, *, colour: str | None = None, line: Any = None) -> dict[str, Any]:
    """Returns how to plot the line `number` of a panel, unlike the others in greyscale, too."""
    return {
        "color": colour or SERIES[number % len(SERIES)],
        "linestyle": line or LINES[number % len(LINES)],
        "marker": MARKERS[number % len(MARKERS)],
        "markerfacecolor": GROUND,
        "markevery": max(1, points // MARKS),
    }


def label(text: object) -> str:
    """Returns foreign text as a label: one line, not too long, and shown even if it begins with `_`."""
    shown = CONTROLS.sub("\ufffd", str(text))
    shown = shown if len(shown) <= LONGEST_LABEL else shown[: LONGEST_LABEL - 1] + "…"
    return f" {shown}" if shown.startswith("_") else shown


def whole_numbers(axes: Axes) -> None:
    """Puts the ticks of the x axis at whole numbers: epochs, steps, lengths."""
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))


def positive(column: pd.Series) -> pd.Series:
    """Returns a column for a logarithmic axis: what has no place there becomes a gap."""
    return column.where(column > 0)


def log_y(axes: Axes) -> None:
    """Makes the y axis logarithmic, unless nothing positive is drawn."""
    drawn = [np.asarray(line.get_ydata(), dtype=float) for line in axes.get_lines()]
    values = np.concatenate(drawn) if drawn else np.zeros(0)
    values = values[values > 0]
    if not len(values):
        return
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(_Powers())
    if values.max() > MANY_DECADES * values.min():
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.yaxis.set_minor_formatter(_Powers(labelOnlyBase=False))


class _Powers(LogFormatterSciNotation):
    """Powers of ten as plain text."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        found = re.search(r"(?:(\S+)\\times)?10\^\{(\S+?)\}", super().__call__(x, pos).split("{", 1)[-1])
        if found is None:
            return ""
        times = f"{found[1]}·" if found[1] else ""
        return f"{times}10{found[2].translate(SUPERSCRIPTS)}"


CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
SUPERSCRIPTS = str.maketrans("0123456789-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")
