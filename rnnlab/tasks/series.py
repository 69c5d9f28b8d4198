"""What comes next in a series of numbers."""

from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
import torch
from annotated_types import Ge, Gt, Lt, MinLen
from numpy.typing import NDArray

from rnnlab.core.batch import Criterion
from rnnlab.core.errors import InputError
from rnnlab.core.files import fingerprint
from rnnlab.core.memory import require
from rnnlab.data.series import Series as Table
from rnnlab.data.series import read_series, sine, windows
from rnnlab.tasks.base import DataSettings, InputOutputSizes, PredictFn, Task, TaskData
from rnnlab.tasks.drawn import Arrays, Examples, generator
from rnnlab.tasks.forecast import free_run, table_of

Positive = Annotated[int, Gt(0)]
Names = Annotated[tuple[str, ...], MinLen(1)]
MEAN, LAST = "mean of the training rows", "the last value again"
ROUNDING = 1e-12  # share of its largest value that a constant column may seem to vary by


class Series(Task):
    """Regression on windows of a CSV's rows, or of a noisy sine where data.train is not given.

    inputs, targets: names of columns (None: all); window: rows that are read; horizon: how many rows later
    the target lies; every_step: a target for every row of the window (many to many), else for its last
    (many to one); held_out: the share of the rows, their end, to validate with where data.valid is not given;
    rows, period, noise: of the sine. Columns are brought to mean 0 and variance 1 over the training rows, so
    that the loss, a squared error, is in units of the target's variance.
    """

    metrics: ClassVar[tuple[str, ...]] = ("loss",)
    unit: ClassVar[str] = "numbers"
    criterion: ClassVar[Criterion] = "mean_squared_error"
    reads: ClassVar[frozenset[str]] = frozenset({"train", "valid", "test"})

    def __init__(
        self,
        *,
        inputs: Names | None = None,
        targets: Names | None = None,
        window: Positive = 30,
        horizon: Positive = 1,
        every_step: bool = False,
        held_out: Annotated[float, Gt(0.0), Lt(1.0)] = 0.2,
        rows: Annotated[int, Ge(2)] = 2000,
        period: Annotated[float, Gt(0.0)] = 25.0,
        noise: Annotated[float, Ge(0.0)] = 0.1,
    ) -> None:
        self.inputs, self.targets, self.window, self.horizon = inputs, targets, window, horizon
        self.every_step, self.held_out = every_step, held_out
        self.rows, self.period, self.noise = rows, period, noise

    def load(self, settings: DataSettings) -> TaskData:
        """Reads or draws the series and cuts it into windows; raises InputError for one that is too short."""
        tables = self._read(settings)
        train = tables["train"]
        center, spread = train.values.mean(axis=0), train.values.std(axis=0)
        flat = spread <= ROUNDING * np.abs(train.values).max(axis=0)
        if flat.any():
            raise InputError(
                f"data.train: column {train.names[int(flat.argmax())]} never changes; "
                "leave it out of task.inputs and task.targets"
            )
        wanted = [train.columns(self.inputs, "task.inputs"), train.columns(self.targets, "task.targets")]
        splits = {}
        for name, table in tables.items():
            scaled = (table.values - center) / spread
            splits[name] = self._split(scaled, wanted, name, settings)
        return TaskData(
            train=splits.pop("train"),
            splits=splits,
            sizes=InputOutputSizes(
                output_size=len(wanted[1]), features=len(wanted[0]), every_step=self.every_step
            ),
            baselines={"loss": self._rules(splits["valid"], wanted)},
            classes=tuple(train.names[column] for column in wanted[1]),
            files={name: {"path": str(p), "sha256": fingerprint(p)} for name, p in settings.paths.items()},
        )

    def tables(self, predict_fn: PredictFn, task_data: TaskData) -> dict[str, pd.DataFrame]:
        """Returns the table `series`: the validation rows in their order, asked for and predicted."""
        valid = task_data.splits["valid"]
        batches = list(valid.batches(np.arange(len(valid)), 256))
        true = torch.cat([batch.targets for batch in batches])
        said = torch.cat([predict_fn(batch) for batch in batches])
        if self.every_step:
            true, said = true[:, -1], said[:, -1]
        columns = {"row": np.arange(len(valid)) + self.window + self.horizon - 1}
        for number, name in enumerate(task_data.classes):
            columns |= {f"{name} true": true[:, number].numpy(), f"{name} predicted": said[:, number].numpy()}
        return {"series": pd.DataFrame(columns)}

    def forecast(self, predict_fn: PredictFn, task_data: TaskData, *, start: int, steps: int) -> pd.DataFrame:
        """Returns the table of `tasks.forecast` over the validation rows, from the window at row `start` on.

        Numbers are in standard deviations of the training rows, as everywhere. Raises InputError unless each
        output is the next row, and for more steps than there are rows to compare with.
        """
        if self.horizon != 1 or ((self.inputs or self.targets) and self.inputs != self.targets):
            raise InputError(
                "generate: a net goes on by itself only where its output is the next row: expected "
                f"task.horizon=1 and task.targets like task.inputs, found task.horizon={self.horizon}, "
                f"inputs {_shown(self.inputs)}, targets {_shown(self.targets)}"
            )
        valid = task_data.splits["valid"]
        (batch,) = valid.batches(np.arange(len(valid)), len(valid))
        last = batch.targets[:, -1] if self.every_step else batch.targets
        rows = torch.cat([batch.inputs[0], last])
        most = len(rows) - self.window - start
        if start < 0 or steps < 1 or most < 1 or steps > most:
            raise InputError(
                f"generate: {len(rows):,} rows to validate with, of which the first {self.window} after the "
                f"start are read: expected at most {max(most, 0):,} steps from row {start}, "
                f"found {steps:,}"
            )
        rows = rows[start : start + self.window + steps]
        said = free_run(predict_fn, rows, self.window, steps)
        return table_of(start + self.window, task_data.classes, rows[self.window - 1 :], *said)

    def _read(self, settings: DataSettings) -> dict[str, Table]:
        """Returns the rows of every split; the end of the training rows is held out if need be."""
        wanted = None
        if self.inputs is not None and self.targets is not None:
            wanted = tuple(dict.fromkeys([*self.inputs, *self.targets]))
        if "train" in settings.paths:
            tables = {name: read_series(path, wanted) for name, path in settings.paths.items()}
        elif settings.paths:
            raise InputError(f"data.train: a value is needed beside data.{next(iter(settings.paths))}")
        else:
            require(self.rows * 8, f"task.rows={self.rows}: the series")
            rng = generator(settings.seed, 0)
            tables = {"train": sine(self.rows, period=self.period, noise=self.noise, rng=rng)}
        train = tables["train"]
        for name, table in tables.items():
            if table.names != train.names:
                raise InputError(f"data.{name}: expected the columns of data.train, {', '.join(train.names)}")
        if "valid" not in tables:
            cut = round(len(train.values) * (1 - self.held_out))
            tables["train"] = train._replace(values=train.values[:cut])
            tables["valid"] = train._replace(values=train.values[cut:])
        return tables

    def _split(
        self, values: NDArray[np.float64], wanted: list[list[int]], name: str, settings: DataSettings
    ) -> Examples:
        inputs, targets = windows(
            values[:, wanted[0]],
            values[:, wanted[1]],
            self.window,
            horizon=self.horizon,
            every_step=self.every_step,
            name=f"data.{name}",
        )
        itemsize = 8 + settings.precision.itemsize  # in float64 first
        require(
            (inputs.size + targets.size) * itemsize, f"task.window={self.window}: {len(inputs):,} windows"
        )
        lengths = np.full(len(inputs), self.window)
        arrays = Arrays(inputs.copy(), lengths, targets.copy())  # windows overlap in memory
        return Examples.of(arrays, settings.precision, every_step=self.every_step)

    def _rules(self, valid: Examples, wanted: list[list[int]]) -> dict[str, float]:
        """Returns the error of always saying the training mean, and of saying the value last seen."""
        rules = {MEAN: float((valid.targets**2).mean())}
        if set(wanted[1]) <= set(wanted[0]):
            seen = valid.inputs[:, :, [wanted[0].index(column) for column in wanted[1]]]
            last = seen if self.every_step else seen[:, -1]
            rules[LAST] = float(((valid.targets - last) ** 2).mean())
        return rules


def _shown(names: Names | None) -> str:
    return "all" if names is None else ", ".join(names)
