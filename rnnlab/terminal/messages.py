"""Single lines for a person: results on standard output, all else on standard error."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from rnnlab.core.printable import escaped_lines, printable


def print_error(error: Exception) -> None:
    """Prints an error in one line."""
    print(f"error: {printable(str(error))}", file=sys.stderr, flush=True)


def print_note(note: str) -> None:
    """Prints what a person should know, in one line."""
    print(f"note: {printable(note)}", file=sys.stderr, flush=True)


def print_message(text: str) -> None:
    """Prints what goes on, in one line."""
    print(printable(text), file=sys.stderr, flush=True)


def print_line(text: str, stream: TextIO | None = None) -> None:
    """Prints a line of a command's result, by default on standard output."""
    print(printable(text), file=stream, flush=True)


def print_lines(text: str) -> None:
    """Prints several lines of a command's result."""
    print(escaped_lines(text), flush=True)


def print_text(text: str) -> None:
    """Prints a text of several lines; a program gets it as it is, a terminal nothing that steers it."""
    print(escaped_lines(text) if sys.stdout.isatty() else text, end="", flush=True)


def print_facts(facts: Mapping[str, str]) -> None:
    """Prints names and values, two columns, long values folded."""
    from rich.table import Table
    from rich.text import Text

    from rnnlab.terminal.console import PlainConsole

    table = Table(show_header=False, box=None)
    for name, value in facts.items():
        table.add_row(printable(name), Text(printable(value), overflow="fold"))
    PlainConsole().print(table)


def print_paths(table: Path, figures: Sequence[Path]) -> None:
    """Prints where a command's table and figures lie."""
    print_line(f"table: {table}")
    for figure in figures:
        print_line(f"figure: {figure}")
