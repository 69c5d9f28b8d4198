import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from rnnlab.core.batch import Batch
from rnnlab.core.errors import InputError
from rnnlab.tasks.base import DataSettings, TaskData
from rnnlab.tasks.series import LAST, MEAN, Series
from rnnlab.training.loop import every_example

EITHER = pytest.mark.parametrize("every_step", [False, True], ids=["many to one", "many to many"])


def load(task: Series, seed: int = 1, **paths: Path) -> TaskData:
    return task.load(DataSettings(paths, seed, torch.float64))


def csv_of(folder: Path, rows: np.ndarray, names: str = "a,b,c", name: str = "series.csv") -> Path:
    path = folder / name
    lines = [names, *(",".join(f"{value:.17g}" for value in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def walk(rows: int = 80, seed: int = 0) -> np.ndarray:
    steps = np.random.default_rng(seed).standard_normal((rows, 3))
    return 5 + steps.cumsum(axis=0) * [1, 10, 100]


def whole(task_data: TaskData, name: str) -> Batch:
    split = task_data.finite[name]
    (batch,) = split.batches(np.arange(len(split)), len(split))
    return batch


@EITHER
@pytest.mark.parametrize("horizon", [1, 4])
def test_who_goes_on_with_the_sine_makes_no_error(horizon: int, every_step: bool) -> None:
    task = Series(noise=0.0, period=17.5, rows=300, window=12, horizon=horizon, every_step=every_step)
    task_data = load(task)
    turn = 2 * math.pi / 17.5

    def solve(batch: Batch) -> Tensor:
        """Fits sine, cosine and constant to what was read, and goes on with them."""
        times = torch.arange(12, dtype=torch.float64)
        base = torch.stack([(turn * times).sin(), (turn * times).cos(), torch.ones(12)], dim=1).double()
        later = turn * (times + horizon)
        ahead = torch.stack([later.sin(), later.cos(), torch.ones(12)], dim=1).double()
        fitted = torch.linalg.lstsq(base.expand(len(batch.inputs), 12, 3), batch.inputs).solution
        said = ahead @ fitted
        return said if every_step else said[:, -1]

    for split in task_data.finite.values():
        for batch in every_example(split):
            loss = task.measure(solve(batch), batch.targets)["loss"]
            assert batch.targets.square().mean() > 0.3 and len(loss) == batch.targets.numel()
            assert loss.max() < 1e-18


@EITHER
def test_targets_lie_a_horizon_after_what_was_read(every_step: bool, tmp_path: Path) -> None:
    rows = walk()
    task = Series(
        inputs=("c", "a"), targets=("b",), window=6, horizon=2, every_step=every_step, held_out=0.25
    )
    task_data = load(task, train=csv_of(tmp_path, rows))
    assert (task_data.sizes.features, task_data.sizes.output_size) == (2, 1)
    assert task_data.sizes.every_step == every_step
    scaled = (rows - rows[:60].mean(axis=0)) / rows[:60].std(axis=0)
    for name, first, last in (("train", 0, 60), ("valid", 60, 80)):
        batch, number = whole(task_data, name), last - first - 7
        assert len(batch.inputs) == number
        for place in range(number):
            begin = first + place
            read = scaled[begin : begin + 6]
            np.testing.assert_allclose(batch.inputs[place], read[:, [2, 0]], rtol=0, atol=1e-12)
            after = scaled[begin + 2 : begin + 8, [1]]
            np.testing.assert_allclose(
                batch.targets[place], after if every_step else after[-1], rtol=0, atol=1e-12
            )
        assert (batch.lengths == 6).all()


@EITHER
def test_baselines_are_what_the_rules_score(every_step: bool, tmp_path: Path) -> None:
    task = Series(window=6, horizon=3, every_step=every_step)
    task_data = load(task, train=csv_of(tmp_path, walk()), valid=csv_of(tmp_path, walk(40, 1), name="v.csv"))
    batch = whole(task_data, "valid")
    seen = batch.inputs if every_step else batch.inputs[:, -1]
    expected = {
        MEAN: task.measure(torch.zeros_like(batch.targets), batch.targets)["loss"].mean().item(),
        LAST: task.measure(seen, batch.targets)["loss"].mean().item(),
    }
    assert min(expected.values()) > 0.01
    assert task_data.baselines["loss"] == pytest.approx(expected)


def test_a_target_that_is_not_read_has_no_last_value(tmp_path: Path) -> None:
    task_data = load(Series(inputs=("a",), targets=("b",)), train=csv_of(tmp_path, walk(300)))
    assert list(task_data.baselines["loss"]) == [MEAN]


def test_numbers_are_in_units_of_the_training_rows_alone(tmp_path: Path) -> None:
    rows = walk()
    longer = np.vstack([rows[:64], 1000 + rows[64:]])
    one, two = (
        load(Series(window=4), train=csv_of(tmp_path, values, name=f"{name}.csv"))
        for name, values in (("one", rows), ("two", longer))
    )
    assert torch.equal(whole(one, "train").inputs, whole(two, "train").inputs)
    read = whole(one, "train").inputs
    assert read.mean() == pytest.approx(0, abs=0.2) and read.std() == pytest.approx(1, abs=0.2)


def test_the_sine_follows_from_the_seed() -> None:
    one, again, other = (whole(load(Series(), seed), "train").inputs for seed in (1, 1, 2))
    assert torch.equal(one, again) and not torch.allclose(one, other)


@EITHER
def test_series_csv_has_the_validation_rows_in_their_order(every_step: bool, tmp_path: Path) -> None:
    rows = walk()
    task = Series(window=6, horizon=2, targets=("b", "c"), every_step=every_step)
    task_data = load(task, train=csv_of(tmp_path, rows))

    def twice(batch: Batch) -> Tensor:
        return batch.targets * 2

    table = task.tables(twice, task_data)["series"]
    scaled = (rows - rows[:64].mean(axis=0)) / rows[:64].std(axis=0)
    assert table.columns.tolist() == ["row", "b true", "b predicted", "c true", "c predicted"]
    assert table["row"].tolist() == list(range(7, 16))
    for number, name in ((1, "b"), (2, "c")):
        np.testing.assert_allclose(table[f"{name} true"], scaled[64:][table["row"], number], atol=1e-12)
        np.testing.assert_allclose(table[f"{name} predicted"], 2 * table[f"{name} true"])


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6 / 3])
def test_a_column_that_never_changes_is_refused_whatever_its_rounding(value: float, tmp_path: Path) -> None:
    rows = walk()
    rows[:, 1] = value
    path = csv_of(tmp_path, rows)
    with pytest.raises(InputError, match=r"^data.train: column b never changes"):
        load(Series(), train=path)
    assert load(Series(inputs=("a",), targets=("c",), window=5), train=path).sizes.features == 1


def test_a_sine_sampled_once_a_period_is_refused() -> None:
    with pytest.raises(InputError, match="column sine never changes"):
        load(Series(noise=0.0, period=1.0))


def test_other_columns_in_validation_are_refused(tmp_path: Path) -> None:
    other = csv_of(tmp_path, walk(), names="a,b,d", name="other.csv")
    with pytest.raises(InputError, match=r"^data.valid: expected the columns of data.train, a, b, c"):
        load(Series(), train=csv_of(tmp_path, walk()), valid=other)
