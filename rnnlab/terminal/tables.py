"""Tables for a person, in a terminal or a pipe."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rnnlab.terminal.messages import printable

if TYPE_CHECKING:
    import pandas as pd

ANY_WIDTH = 10_000
Format = str | Callable[[Any], str]
"""How a value is written: a format such as `.4g`, or a function."""


def print_table(table: Table) -> None:
    """Prints a table, cut to a terminal's width; in a pipe as wide as it wants to be."""
    console = Console()
    (console if console.is_terminal else Console(width=ANY_WIDTH)).print(table)


def print_rows(
    rows: "pd.DataFrame",
    formats: Mapping[str, Format] | None = None,
    *,
    missing: str = "-",
    title: str = "",
    caption: str = "",
    group: str = "",
) -> None:
    """Prints rows as a table.

    Args:
        rows: cells of numbers and texts; numbers stand at the right, and so do columns with a format.
        formats: by column, how its values are written; else four significant digits, whole numbers with
            commas, and texts as they are, control characters escaped.
        missing: what is written for NaN or None.
        title: above the table.
        caption: below it.
        group: a column at whose changes a line is drawn.
    """
    formats = formats or {}
    table = Table(title=Text(title) if title else None, caption=caption or None, caption_justify="left")
    for name, kind in rows.dtypes.items():
        right = kind.kind in "iuf" or str(name) in formats
        # As Text, or brackets in a name would be read as markup.
        table.add_column(Text(str(name)), justify="right" if right else "left")
    groups = list(rows[group]) if group else []
    for index, row in enumerate(rows.to_dict("records")):
        cells = [_cell(value, formats.get(str(name), ""), missing) for name, value in row.items()]
        ends = bool(group) and (index + 1 == len(groups) or groups[index] != groups[index + 1])
        table.add_row(*map(Text, cells), end_section=ends)
    print_table(table)


def _cell(value: Any, form: Format, missing: str) -> str:
    if value is None or value != value:
        return missing
    if callable(form):
        return form(value)
    if form:
        return format(value, form)
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else printable(str(value))
