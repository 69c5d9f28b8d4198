"""Where a run's time went, as a table in the terminal."""

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from rnnlab.core.printable import printable
from rnnlab.terminal.tables import print_table

if TYPE_CHECKING:
    import pandas as pd


def print_profile(parts: "pd.DataFrame") -> None:
    """Prints the rows of profile.csv, what a part consists of indented below it, the total at last."""
    table = Table("part", title="Where the time went", title_justify="left")
    for name in ("calls", "seconds", "CPU seconds", "share"):
        table.add_column(name, justify="right")
    for number, row in enumerate(parts.itertuples(index=False), start=1):
        *outside, name = row.part.split("/")
        table.add_row(
            Text("  " * len(outside) + printable(name)),
            f"{row.calls:,}",
            f"{row.seconds:.3f}",
            f"{row.cpu_seconds:.3f}",
            f"{row.share:.1%}",
            end_section=number == len(parts) - 1,
        )
    print_table(table)
