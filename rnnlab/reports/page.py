"""One self-contained HTML page: no script, no network, all foreign text escaped."""

import re
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from rnnlab.core.files import write_text
from rnnlab.reports.blocks import Section

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tab and line feed


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
    environment.filters["number"] = number
    return environment.get_template("report.html").render(title=title, sections=sections)


def _without_controls(value: object) -> object:
    """Returns text with a mark for each control character, which HTML does not know."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return CONTROLS.sub("\ufffd", value)


def number(value: float) -> str:
    """Returns a number with at most four significant digits, as `1e-05` where that is shorter."""
    return f"{value:.4g}"
