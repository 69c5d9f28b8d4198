"""The memory horizon of models, in a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from rich.table import Table
from rich.text import Text

from rnnlab.core.printable import printable


def table_of_horizon(
    rates: pd.DataFrame,
    ranks: pd.DataFrame,
    *,
    titles: Mapping[str, str],
    lengths: Sequence[int],
    seeds: int,
    goal: str,
    steps: int,
) -> Table:
    """Returns the leaderboard, with the successes at every length.

    Args:
        rates: a row per model and length, with its `successes` of `number`, and whether all were `tried`.
        ranks: a row per model, with its `horizon`, the interval from `low` to `high` and `median_steps`.
        titles: what each model is called.
        lengths: all that were asked for.
        seeds: how many were asked for at every length.
        goal: what a trial is to reach, as "validation loss below 0.1".
        steps: how many of them a trial has to reach it.
    """
    caption = (
        f"horizon: the largest length at which at least half of the seeds reach a {goal} within "
        f"{steps:,} steps, with its 95 % bootstrap interval; by length: successes of seeds "
        "(in brackets: assumed)"
    )
    shown = Table("model", caption=caption, caption_justify="left")
    for name in ("horizon", "95 %", "median steps", *map(str, lengths)):
        shown.add_column(name, justify="right")
    cells = {(row.model, row.length): row for row in rates.itertuples()}
    for rank in ranks.itertuples():
        more = "≥ " if rank.at_least else ""
        median = "-" if pd.isna(rank.median_steps) else f"{rank.median_steps:,.0f}"
        rows = [cells.get((rank.model, length)) for length in lengths]
        known = sum(row.number for row in rows if row is not None)
        interval = f"{rank.low} to {rank.high}"
        if known < seeds * len(lengths):
            more, interval = "so far ", "-"
        title = Text(printable(titles[rank.model]))
        shown.add_row(title, f"{more}{rank.horizon}", interval, median, *map(_share, rows))
    return shown


def _share(row: Any) -> str:
    if row is None:
        return "-"
    share = f"{row.successes}/{row.number}"
    return share if row.tried else f"({share})"
