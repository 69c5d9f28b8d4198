"""Single lines for a person: results on standard output, all else on standard error."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def print_error(error: Exception) -> None:
    """Prints an error in one line."""
    print(f"error: {printable(str(error))}", file=sys.stderr, flush=True)


def print_note(note: str) -> None:
    """Prints what a person should know, in one line."""
    print(f"note: {printable(note)}", file=sys.stderr, flush=True)


def print_message(text: str) -> None:
    """Prints what goes on, in one line."""
    print(printable(text), file=sys.stderr, flush=True)


def print_line(text: str) -> None:
    """Prints a line of a command's result."""
    print(printable(text), flush=True)


def print_facts(facts: Mapping[str, str]) -> None:
    """Prints names and values, two columns, long values folded."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=False, box=None)
    for name, value in facts.items():
        table.add_row(name, Text(printable(value), overflow="fold"))
    Console().print(table)


def print_paths(table: Path, figures: Sequence[Path]) -> None:
    """Prints where a command's table and figures lie."""
    print(f"table: {table}")
    for figure in figures:
        print(f"figure: {figure}")


def printable(text: str) -> str:
    """Returns text on one line, control characters (which could steer a terminal) as escapes."""
    line = " ".join(text.split())
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in line)
