"""The memory experiments: what the presets claim, and the figures of their sweeps."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from rnnlab.experiment.compose import CONFIG_DIR, checked, compose_config
from rnnlab.experiment.experiment import prepare
from rnnlab.training.loop import EpochRow, fit
from tests.conftest import Outcome
from tests.sweeps import folders_of

Call = Callable[..., Outcome]
PRESETS = sorted(path.stem for path in (CONFIG_DIR / "experiment" / "memory").glob("*.yaml"))
TINY = ["training.steps=4", "training.validate_every=2", "task.valid_examples=32", "model.hidden_size=3"]


@pytest.fixture(autouse=True)
def without_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares the runs their own figures and page, which have tests of their own."""
    monkeypatch.setattr("rnnlab.workflows.train.write_artifacts", lambda run: {})


def trained(*words: str) -> list[EpochRow]:
    experiment = prepare(checked(compose_config(list(words))), track=lambda texts, *_: texts)
    training = experiment.config.training
    return list(
        fit(
            experiment.training_state(),
            experiment.task,
            experiment.plan,
            experiment.task_data.splits["valid"],
            device="cpu",
            monitor=experiment.monitor,
            patience=training.patience,
            clip_norm=training.clip_norm,
        )
    )


@pytest.mark.slow
def test_the_classic_preset_remembers_within_its_steps_as_plain_pytorch_does() -> None:
    rows = trained("experiment=memory/recall-classic")
    assert rows[0].valid["loss"] > 0.3 and rows[-1].place == 5000
    assert rows[-1].valid["loss"] < 0.05

    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    layer, head = nn.RNN(1, 10), nn.Linear(10, 1)
    with torch.no_grad():
        layer.weight_hh_l0.copy_(torch.eye(10))
        layer.weight_ih_l0.uniform_(-(3**0.5), 3**0.5)
        head.weight.uniform_(-(0.3**0.5), 0.3**0.5)
        for bias in (layer.bias_ih_l0, layer.bias_hh_l0, head.bias):
            bias.zero_()
    optimizer = torch.optim.SGD([*layer.parameters(), *head.parameters()], lr=0.01)
    losses = []
    for _ in range(5000):
        inputs = torch.from_numpy(rng.uniform(-1, 1, (10, 1024, 1))).float()
        loss = nn.functional.mse_loss(head(layer(inputs)[1][0]), inputs[0])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    reference = float(np.mean(losses[-250:]))
    assert 0.01 < reference < 0.05
    # Not the same draws: the last 250 steps' mean varies by less than that from seed to seed.
    assert rows[-1].train["loss"] == pytest.approx(reference, abs=0.015)


@pytest.mark.slow
def test_the_precise_preset_errs_by_less_than_a_two_hundredth() -> None:
    rows = trained("experiment=memory/recall-precise")
    assert rows[0].valid["loss"] > 0.3
    assert rows[-1].valid["loss"] < 0.005


@pytest.mark.parametrize("preset", PRESETS)
def test_every_memory_preset_trains(preset: str) -> None:
    rows = trained(f"experiment=memory/{preset}", *TINY, "training.batch_size=4")
    assert [row.place for row in rows] == [0, 2, 4]


def only_sweep(tmp_path: Path) -> Path:
    (sweep,) = (tmp_path / "outputs").glob("sweep-*")
    return sweep


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_vanishing_is_a_sweep_with_one_figure_of_both_lengths(call: Call, tmp_path: Path) -> None:
    words = [*TINY, "probe.every=1", "probe.active.through_time.examples=4"]
    outcome = call("train", "experiment=memory/vanishing", *words)
    sweep = only_sweep(tmp_path)
    assert outcome.code == 0, outcome.err
    figure, page = outcome.out.splitlines()[-2:]
    assert figure.endswith(str(Path("figures") / "through_time.png")) and page.endswith("report.html")
    assert [row["task.length"] for row in rows_of(sweep / "sweep.csv")] == ["10", "100"]
    assert (sweep / "figures" / "through_time.png").is_file()
    looks = rows_of(folders_of(sweep)[1] / "probes" / "through_time.csv")
    assert {row["step"] for row in looks} == {"0", "2", "4"} and len(looks) == 3 * 100


@pytest.mark.slow
def test_lengths_is_a_sweep_with_repetitions_and_error_bars(call: Call, tmp_path: Path) -> None:
    swept = ["hydra.sweeper.params={task.length:'2,4',seed:'1,2,3'}"]
    outcome = call("train", "experiment=memory/lengths", *TINY, *swept)
    sweep = only_sweep(tmp_path)
    assert outcome.code == 0, outcome.err
    assert (sweep / "figures" / "repetitions.png").is_file()
    rows = rows_of(sweep / "sweep.csv")
    assert [(row["task.length"], row["seed"]) for row in rows] == [
        (length, seed) for length in "24" for seed in "123"
    ]
    metrics = rows_of(folders_of(sweep)[0] / "metrics.csv")
    assert rows[0]["valid_loss"] == min((row["valid_loss"] for row in metrics[1:]), key=float)


def test_the_preset_asks_for_ten_repetitions_of_every_length() -> None:
    config = compose_config(["experiment=memory/lengths"])
    assert config.hydra.sweeper.params["seed"] == "range(1,11)"
    assert len(config.hydra.sweeper.params["task.length"].split(",")) >= 5
