"""A series that a net goes on with by itself: each of its outputs is read as the next row."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from rnnlab.core.batch import Batch
from rnnlab.tasks.base import PredictFn


def free_run(predict_fn: PredictFn, rows: Tensor, window: int, steps: int) -> tuple[Tensor, Tensor]:
    """Returns `steps` rows that a net goes on with, and what it says of each from the true rows before.

    predict_fn: gives (1, columns), or (1, window, columns), of a window; rows: the true ones (window + steps,
    columns), of which the first `window` are read.
    """
    read, gone_on, one_step = rows[:window], [], []
    for step in range(steps):
        gone_on.append(_last(predict_fn(_window(read))))
        one_step.append(_last(predict_fn(_window(rows[step : step + window]))))
        read = torch.cat([read[1:], gone_on[-1][None].to(read)])
    return torch.stack(gone_on), torch.stack(one_step)


def _window(rows: Tensor) -> Batch:
    return Batch(rows[None], torch.tensor([len(rows)]), torch.zeros(1, 0))


def _last(output: Tensor) -> Tensor:
    """Returns the row (columns,) that a net's output ends with."""
    return output[0, -1] if output.ndim == 3 else output[0]


def table_of(
    first_row: int, names: Sequence[str], rows: Tensor, gone_on: Tensor, one_step: Tensor
) -> pd.DataFrame:
    """Returns a row per step: `row`, then of each column `NAME true`, `NAME forecast`, `NAME one step` (from
    the true rows before) and `NAME last value`, the one read last.

    rows: the true ones, beginning with the one read last.
    """
    truth, last = rows[1:], rows[:1].expand(len(rows) - 1, -1)
    columns = {"row": np.arange(first_row, first_row + len(truth))}
    each = {"true": truth, "forecast": gone_on, "one step": one_step, "last value": last}
    for number, name in enumerate(names):
        for what, values in each.items():
            columns[f"{name} {what}"] = values[:, number].double().numpy()
    return pd.DataFrame(columns)
