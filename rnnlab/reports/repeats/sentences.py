"""What may be said of two groups, for a person."""

import math

from rnnlab.core.power import MOST
from rnnlab.core.printable import counted
from rnnlab.core.scores import SIGNIFICANT
from rnnlab.reports.repeats.pair import Pair


def sentence(pair: Pair, metric: str) -> str:
    """Returns what the test of a pair says of a metric, and no more."""
    both = f"{pair.one} and {pair.other}"
    if pair.verdict == "too few seeds":
        corrected = f", {_shown(pair.smallest_holm)} corrected" if pair.comparisons > 1 else ""
        return (
            f"{both}: too few seeds to tell ({_seeds(pair)}): the smallest p that can come out is "
            f"{_shown(pair.permutation.smallest)}{corrected}; it takes at least {_needed(pair)}."
        )
    found = (
        f"{metric} {pair.left.mean():.4g} against {pair.right.mean():.4g}, {_difference(pair)}; {_p(pair)}"
    )
    if pair.verdict == "told apart":
        return f"{both} are told apart: {found}."
    return f"{both} are not told apart: {found}. {_what_it_would_take(pair)}"


def _difference(pair: Pair) -> str:
    low, high = pair.interval
    interval = "" if math.isnan(low) else f" (95 % interval {low:.4g} to {high:.4g})"
    return f"a difference of {pair.difference:.4g}{interval}"


def _seeds(pair: Pair) -> str:
    return f"{pair.n} in common" if pair.paired else f"{len(pair.left)} and {len(pair.right)}, none in common"


def _p(pair: Pair) -> str:
    seeds = f"{counted(pair.n, 'seed')} in common" if pair.paired else f"{_seeds(pair)}, so unpaired"
    how = "" if pair.permutation.exact else ", permutations drawn at random"
    many = f", {_shown(pair.p_holm)} corrected for {pair.comparisons} comparisons"
    return f"p = {_shown(pair.permutation.p)}{many if pair.comparisons > 1 else ''} ({seeds}{how})"


def _what_it_would_take(pair: Pair) -> str:
    if pair.permutation.p < SIGNIFICANT:
        return f"As the only comparison they would be, as one of {pair.comparisons} they are not."
    if math.isclose(pair.difference, 0, abs_tol=1e-15):
        return "There is no difference that more seeds could confirm."
    if pair.seeds_needed is None:
        return f"If that were the true difference, {MOST:,} seeds would not be enough to tell."
    return f"If that were the true difference, about {_needed(pair)} would tell it four times out of five."


def _needed(pair: Pair) -> str:
    number = pair.seeds_needed or 0
    rounded = number if number < 100 else float(f"{number:.2g}")
    return f"{rounded:,.0f} seeds{'' if pair.paired else ' of each'}"


def _shown(p: float) -> str:
    return f"{p:.2g}" if p < 0.995 else "1"
