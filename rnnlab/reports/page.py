"""One self-contained HTML page: no script, no network, all foreign text escaped."""

import re
from itertools import count
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from rnnlab.core.files import write_text
from rnnlab.reports.blocks import Picture, Section, anchor_of
from rnnlab.reports.definitions import DEFINITIONS, terms_of
from rnnlab.reports.figures import inline_svg
from rnnlab.reports.style import COLOURS

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # all but tab and line feed


def write_page(path: Path, title: str, sections: list[Section]) -> None:
    """Writes the page to `path`, atomically."""
    write_text(path, render(title, sections))


def render(title: str, sections: list[Section]) -> str:
    """Returns the page as HTML: contents, sections, and definitions of the terms that its blocks name."""
    environment = Environment(
        loader=PackageLoader("rnnlab.reports"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        finalize=_without_controls,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    numbers = count()  # so that no two figures of the page share the names of their parts
    anchors = _anchors(sections)
    environment.filters["svg"] = lambda picture: _svg(picture, f"figure{next(numbers)}")
    environment.filters["anchor"] = lambda section: anchors[id(section)]
    environment.filters["definition"] = lambda term: f"defined-{anchor_of(term)}"
    return environment.get_template("report.html").render(
        title=title, sections=sections, terms=terms_of(sections), definitions=DEFINITIONS, colours=COLOURS
    )


def _anchors(sections: list[Section]) -> dict[int, str]:
    """Returns the name of each section's place in the page by the section's id, no two the same."""
    names: dict[int, str] = {}
    waiting = list(sections)
    while waiting:
        section = waiting.pop(0)
        again = sum(name.partition(":")[0] == section.anchor for name in names.values())
        names[id(section)] = f"{section.anchor}:{again + 1}" if again else section.anchor
        waiting += section.sections
    return names


def _svg(picture: Picture, salt: str) -> Markup:
    return Markup(CONTROLS.sub("\ufffd", inline_svg(picture.figure, picture.title, salt)))


def _without_controls(value: object) -> object:
    """Returns text with a mark for each control character, which HTML does not know."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return CONTROLS.sub("\ufffd", value)
