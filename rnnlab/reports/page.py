"""One self-contained HTML page: no script, no network, all foreign text escaped."""

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from rnnlab.core.files import write_text
from rnnlab.reports.blocks import Section


def write_page(path: Path, title: str, sections: list[Section]) -> None:
    """Writes the page to `path`, atomically."""
    write_text(path, render(title, sections))


def render(title: str, sections: list[Section]) -> str:
    """Returns the page as HTML."""
    environment = Environment(
        loader=PackageLoader("rnnlab.reports"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    return environment.get_template("report.html").render(title=title, sections=sections)


def number(value: float) -> str:
    """Returns a number with at most four significant digits, as `1e-05` where that is shorter."""
    return f"{value:.4g}"
