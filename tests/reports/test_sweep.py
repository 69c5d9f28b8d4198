"""Tables and figures of sweeps: what varies, and medians with quartiles over seeds."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.container import ErrorbarContainer

from rnnlab.reports.horizon_figure import draw_horizon
from rnnlab.reports.sweep import draw_repetitions, read_sweep, sweep_figures, sweep_table


def write_run(folder: Path, settings: dict[str, object], loss: float, status: str = "finished") -> None:
    folder.mkdir(parents=True)
    row = {"step": 10, "train_loss": loss, "valid_loss": loss, "seconds": 0.1}
    summary = {"status": status, "best": row, "monitor": "valid_loss", "baselines": {"loss": {"rule": 0.5}}}
    (folder / "summary.json").write_text(json.dumps(summary))
    (folder / "config.yaml").write_text(yaml.safe_dump(settings))
    pd.DataFrame([row]).to_csv(folder / "metrics.csv", index=False)


def test_a_table_of_a_sweep_holds_what_varies_and_finished_runs_alone(tmp_path: Path) -> None:
    for number in range(11):
        write_run(tmp_path / f"{number}-x", {"seed": number, "task": {"length": 5}}, number / 10)
    write_run(tmp_path / "11-x", {"seed": 11, "task": {"length": 5}}, 0.0, status="failed")
    table = sweep_table(read_sweep(tmp_path))
    assert list(table.columns) == ["run", "seed", "step", "train_loss", "valid_loss", "seconds"]
    assert table["seed"].tolist() == list(range(11))  # 10 after 9, not after 1
    assert sweep_figures(read_sweep(tmp_path)) == {}


def test_repetitions_are_drawn_as_medians_with_quartiles(tmp_path: Path) -> None:
    losses = np.random.default_rng(0).random((2, 5))
    for number, (length, seed) in enumerate(np.ndindex(2, 5)):
        settings = {"seed": seed, "task": {"length": (5, 10)[length]}}
        write_run(tmp_path / f"{number}-x", settings, float(losses[length, seed]))
    runs = read_sweep(tmp_path)
    assert list(sweep_figures(runs)) == ["repetitions"]
    figure = draw_repetitions(sweep_table(runs), "task.length", "valid_loss", runs[0].summary)
    (bars,) = (part for part in figure.axes[0].containers if isinstance(part, ErrorbarContainer))
    line, _, (reach,) = bars.lines
    assert np.allclose(line.get_ydata(), np.median(losses, axis=1))
    for segment, row in zip(reach.get_segments(), losses, strict=True):
        assert np.allclose(segment[:, 1], np.quantile(row, [0.25, 0.75]))


@pytest.mark.parametrize("tried", [2, 0])
def test_a_rate_that_was_measured_has_its_interval_drawn(tried: int) -> None:
    row = {"model": "gru", "length": 5, "number": 2, "tried": tried, "rate": 0.5, "low": 0.1, "high": 0.9}
    (axes,) = draw_horizon(pd.DataFrame([row]), "success").axes
    (bars,) = (part for part in axes.containers if isinstance(part, ErrorbarContainer))
    segments = bars.lines[2][0].get_segments()
    assert len(segments) == (1 if tried else 0)
    assert not tried or np.allclose(segments[0][:, 1], [0.1, 0.9])
