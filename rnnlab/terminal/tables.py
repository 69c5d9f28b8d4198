"""Rows on standard output: a table for a person, CSV or JSON lines for a program."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from rich.box import HEAVY_HEAD, SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from rnnlab.core.printable import escaped_lines, printable
from rnnlab.terminal.console import PlainConsole

if TYPE_CHECKING:
    import pandas as pd

PIPE_WIDTH = 500  # in a pipe, text folded to fit 80 columns would be of little use
Format = str | Callable[[Any], str]
"""How a value is written: a format such as `.4g`, or a function."""


def make_console(file: TextIO | None = None) -> PlainConsole:
    """Returns a console as wide as the terminal, or wider than most texts in a pipe."""
    stream = file or sys.stdout
    return PlainConsole(file=stream, width=None if stream.isatty() else PIPE_WIDTH)


def print_table(table: Table) -> None:
    """Prints a table, cut to a terminal's width; in a pipe as wide as it wants to be."""
    make_console().print(table)


def print_rows(
    rows: "pd.DataFrame",
    formats: Mapping[str, Format] | None = None,
    *,
    missing: str = "-",
    title: str = "",
    caption: str = "",
    group: str = "",
    lines: bool = False,
    plain: bool = False,
    file: TextIO | None = None,
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
        lines: draws one below every row.
        plain: draws none at all.
        file: where to, by default standard output.
    """
    formats = formats or {}
    names = [str(name) for name in rows.columns]
    table = Table(
        title=Text(printable(title)) if title else None,
        caption=Text(escaped_lines(caption)) if caption else None,
        caption_justify="left",
        show_lines=lines,
        box=None if plain else HEAVY_HEAD,
    )
    for name, kind in zip(names, rows.dtypes, strict=True):
        right = kind.kind in "iuf" or name in formats
        # As Text, or brackets in a name would be read as markup.
        table.add_column(Text(printable(name)), justify="right" if right else "left", overflow="fold")
    groups = list(rows[group]) if group else []
    values = rows.astype(object).where(rows.notna(), None)  # pandas' NA cannot be compared
    for index, row in enumerate(values.itertuples(index=False, name=None)):
        cells = [_cell(value, formats.get(name, ""), missing) for name, value in zip(names, row, strict=True)]
        ends = bool(group) and (index + 1 == len(groups) or groups[index] != groups[index + 1])
        table.add_row(*cells, end_section=ends)
    make_console(file).print(table)


def print_titled(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], note: str) -> None:
    """Prints a table of texts below its title, and above a sentence to read it by."""
    table = Table(
        title=Text(printable(title)),
        title_justify="left",
        box=SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
    )
    for column in columns:
        table.add_column(Text(printable(column)), overflow="fold")
    for row in rows:
        table.add_row(*(Text(escaped_lines(cell)) for cell in row))
    print_table(table)
    if note:
        PlainConsole().print(f"{note}\n", style="dim")


def print_frame(rows: "pd.DataFrame", form: str) -> None:
    """Prints rows as `table` (numbers with four decimals), `csv` or `jsonl`.

    In a pipe, CSV and JSON hold texts as they are; on a terminal, and in a table, control characters of a
    text are escaped, so that it cannot steer the terminal.
    """
    if form == "table":
        floats = [str(name) for name, kind in rows.dtypes.items() if kind.kind == "f"]
        print_rows(rows, dict.fromkeys(floats, ".4f"))
    elif form == "csv":
        print(_safe_on_terminal(rows).to_csv(index=False, lineterminator="\n"), end="")
    else:
        for row in rows.astype(object).where(rows.notna(), None).to_dict("records"):
            print(json.dumps(row, ensure_ascii=sys.stdout.isatty(), allow_nan=False))


def _cell(value: Any, form: Format, missing: str) -> Text:
    """Returns a cell; a Text stays as it is."""
    if isinstance(value, Text):
        return value
    if value is None:
        return Text(missing)
    if callable(form):
        return Text(printable(form(value)))
    if form:
        return Text(format(value, form))
    if isinstance(value, float):
        return Text(f"{value:.4g}")
    whole = isinstance(value, int) and not isinstance(value, bool)
    return Text(f"{value:,}" if whole else _lines(str(value)))


def _lines(text: str) -> str:
    """Returns text with its line breaks, all other control characters as escapes."""
    return "\n".join(printable(line) for line in text.split("\n")) if "\n" in text else printable(text)


def _safe_on_terminal(rows: "pd.DataFrame") -> "pd.DataFrame":
    if not sys.stdout.isatty():
        return rows
    return rows.map(lambda cell: printable(cell) if isinstance(cell, str) else cell).rename(
        columns=lambda name: printable(str(name))
    )
