"""What can be read off the figures of a training, each with its threshold: the doctor's and the page's rules.

Plain tables in, so that a page can be made without a net.
"""

import math
from typing import NamedTuple

import pandas as pd

STUCK_MARGIN = 0.02
VANISHED_RATIO = 1e-3
OVERFITTING_GAP, OVERFITTING_RISE = 0.1, 0.1


class Fit(NamedTuple):
    """How training figures and those of validation end, beside the round of the best validation loss.

    last, best: rows of metrics; overfitted: accuracy is 0.1 higher in training than in validation, or
    validation loss has risen by 0.1 from its best while training loss went on falling.
    """

    last: pd.Series
    best: pd.Series
    overfitted: bool


def is_stuck(train_loss: float, classes: int) -> bool:
    """Returns whether a training loss is at most 0.02 below that of guessing among so many classes."""
    return bool(train_loss >= math.log(classes) - STUCK_MARGIN)


def fit_of(metrics: pd.DataFrame, *, when: str = "epoch") -> Fit | None:
    """Returns how well figures of accuracy and loss carry over to validation; None without validation."""
    trained = metrics[metrics[when] > 0].dropna()
    if trained.empty:
        return None
    last, best = trained.iloc[-1], trained.loc[trained["valid_loss"].idxmin()]
    gap, rise = last["train_acc"] - last["valid_acc"], last["valid_loss"] - best["valid_loss"]
    fell = last["train_loss"] < best["train_loss"]
    return Fit(last, best, bool(gap >= OVERFITTING_GAP or (rise >= OVERFITTING_RISE and fell)))


def has_vanished(weakest: float, strongest: float) -> bool:
    """Returns whether a gradient norm is under 1/1000 of the largest; not where all are zero."""
    return bool(strongest > 0 and weakest / strongest < VANISHED_RATIO)
