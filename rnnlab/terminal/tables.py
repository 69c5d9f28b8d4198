"""Tables for a person, in a terminal or a pipe."""

from rich.console import Console
from rich.table import Table

ANY_WIDTH = 10_000


def print_table(table: Table) -> None:
    """Prints a table, cut to a terminal's width; in a pipe as wide as it wants to be."""
    console = Console()
    (console if console.is_terminal else Console(width=ANY_WIDTH)).print(table)
