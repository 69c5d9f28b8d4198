"""The memory horizon of models, from trials: success rates by length, and how far each model gets."""

import numpy as np
import pandas as pd

from rnnlab.core.intervals import wilson

RESAMPLES = 2000
HALF = 0.5


def success_rates(trials: pd.DataFrame) -> pd.DataFrame:
    """Returns a row per model and length of a table of trials (`rnnlab.workflows.horizon.schedule`).

    Columns: model, length, successes, number (of trials made or assumed), tried (of them made), rate, low and
    high (its 95 % Wilson interval), median_steps (of the successes made, empty without any).
    """
    rows = []
    for (model, length), group in trials.groupby(["model", "length"], sort=False):
        successes, number = int(group["success"].sum()), len(group)
        low, high = wilson(successes, number)
        won = group.loc[group["success"].astype(bool) & group["tried"].astype(bool), "steps"]
        rows.append(
            {
                "model": model,
                "length": length,
                "successes": successes,
                "number": number,
                "tried": int(group["tried"].sum()),
                "rate": successes / number,
                "low": low,
                "high": high,
                "median_steps": won.astype(float).median(),
            }
        )
    return pd.DataFrame(rows)


def horizon(lengths: np.ndarray, rates: np.ndarray) -> int:
    """Returns the largest length at which at least half of the trials succeed, 0 if there is none.

    No value between the lengths tried is made up. NaN: a rate that is not known.
    """
    reached = lengths[rates >= HALF]
    return int(reached.max()) if len(reached) else 0


def leaderboard(trials: pd.DataFrame, *, longest: int, seed: int = 0) -> pd.DataFrame:
    """Returns a row per model, the farthest horizon first; of equals, the one with more successes in all.

    Columns: model, trials (made or assumed: fewer than asked for while some are missing), horizon (see
    `horizon`), low and high (its 95 % bootstrap percentile interval over seeds;
    Efron 1979), at_least (it is `longest`, the longest length asked for, so the true one may lie beyond),
    median_steps (of the successes at the horizon). seed: of the bootstrap.
    """
    rates = success_rates(trials)
    rows = []
    for model, group in trials.groupby("model", sort=False):
        table = group.pivot(index="seed", columns="length", values="success").astype(float)
        lengths, successes = table.columns.to_numpy(), table.to_numpy()
        reached = horizon(lengths, _mean(successes))
        low, high = _bootstrap(lengths, successes, np.random.default_rng(seed))
        here = rates[(rates["model"] == model) & (rates["length"] == reached)]
        rows.append(
            {
                "model": model,
                "trials": int((~np.isnan(successes)).sum()),
                "horizon": reached,
                "low": low,
                "high": high,
                "at_least": reached == longest,
                "median_steps": here["median_steps"].iloc[0] if len(here) else np.nan,
                "successes": np.nansum(successes),
            }
        )
    table = pd.DataFrame(rows).sort_values(["horizon", "successes"], ascending=False, kind="stable")
    return table.drop(columns="successes").reset_index(drop=True)


def _bootstrap(lengths: np.ndarray, successes: np.ndarray, rng: np.random.Generator) -> tuple[int, int]:
    """Returns the 2.5 % and 97.5 % quantiles of the horizon over resampled seeds, the rows of `successes`."""
    drawn = rng.integers(len(successes), size=(RESAMPLES, len(successes)))
    horizons = [horizon(lengths, _mean(successes[chosen])) for chosen in drawn]
    low, high = np.quantile(horizons, [0.025, 0.975], method="inverted_cdf")
    return int(low), int(high)


def _mean(successes: np.ndarray) -> np.ndarray:
    """Returns the share of successes among the known trials of every column; NaN where none is known."""
    known = ~np.isnan(successes)
    with np.errstate(invalid="ignore"):
        return np.nansum(successes, axis=0) / known.sum(axis=0)
