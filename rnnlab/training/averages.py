"""What is known of a round while it goes on: running averages, and how long it has taken."""

import time
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor


class Averages:
    """Averages of metrics over units, kept as sums in float64 and counts: batches leave nothing behind.

    sums, counts: by metric; of a round that goes on where it was left.
    """

    def __init__(
        self, sums: Mapping[str, Tensor] | None = None, counts: Mapping[str, int] | None = None
    ) -> None:
        self.sums = dict(sums or {})
        self.counts = Counter(counts or {})

    def add(self, measured: Mapping[str, Tensor]) -> None:
        """Adds the values of a batch; the sums stay on its device, so that nobody waits for it."""
        for name, values in measured.items():
            of_batch = values.detach().sum(dtype=torch.float64)
            if name in self.sums:
                self.sums[name] += of_batch
            else:
                self.sums[name] = of_batch
            self.counts[name] += values.numel()

    def means(self) -> dict[str, float]:
        """Returns each metric's average over all units added."""
        return {name: total.item() / self.counts[name] for name, total in self.sums.items()}


class Seconds(NamedTuple):
    """By the clock on the wall, and of the processor, all threads of the process together."""

    wall: float = 0.0
    cpu: float = 0.0

    @classmethod
    def now(cls) -> "Seconds":
        """Returns what both clocks say."""
        return cls(time.perf_counter(), time.process_time())

    def since(self, start: "Seconds") -> "Seconds":
        """Returns what has passed since `start`."""
        return Seconds(self.wall - start.wall, self.cpu - start.cpu)


class Round:
    """The round under way; of one that goes on, with the averages and seconds of its part before."""

    def __init__(self, averages: Averages | None = None, before: Seconds = Seconds()) -> None:  # noqa: B008
        self.averages = averages or Averages()
        self._start = Seconds.now().since(before)

    def taken(self) -> Seconds:
        """Returns the time that the round has taken so far."""
        return Seconds.now().since(self._start)
