"""Rates, horizons and their intervals against what counting every case gives."""

import itertools
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from rnnlab.core.intervals import wilson
from rnnlab.workflows.horizon.schedule import Outcome, Schedule, Trial
from rnnlab.workflows.horizon.success_rates import horizon, leaderboard, success_rates

LENGTHS = (5, 10, 20)


def table(successes: dict[str, list[list[bool]]]) -> pd.DataFrame:
    """Returns trials of models whose rows are seeds and whose columns are lengths."""
    known = {
        Trial(model, length, seed): Outcome(bool(success), 100 * seed, 0.1, 1.0)
        for model, rows in successes.items()
        for seed, row in enumerate(rows, start=1)
        for length, success in zip(LENGTHS, row, strict=True)
    }
    seeds = len(next(iter(successes.values())))
    return Schedule(tuple(successes), LENGTHS, seeds, "grid").table(known)


def test_rates_are_counts_with_wilsons_interval() -> None:
    rates = success_rates(table({"a": [[1, 1, 0], [1, 0, 0], [1, 0, 1], [1, 0, 0]]})).set_index("length")
    assert rates["successes"].tolist() == [4, 1, 1] and set(rates["number"]) == {4}
    assert rates["rate"].tolist() == [1, 0.25, 0.25]
    assert (rates.loc[10, "low"], rates.loc[10, "high"]) == wilson(1, 4)
    assert rates["median_steps"].tolist() == [250, 100, 300]


def test_the_horizon_is_the_largest_length_that_half_of_the_seeds_learn() -> None:
    lengths = np.array(LENGTHS)
    assert horizon(lengths, np.array([1.0, 0.5, 0.49])) == 10
    assert horizon(lengths, np.array([0.4, np.nan, 0.4])) == 0
    assert horizon(lengths, np.array([1.0, 1.0, np.nan])) == 10


def test_the_bootstrap_interval_is_that_of_all_resamples_of_the_seeds() -> None:
    seeds = [[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0], [1, 1, 0]]
    counted = Counter(
        max(
            (length for column, length in enumerate(LENGTHS) if 2 * sum(row[column] for row in drawn) >= 5),
            default=0,
        )
        for drawn in itertools.product(seeds, repeat=5)
    )
    cumulated = np.cumsum([counted[h] for h in (0, *LENGTHS)]) / counted.total()
    # Away from the quantiles, so that 2,000 of the 3,125 resamples must find the same ones.
    assert np.abs(cumulated[:, None] - [0.025, 0.975]).min() > 0.006
    low, high = ((0, *LENGTHS)[int(np.argmax(cumulated >= share))] for share in (0.025, 0.975))
    row = leaderboard(table({"a": seeds}), longest=20).iloc[0]
    assert (row["low"], row["high"]) == (low, high)
    assert low < row["horizon"] <= high


def test_the_leaderboard_ranks_by_horizon_and_then_by_successes() -> None:
    ranks = leaderboard(
        table(
            {
                "never": [[0, 0, 0]] * 2,
                "some": [[1, 1, 0], [1, 0, 0]],
                "more": [[1, 1, 0], [1, 1, 0]],
                "all": [[1, 1, 1]] * 2,
            }
        ),
        longest=20,
    )
    assert ranks["model"].tolist() == ["all", "more", "some", "never"]
    assert ranks["horizon"].tolist() == [20, 10, 10, 0]
    assert ranks["at_least"].tolist() == [True, False, False, False]
    assert ranks["median_steps"].iloc[:3].tolist() == [150, 150, 100]
    assert np.isnan(ranks["median_steps"].iloc[3])


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_gives_the_same_interval(seed: int) -> None:
    trials = table({"a": [[1, 1, 0], [1, 0, 0], [1, 0, 1]]})
    first, second = (leaderboard(trials, longest=20, seed=seed) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
