"""A figure becomes a PNG file, or SVG within a page that takes its colours from the page."""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib
from markupsafe import Markup, escape
from matplotlib.figure import Figure

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
        f'aria-label="{escape(title)}">{TAG.sub(_for_page, parts)}'
    )


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
        yield


NAMES = {colour.light: name for name, colour in COLOURS.items()}
TAG = re.compile(r"<style.*?</style>|<[^>]*>", re.DOTALL)
COLOUR = re.compile(r"(?<=: )#[0-9a-f]{6}(?=[;\"])")
# Names of groups, to which nothing refers; fonts, which are the page's; turns by nothing.
UNWANTED = re.compile(r"(?<=<g) id=\"[^\"]*\"| font-family: [^;\"]*;| transform=\"rotate\(-0 [^\"]*\"")
