"""A figure becomes a PNG file, or SVG within a page that takes its colours from the page."""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib
import numpy as np
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rnnlab.core.errors import InputError
from rnnlab.core.files import atomic_path
from rnnlab.reports.style import COLOURS, GROUND, STYLE

DPI = 150
PICTURE_DPI = 100  # of heatmaps within an SVG
PNG = {"compress_level": 3}  # a tenth larger than the most, in a third of the time


def save_figure(figure: Figure, path: Path) -> None:
    """Writes `figure` as PNG, atomically, its folder made if need be; InputError if that cannot be."""
    try:
        path.parent.mkdir(exist_ok=True)
        with atomic_path(path) as temporary, _drawing():
            figure.savefig(temporary, format="png", dpi=DPI, facecolor=GROUND, pil_kwargs=PNG)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None


def inline_svg(figure: Figure, title: str, salt: str) -> Markup:
    """Returns `figure` as an SVG element for a page; equal figures give equal text.

    title: what a screen reader says of it; salt: what sets the names of its parts apart from those of the
    page's other figures.
    """
    drawn = io.StringIO()
    with _drawing(**{"svg.hashsalt": salt}):
        figure.savefig(drawn, format="svg", dpi=PICTURE_DPI, metadata={"Date": None})
    _, _, parts = drawn.getvalue().partition("</metadata>")
    return Markup(
        f'<svg viewBox="0 0 {figure.get_figwidth() * 72:g} {figure.get_figheight() * 72:g}" role="img" '
        f'aria-label="{escape(title)}" aria-describedby="{salt}">'
        f'<desc id="{salt}">{escape(describe(figure))}</desc>{TAG.sub(_for_page, parts)}'
    )


def describe(figure: Figure) -> str:
    """Returns in words what a figure draws: of each panel its title, its axis and where its lines lead."""
    panels = [panel for axes in figure.axes if (panel := _describe_panel(axes))]
    return " ".join(panels)


def _describe_panel(axes: Axes) -> str:
    lines = [said for line in axes.get_lines() if (said := _describe_line(line))]
    if not lines:
        return axes.get_title(loc="left").replace("\n", " ")
    title = axes.get_title(loc="left") or axes.get_ylabel()
    return f"{title}: {'; '.join(lines)}.".replace("\n", " ")


def _describe_line(line: Line2D) -> str:
    """Returns a line's name, and its value at both of its ends; nothing for one without a name."""
    values = np.asarray(line.get_ydata(), dtype=float)
    values = values[np.isfinite(values)]
    name = str(line.get_label()).strip()
    if name.startswith("_") or not len(values):
        return ""
    first, last = (f"{value:.3g}" for value in values[[0, -1]])
    return f"{name} {first}" if first == last else f"{name} from {first} to {last}"


def _for_page(tag: re.Match[str]) -> str:
    """Returns a tag as the page wants it: colours that follow light and dark, and the page's own fonts."""
    if tag[0].startswith(("<style", "<!")):
        return ""
    kept = UNWANTED.sub("", tag[0])
    return COLOUR.sub(lambda found: f"var(--{NAMES[found[0]]})" if found[0] in NAMES else found[0], kept)


@contextmanager
def _drawing(**settings: str) -> Iterator[None]:
    with matplotlib.rc_context(STYLE | settings), warnings.catch_warnings():
        # Words of any script: a PNG shows boxes for them, the page has a browser's fonts.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from", category=UserWarning)
        # Values near the ends of what a float can hold have no place on an axis.
        warnings.filterwarnings("ignore", category=RuntimeWarning)
        yield


NAMES = {colour.light: name for name, colour in COLOURS.items()}
TAG = re.compile(r"<style.*?</style>|<[^>]*>", re.DOTALL)
COLOUR = re.compile(r"(?<=: )#[0-9a-f]{6}(?=[;\"])")
# Names of groups, to which nothing refers; fonts, which are the page's; turns by nothing.
UNWANTED = re.compile(r"(?<=<g) id=\"[^\"]*\"| font-family: [^;\"]*;| transform=\"rotate\(-0 [^\"]*\"")
