"""Turns: in each round every contestant has one, so that whatever else the machine does meets all alike."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

FEWEST = 3  # rounds that slow contestants take part in, too
LONG = 3.0  # seconds after which a contestant is slow


@dataclass
class Times:
    """What a contestant's turns took, in seconds by the clock and of the processor, by round."""

    seconds: dict[int, float] = field(default_factory=dict)
    cpu_seconds: dict[int, float] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Returns median and spread."""
        values = list(self.seconds.values())
        return {
            "seconds": median(values),
            "lowest": min(values),
            "highest": max(values),
            "cpu_seconds": median(self.cpu_seconds.values()),
            "rounds": len(values),
        }

    def over(self, other: "Times") -> float:
        """Returns how many times as long as the other's its turns took, the median over common rounds."""
        common = self.seconds.keys() & other.seconds.keys()
        return median(self.seconds[number] / other.seconds[number] for number in common)


def take_turns(turns: Mapping[str, Callable[[int], object]], rounds: int) -> dict[str, Times]:
    """Returns what each contestant's turns took in so many rounds, and a first, left out, that warms up.

    The order of turns rotates. Whoever is slow has a few rounds only.
    """
    names, times = list(turns), {name: Times() for name in turns}
    for number in range(rounds + 1):
        for turn in range(len(names)):
            name = names[(number + turn) % len(names)]
            taken = times[name].seconds
            if len(taken) >= FEWEST and sum(taken.values()) > LONG:
                continue
            start, cpu_start = time.perf_counter(), time.process_time()
            turns[name](number)
            seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
            if number:
                times[name].seconds[number], times[name].cpu_seconds[number] = seconds, cpu_seconds
    return times
