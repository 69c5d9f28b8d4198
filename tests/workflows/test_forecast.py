"""A net goes on with a series by itself: plain PyTorch's loop, and what cannot go on is refused."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import rnnlab
from rnnlab.core.batch import Batch
from rnnlab.core.errors import InputError
from rnnlab.tasks.forecast import free_run
from rnnlab.workflows.generate import forecast
from rnnlab.workflows.trained_run import TrainedRun

WINDOW, STEPS, START = 6, 20, 3


@pytest.fixture(scope="module", params=["false", "true"], ids=["last step", "every step"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainedRun]:
    folder = tmp_path_factory.mktemp("series")
    words = ["task=series", f"task.window={WINDOW}", "task.rows=200", f"task.every_step={request.param}"]
    more = ["model.hidden_size=5", "training.epochs=2", "training.precision=float64", "probe.every=null"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield rnnlab.train(*words, *more)


def test_the_forecast_is_plain_pytorchs_loop(run: TrainedRun) -> None:
    found = forecast(run, start=START, steps=STEPS)
    valid = run.task_data.splits["valid"]
    (batch,) = valid.batches(np.arange(len(valid)), len(valid))
    targets = batch.targets[:, -1] if batch.targets.ndim == 3 else batch.targets
    series = torch.cat([batch.inputs[0], targets])[START:]
    model, read, expected = run.model, series[:WINDOW], []
    with torch.no_grad():
        for _ in range(STEPS):
            states, _ = model.recurrent(read[None].transpose(0, 1))
            expected.append(model.head(states[-1, 0]))
            read = torch.cat([read[1:], expected[-1][None]])
    loop = torch.stack(expected)[:, 0].numpy()
    assert np.abs(loop).max() > 0.01
    np.testing.assert_allclose(found.table["sine forecast"], loop, rtol=1e-12)
    np.testing.assert_array_equal(found.table["sine true"], series[WINDOW : WINDOW + STEPS, 0])
    assert found.table["row"].tolist() == list(range(START + WINDOW, START + WINDOW + STEPS))
    assert (found.table["sine last value"] == float(series[WINDOW - 1, 0])).all()
    errors = ((found.table["sine forecast"] - found.table["sine true"]) ** 2).mean()
    assert found.errors["reading its own outputs"] == pytest.approx(errors, rel=1e-12)
    assert found.path.is_file() and [path.name for path in found.figures] == ["forecast.png"]
    run.report()
    assert "The series that the net goes on with" in (run.folder / "report.html").read_text()


def test_one_step_is_what_the_run_says_of_its_validation_rows(run: TrainedRun) -> None:
    said = forecast(run, start=0, steps=STEPS).table["sine one step"]
    table = run.task.tables(run.predict_fn, run.task_data)["series"]
    np.testing.assert_allclose(said, table["sine predicted"][:STEPS].astype(float), rtol=1e-5)


def test_more_rows_than_there_are_and_outputs_that_are_no_inputs_are_refused(run: TrainedRun) -> None:
    with pytest.raises(InputError, match=r"expected at most 34 steps from row 0, found 35"):
        forecast(run, steps=35)
    task = run.task
    task.horizon = 2
    try:
        with pytest.raises(InputError, match=r"task\.horizon=1 .*found task\.horizon=2"):
            forecast(run)
    finally:
        task.horizon = 1


def test_a_net_that_knows_the_rule_never_leaves_the_truth(tmp_path: Path) -> None:
    rows = torch.arange(30.0)[:, None]

    def one_more(batch: Batch) -> torch.Tensor:
        return batch.inputs[:, -1] + 1

    gone_on, one_step = free_run(one_more, rows, 10, 20)
    assert torch.equal(gone_on, rows[10:]) and torch.equal(one_step, rows[10:])
