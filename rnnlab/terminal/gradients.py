"""Gradients of a net as a person reads them: at the inserted tokens, and on their way back through time."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rnnlab.terminal.messages import print_line, print_lines
from rnnlab.terminal.tables import print_rows

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


def print_gradients(rows: "pd.DataFrame") -> None:
    """Prints a row per model and position, without the gradients' own entries."""
    from rnnlab.probes.gradients import without_vectors

    rows = without_vectors(rows)
    caption, group = "ratio to end: the mean of the two norms over that mean at the end", "model"
    if "token" in rows:
        group, caption = (
            "position",
            "cosine: with the other gradients' sum; ratio to end: norm over that at the end",
        )
    print_rows(rows.rename(columns=_heading), {"cosine": ".4f"}, caption=caption, group=group)


def _heading(column: str) -> str:
    if column.endswith("_norm"):
        return f"<{column.removesuffix('_norm')}> norm"
    return column.replace("_", " ")


def print_vectors(model: str, vectors: "Iterable[tuple[str, str, np.ndarray]]") -> None:
    """Prints token, position and gradient, every number of it."""
    import numpy as np

    for token, position, vector in vectors:
        print_line(f"{model}, {token} at the {position}:")
        text = np.array2string(
            vector,
            formatter={"float_kind": lambda number: f"{number:11.4e}"},
            threshold=vector.size,
            max_line_width=100,
        )
        print_lines(text)


def print_half_lives(rows: "pd.DataFrame") -> None:
    """Prints a row per path: after how many steps its norms are halved, and what the weights predict."""
    rows = rows.copy()
    for norm, heading in (("gradient", "gradient"), ("jacobian", "Jacobian")):
        parts = zip(*(rows.pop(f"{norm}{part}").map(_steps) for part in ("", "_low", "_high")), strict=True)
        rows.insert(rows.columns.get_loc("predicted"), heading, [f"{a} ({b} to {c})" for a, b, c in parts])
    rows = rows.rename(columns={"predicted_radius": "by spectral radius"})
    caption = "steps until halved (95 % interval); predicted from the weights and the mean slope or gate"
    if "pooling" in rows:
        how = rows.pop("pooling").iloc[0]
        caption += f"\nmodel.pooling={how}: each state has a share of its own in the loss; "
        caption += "what is predicted is the Jacobian"
    formats = dict.fromkeys(("predicted", "by spectral radius"), _steps)
    print_rows(rows, {"gradient": "", "Jacobian": "", **formats}, caption=caption)


def _steps(value: float) -> str:
    return "-" if value != value else "never" if value == float("inf") else f"{value:.3g}"
