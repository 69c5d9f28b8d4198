"""How good a net's probabilities and choices are, and whether two nets' choices can be told apart.

Written out rather than taken from scikit-learn and SciPy, which are large for so few lines; tests hold them
against both.
"""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from rnnlab.core.intervals import wilson

BINS = 20  # of confidence, each 0.05 wide: ten of them for two classes, whose confidence is at least 0.5
FEW = 25  # discordant pairs, below which McNemar's test is exact
SIGNIFICANT = 0.05


def roc_auc(positive: Bool[np.ndarray, " units"], scores: Float[np.ndarray, " units"]) -> float:
    """Returns the probability that a positive unit scores above a negative one, ties counting half.

    That is the area under the ROC curve (Hanley & McNeil 1982), by ranks; NaN, since undefined, where all
    units are positive or all are negative.
    """
    ones = int(positive.sum())
    pairs = ones * (len(positive) - ones)
    if not pairs:
        return math.nan
    ranks = pd.Series(scores).rank().to_numpy()
    return float((ranks[positive].sum() - ones * (ones + 1) / 2) / pairs)


def class_auc(probabilities: Float[np.ndarray, "units classes"], targets: Int[np.ndarray, " units"]) -> float:
    """Returns the ROC-AUC of the second of two classes; of more the mean of each one against the rest.

    The mean is over the classes that occur among the targets, none weighted; NaN where only one does.
    """
    if probabilities.shape[1] == 2:
        return roc_auc(targets == 1, probabilities[:, 1])
    return float(np.mean([roc_auc(targets == number, probabilities[:, number]) for number in set(targets)]))


def brier_score(
    probabilities: Float[np.ndarray, "units classes"], targets: Int[np.ndarray, " units"]
) -> float:
    """Returns the mean squared error of the probabilities, 0 for certainty that is right.

    Of two classes that of the second (0 to 1), of more the sum over classes (0 to 2), as Brier 1950 has it;
    scikit-learn does the same.
    """
    errors = (probabilities - np.eye(probabilities.shape[1])[targets]) ** 2
    return float((errors[:, 1] if errors.shape[1] == 2 else errors.sum(axis=1)).mean())


def calibration(
    confidence: Float[np.ndarray, " units"], right: Bool[np.ndarray, " units"], bins: int = BINS
) -> pd.DataFrame:
    """Returns how often a net is right that is so confident, a row for every bin of confidence with units.

    Columns: above, up_to (the bin's ends), count, confidence (mean), right (share), low, high (its 95 %
    interval, Wilson 1927).

    Args:
        confidence: the probability of the chosen class, 0 to 1.
        right: whether the choice is right.
        bins: of equal width, from 0 to 1, as Guo et al. 2017 have them.
    """
    ends = np.linspace(0, 1, bins + 1)
    places = np.clip(np.digitize(confidence, ends, right=True), 1, bins)
    rows = []
    for place in np.unique(places).tolist():
        inside = places == place
        count, hits = int(inside.sum()), int(right[inside].sum())
        low, high = wilson(hits, count)
        rows.append(
            {
                "above": ends[place - 1],
                "up_to": ends[place],
                "count": count,
                "confidence": float(confidence[inside].mean()),
                "right": hits / count,
                "low": low,
                "high": high,
            }
        )
    return pd.DataFrame(rows)


def expected_calibration_error(table: pd.DataFrame) -> float:
    """Returns Σ count / units · |right − confidence| over the bins of `calibration` (Guo et al. 2017)."""
    return float(np.average((table["right"] - table["confidence"]).abs(), weights=table["count"]))


class McNemar(NamedTuple):
    """How likely counts of discordant pairs so uneven are, if both nets were right equally often.

    test: how `p`, two-sided, is computed.
    """

    test: str
    p: float


def mcnemar(only_one: int, only_other: int) -> McNemar:
    """Returns McNemar's test of two nets on the same units (McNemar 1947).

    Below 25 discordant pairs it is the exact binomial test, else chi-squared with one degree of freedom and
    the continuity correction of Edwards 1948.

    Args:
        only_one: how many units one net alone has right.
        only_other: how many the other alone has right.
    """
    number = only_one + only_other
    if number < FEW:
        tail = sum(math.comb(number, count) for count in range(min(only_one, only_other) + 1))
        return McNemar("exact binomial test", min(1.0, 2 * tail / 2**number))
    statistic = max(0, abs(only_one - only_other) - 1) ** 2 / number
    return McNemar("chi-squared with continuity correction", math.erfc(math.sqrt(statistic / 2)))


def class_shares(targets: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Returns which share of the units has each class, (classes,)."""
    return np.bincount(targets, minlength=classes) / len(targets)
