"""A figure of one preset over its seeds, and what the comparison of two of them allows to say."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import NormalDist, fmean, median, stdev
from typing import Literal, NamedTuple

from rnnlab.core.intervals import CONFIDENCE, student_reach

Unit = Literal["share", "number", "cosine", "size", "seconds", "count", "epoch"]
Verdict = Literal["higher", "lower", "same", "open"]
BY_RATIO = ("size", "seconds")  # compared by how many times the one is the other
SAME = 1e-6  # figures no further apart are the same to six digits


class Source(NamedTuple):
    """Where a figure is read: the mean of a column of a run's table over the last rows that fit.

    where: what other columns hold, as in position = start; `epoch`: `last` for the rows of the last look;
    last: over how many of the rows that fit, the last ones, the mean is taken; None: there is one row.
    """

    file: str
    column: str
    where: tuple[tuple[str, str | float], ...] = ()
    last: int | None = None


@dataclass(frozen=True)
class Measured:
    """A figure of a preset: a value per seed.

    Attributes:
        of: the preset.
        what: the figure in words, as in "validation accuracy over the last 20 epochs".
        values: by seed, 1 first; NaN where a seed has none.
        unit: a `size` lies anywhere between 0 and infinity and is compared by ratio.
        texts: of a share of texts that stand for all such texts, how many they are.
        source: where it was read, None for what was computed from several figures.
    """

    of: str
    what: str
    values: tuple[float, ...]
    unit: Unit = "number"
    texts: int | None = None
    source: Source | None = None

    @property
    def known(self) -> list[float]:
        """The values of the seeds that have one."""
        return [value for value in self.values if not math.isnan(value)]

    @property
    def middle(self) -> float:
        """The mean over seeds; of sizes and epochs the median, since one seed may be far from the others."""
        if not self.known:
            return math.nan
        return median(self.known) if self.unit in ("size", "epoch") else fmean(self.known)

    def __str__(self) -> str:
        """Returns the mean ± standard deviation, or the median (lowest to highest), over seeds."""
        known = self.known
        if not known:
            return "none"
        low, high = min(known), max(known)
        if self.unit in ("size", "epoch", "count"):
            middle, *ends = (shown(value, self.unit) for value in (self.middle, low, high))
            return middle if ends[0] == ends[1] else f"{middle} ({ends[0]} to {ends[1]})"
        spread = stdev(known) if len(known) > 1 else 0.0
        middle = shown(self.middle, self.unit, spread)
        if not spread:
            return middle
        return f"{middle} ± {_rounded(spread, _digits(self.middle, self.unit, spread))}"


DIGITS: dict[Unit, int] = {"share": 3, "number": 3, "cosine": 2, "seconds": 2, "epoch": 0, "count": 0}


def shown(value: float, unit: Unit, spread: float = 0.0) -> str:
    """Returns a value with as many digits as its unit has, fewer where the last ones would be noise."""
    if unit == "count" or unit == "epoch":
        return f"{value:,.0f}"
    if unit == "size":
        return _two_digits(value)
    return _rounded(value, _digits(value, unit, spread))


def _digits(value: float, unit: Unit, spread: float) -> int:
    digits = DIGITS[unit]
    if unit == "cosine" and 0.99 <= abs(value) < 1:
        digits += 1  # −1 is what it must not look like
    if spread > 0:  # two digits of the spread say something
        digits = min(digits, max(1, 1 - math.floor(math.log10(spread))))
    return digits


def _rounded(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}".replace("-", "−")
    return text if text.strip("−0.") else text.lstrip("−")


def _two_digits(value: float) -> str:
    if not math.isfinite(value):
        return "∞" if value > 0 else f"{value:g}"
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    if -3 <= exponent <= 0:
        return f"{value:.{1 - exponent}f}".replace("-", "−")
    if 0 < exponent < 6:
        return f"{float(f'{value:.2g}'):,.0f}".replace("-", "−")
    factor, power = f"{value:.1e}".split("e")
    return f"{factor}·10{str(int(power)).translate(SUPERSCRIPTS)}".replace("-", "−")


SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@dataclass(frozen=True)
class Comparison:
    """Two figures side by side, seed by seed."""

    left: Measured
    right: Measured

    @cached_property
    def differences(self) -> list[float]:
        """By seed the left less the right; of sizes and times the natural logarithm of their ratio."""
        pairs = [
            (a, b)
            for a, b in zip(self.left.values, self.right.values, strict=True)
            if not (math.isnan(a) or math.isnan(b))
        ]
        if self.left.unit in BY_RATIO:
            return [_log_ratio(a, b) for a, b in pairs]
        return [a - b for a, b in pairs]

    @property
    def agreeing(self) -> int:
        """The number of seeds in which the difference has the sign of the mean difference."""
        mean = self.mean
        return sum(1 for value in self.differences if value * mean > 0)

    @property
    def mean(self) -> float:
        """The mean difference over seeds."""
        return fmean(self.differences) if self.differences else math.nan

    @cached_property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the mean difference; None of a single seed, if nothing says how sure it is.

        Over seeds it is Student's, for paired differences. Of shares of texts that stand for others it holds,
        too, what other texts would change, taken as if the two had been asked of different texts, which is
        too much rather than too little.
        """
        number = len(self.differences)
        if number < 2 and self.left.texts is None:
            return None
        reach = 0.0
        if number > 1:
            reach = student_reach(self.differences)
        if self.left.texts is not None:
            shares = [side.middle for side in (self.left, self.right)]
            variance = sum(share * (1 - share) for share in shares) / self.left.texts
            reach = math.hypot(reach, NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * math.sqrt(variance))
        return self.mean - reach, self.mean + reach

    @property
    def verdict(self) -> Verdict:
        """What may be said: `higher` or `lower` if no interval speaks against it; `same` to six digits."""
        if not self.differences:
            return "open"
        if all(abs(value) <= SAME for value in self.differences):
            return "same"
        low, high = self.interval or (self.mean, self.mean)
        if low > 0:
            return "higher"
        return "lower" if high < 0 else "open"

    @property
    def opposite(self) -> "Comparison":
        """The same seen from the other side."""
        return Comparison(self.right, self.left)

    @property
    def figures(self) -> str:
        """Both figures, as in `0.80 against 0.78`."""
        return f"{self.left} against {self.right}"

    def __str__(self) -> str:
        """Returns both figures with their difference and its interval, as in `0.80 against 0.78 (…)`."""
        both = self.figures
        if self.verdict == "same" or not self.differences:
            return both
        if self.left.unit in BY_RATIO:
            difference = f"{self._ratio(self.mean)} times{self._interval(self._ratio, ' times')}"
        else:
            difference = f"difference {self._plain(self.mean)}{self._interval(self._plain)}"
        return f"{both}; {difference}{self._seeds()}"

    def _seeds(self) -> str:
        """Returns in how many seeds the left is higher, where the seeds do not decide it."""
        number = len(self.differences)
        if self.verdict != "open" or number < 2:
            return ""
        return f"; higher in {sum(value > 0 for value in self.differences)} of {number} seeds"

    def _interval(self, form: Callable[[float], str], unit: str = "") -> str:
        if self.interval is None:
            return ""
        low, high = map(form, self.interval)
        return f", 95 % interval {low} to {high}{unit}"

    def _plain(self, value: float) -> str:
        spread = (self.interval[1] - self.interval[0]) / 4 if self.interval else 0.0
        text = shown(value, self.left.unit, spread)
        if not text.strip("0."):
            if abs(value) <= spread / 10:
                return text
            text = _two_digits(value)  # too small for the digits of its unit, and yet a difference
        return f"+{text}" if value > 0 else text

    def _ratio(self, value: float) -> str:
        return _two_digits(math.exp(min(value, 600)))


