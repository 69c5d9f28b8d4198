"""From values to places in a drawing, with ticks at round numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.ticker import LogLocator, MaxNLocator


@dataclass(frozen=True)
class Scale:
    """Maps low … high onto start … end, linearly or by logarithm."""

    low: float
    high: float
    start: float
    end: float
    log: bool
    ticks: list[float]

    @classmethod
    def around(
        cls,
        values: Sequence[float],
        start: float,
        end: float,
        *,
        log: bool = False,
        whole: bool = False,
        limits: tuple[float, float] | None = None,
    ) -> "Scale":
        """Returns a scale that holds all finite values (positive ones, for log), or just `limits`."""
        shown = [v for v in values if math.isfinite(v) and (v > 0 or not log)]
        low, high = limits or ((min(shown), max(shown)) if shown else (0.1 if log else 0.0, 1.0))
        if low == high:
            low, high = (low / 2, high * 2) if log else (low - 0.5, high + 0.5)
        locator = LogLocator(numticks=7) if log else MaxNLocator(6, integer=whole)
        ticks = [float(tick) for tick in locator.tick_values(low, high)]
        slack = 1e-9 * abs(high - low)
        return cls(low, high, start, end, log, [t for t in ticks if low - slack <= t <= high + slack])

    def shows(self, value: float) -> bool:
        """Returns whether a value has a place: finite, positive on a log scale, and within the limits."""
        return math.isfinite(value) and (value > 0 or not self.log) and self.low <= value <= self.high

    def __call__(self, value: float) -> float:
        """Returns the place of a value."""
        low, high, at = (
            (map(math.log, (self.low, self.high, value))) if self.log else (self.low, self.high, value)
        )
        return self.start + (at - low) / (high - low) * (self.end - self.start)
