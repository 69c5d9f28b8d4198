"""One self-contained HTML page: no script, no network, all foreign text escaped."""

import re
from itertools import count
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from rnnlab.core.files import write_text
from rnnlab.reports.blocks import Picture, Section
from rnnlab.reports.figures import inline_svg
from rnnlab.reports.style import COLOURS

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # all but tab and line feed


def write_page(path: Path, title: str, sections: list[Section]) -> None:
    """Writes the page to `path`, atomically."""
    write_text(path, render(title, sections))


def render(title: str, sections: list[Section]) -> str:
    """Returns the page as HTML."""
    environment = Environment(
        loader=PackageLoader("rnnlab.reports"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        finalize=_without_controls,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    numbers = count()  # so that no two figures of the page share the names of their parts
    environment.filters["svg"] = lambda picture: _svg(picture, f"figure{next(numbers)}")
    return environment.get_template("report.html").render(title=title, sections=sections, colours=COLOURS)


def _svg(picture: Picture, salt: str) -> Markup:
    return Markup(CONTROLS.sub("\ufffd", inline_svg(picture.figure, picture.title, salt)))


def _without_controls(value: object) -> object:
    """Returns text with a mark for each control character, which HTML does not know."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return CONTROLS.sub("\ufffd", value)
