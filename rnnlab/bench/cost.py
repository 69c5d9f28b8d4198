"""How the time of a training grows with hidden size, length, batch and number of texts."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from rnnlab.bench.contestants import FUSED, JAX, PACKED, PADDED, contestants, time_epochs
from rnnlab.bench.engines import Sizes, drawn_training
from rnnlab.cells.lstm import LSTM

CONTESTANTS = (FUSED, PACKED, PADDED, JAX)
AT_LEAST = 3  # points for a slope


class Axis(NamedTuple):
    """What is varied, over which values, and the sizes that stay as they are.

    per_batch: whether seconds are those of a batch rather than of an epoch.
    """

    name: str
    values: Sequence[int]
    sizes: Sizes
    per_batch: bool = True

    def at(self, value: int) -> Sizes:
        """Returns the sizes at one value; of batches there are as many whatever their size."""
        if self.name == "batch":
            return replace(self.sizes, batch=value, texts=value * self.sizes.texts // self.sizes.batch)
        return replace(self.sizes, **{self.name: value})


FULL = (
    Axis("hidden", (16, 32, 64, 128, 256, 512), Sizes(texts=64)),
    Axis("length", (16, 32, 64, 128, 256, 512), Sizes(texts=64)),
    Axis("batch", (1, 2, 4, 8, 16, 32, 64, 128), Sizes(texts=64)),
    Axis("texts", (64, 256, 1024, 4096), Sizes(50, 50, 8, 64), per_batch=False),
)
QUICK = (
    Axis("hidden", (16, 64, 256), Sizes(length=48, texts=32)),
    Axis("length", (16, 64, 128), Sizes(texts=32)),
)


def costs(axis: Axis, rounds: int) -> Iterator[list[dict[str, Any]]]:
    """Yields for each value of an axis a row per contestant: what a training of an LSTM takes there.

    Each row has the seconds, their spread, and the floating-point operations in matrix products.
    """
    for value in axis.values:
        training = drawn_training(LSTM, axis.at(value))
        problem = training.problem()
        parts = -(-len(training.texts) // training.batch_size) if axis.per_batch else 1
        times = time_epochs(training, contestants(training, CONTESTANTS), rounds)
        rows = []
        for name, taken in times.items():
            facts = taken.facts()
            seconds = {key: facts[key] / parts for key in ("seconds", "lowest", "highest")}
            rows.append(
                {
                    "axis": axis.name,
                    "value": value,
                    "contestant": name,
                    **seconds,
                    "rounds": facts["rounds"],
                    "flops": problem.flops / parts,
                }
            )
        yield rows


def slopes(table: pd.DataFrame) -> pd.DataFrame:
    """Returns by axis and contestant the slope of log seconds against log value, over the upper half.

    1: twice the size takes twice as long; 2: four times.
    """
    rows = []
    for (axis, contestant), part in table.groupby(["axis", "contestant"], sort=False):
        part = part.sort_values("value")
        upper = part.tail(max(AT_LEAST, -(-len(part) // 2)))
        slope, _ = np.polyfit(np.log(upper["value"]), np.log(upper["seconds"]), 1)
        rows.append({"axis": axis, "contestant": contestant, "slope": float(slope)})
    return pd.DataFrame(rows)
