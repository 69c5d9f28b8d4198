"""What the doctor says, in a terminal."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from rnnlab.probes.doctor import Diagnosis


def table_of_diagnoses(diagnoses: Sequence[Diagnosis]) -> Table:
    """Returns a row per issue: found or not, why, and what to try."""
    table = Table("issue", "", "evidence", "try", show_lines=True)
    for diagnosis in diagnoses:
        verdict = {True: ("found", "bold red"), False: ("no", "green"), None: ("not checked", "yellow")}
        ways = "\n".join(diagnosis.overrides)
        table.add_row(diagnosis.issue, Text(*verdict[diagnosis.found]), diagnosis.evidence, ways)
    return table
