"""The memory horizon of models, in a terminal."""

from typing import Any

import pandas as pd
from rich.table import Table
from rich.text import Text

from rnnlab.workflows.horizon.search import Horizon


def table_of_horizon(horizon: Horizon) -> Table:
    """Returns the leaderboard, with the successes at every length."""
    request, plan = horizon.request, horizon.request.plan
    caption = (
        f"horizon: the largest length at which at least half of the seeds reach a {request.goal.text} within "
        f"{request.steps:,} steps, with its 95 % bootstrap interval; by length: successes of seeds "
        "(in brackets: assumed)"
    )
    shown = Table("model", caption=caption, caption_justify="left")
    for name in ("horizon", "95 %", "median steps", *map(str, plan.lengths)):
        shown.add_column(name, justify="right")
    cells = {(row.model, row.length): row for row in horizon.rates.itertuples()}
    for rank in horizon.ranks.itertuples():
        more = "≥ " if rank.at_least else ""
        steps = "-" if pd.isna(rank.median_steps) else f"{rank.median_steps:,.0f}"
        rows = [cells.get((rank.model, length)) for length in plan.lengths]
        known = sum(row.number for row in rows if row is not None)
        interval = f"{rank.low} to {rank.high}"
        if known < plan.seeds * len(plan.lengths):
            more, interval = "so far ", "-"
        title = Text(request.title(rank.model))
        shown.add_row(title, f"{more}{rank.horizon}", interval, steps, *map(_share, rows))
    return shown


def _share(row: Any) -> str:
    if row is None:
        return "-"
    share = f"{row.successes}/{row.number}"
    return share if row.tried else f"({share})"
