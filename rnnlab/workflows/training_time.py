"""How long a training took, without what was measured beside it."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class TrainingTime:
    """The training passes of all epochs together, without validation, probes and files.

    seconds: by the clock on the wall; cpu_seconds: of the processor, all threads of the process together,
    which another job on the machine hardly changes; steps: of the optimizer.
    """

    seconds: float
    cpu_seconds: float
    steps: int

    @property
    def steps_per_second(self) -> float | None:
        """Steps per second by the clock; None before the first."""
        return self.steps / self.seconds if self.seconds > 0 else None

    def facts(self) -> dict[str, Any]:
        """Returns what summary.json says of it."""
        rate = self.steps_per_second
        facts = {name: round(value, 4) for name, value in asdict(self).items()}
        return facts | {"steps_per_second": None if rate is None else round(rate, 1)}

    def __str__(self) -> str:
        rate = "" if self.steps_per_second is None else f", {self.steps_per_second:,.0f} steps per second"
        return f"total training time {self.seconds:.1f} s ({self.cpu_seconds:.1f} s of CPU{rate})"
