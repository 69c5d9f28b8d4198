"""Tables of a run folder as CSV."""

from pathlib import Path

import pandas as pd

from rnnlab.core.errors import InputError
from rnnlab.core.files import write_text


def write_table(path: Path, rows: pd.DataFrame) -> Path:
    """Writes rows as CSV, atomically, NaN as an empty cell; returns the path, or raises InputError."""
    try:
        write_text(path, rows.to_csv(index=False, lineterminator="\n"))
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
    return path