def _log_ratio(a: float, b: float) -> float:
    if a == b:
        return 0.0
    tiny = 1e-300
    return math.log(max(a, tiny)) - math.log(max(b, tiny))


def constant(value: float, like: Measured, what: str) -> Measured:
    """Returns a number that is no measurement, as chance is, to compare a figure with."""
    return replace(like, of="", what=what, values=(value,) * len(like.values), texts=None, source=None)


def compare(left: Measured, right: Measured | float, what: str = "") -> Comparison:
    """Returns the comparison of a figure with another, or with a number that `what` names."""
    return Comparison(left, right if isinstance(right, Measured) else constant(right, left, what))


def how_sure(comparisons: Sequence[Comparison]) -> str:
    """Returns one sentence on how sure an answer is that rests on these comparisons."""
    seeds = max((len(c.left.values) for c in comparisons), default=0)
    if not comparisons:
        return "This is how the data is; no seed plays a part."
    if seeds == 1:
        return "One seed: whether another would say the same is not known (--seeds 3 tells)."
    counts = [len(c.differences) if c.verdict == "same" else c.agreeing for c in comparisons]
    decided = [c.verdict != "open" for c in comparisons]
    if all(decided) and all(n == seeds for n in counts):
        return f"The same in all {seeds} seeds."
    if all(decided):
        return f"The same in most of {seeds} seeds: in {min(counts)} at least."
    open_ones = ", ".join(
        dict.fromkeys(c.left.what for c, sure in zip(comparisons, decided, strict=True) if not sure)
    )
    if not any(decided):
        return f"Not decided by {seeds} seeds: {open_ones}."
    agreeing = min(n for n, sure in zip(counts, decided, strict=True) if sure)
    alike = f"all {seeds}" if agreeing == seeds else f"at least {agreeing} of {seeds}"
    return (
        f"{sum(decided)} of {len(decided)} comparisons are decided, the same way in {alike} seeds; not "
        f"decided: {open_ones}."
    )
