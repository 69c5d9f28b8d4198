"""What looks at a net by default: the untrained one and the trained one, at few texts, without a trace."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import rnnlab
from rnnlab.probes.base import ProbeInput
from rnnlab.probes.gradients import Gradients, draw_by_class, gradient_table
from rnnlab.probes.through_time import ThroughTime
from rnnlab.runs.files import LAST
from rnnlab.runs.writer import RunWriter
from rnnlab.training.callbacks import Callback
from rnnlab.training.checkpoints import Checkpoints
from rnnlab.training.loop import EpochRow
from rnnlab.workflows.callbacks import Probing
from rnnlab.workflows.fit import fit_experiment
from rnnlab.workflows.trained_run import TrainedRun
from tests.conftest import write_tiny

NAMES = ("gradients", "health", "through_time")


def train(*words: str) -> TrainedRun:
    run = rnnlab.train(*words)
    assert isinstance(run, TrainedRun)
    return run


def probes_of(folder: Path) -> dict[str, pd.DataFrame]:
    return {path.stem: pd.read_csv(path) for path in sorted(folder.glob("probes/*.csv"))}


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The words that train a small LSTM on tiny data, probes as they are by default."""
    folder = tmp_path_factory.mktemp("tiny")
    chosen = [word for word in write_tiny(folder) if word.split("=")[0] not in ("model", "probe.every")]
    chosen = [
        word.replace("=train", f"={folder}/train").replace("=valid", f"={folder}/valid") for word in chosen
    ]
    return [*chosen, f"data.cache={folder}/cache", "model=lstm", "model.hidden_size=3", "insert=middle"]


@pytest.fixture(scope="module")
def folders(words: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Runs that differ in nothing but what looks at them."""
    chosen = {"default": [], "none": ["probe.every=null"], "often": ["probe.every=1", "training.epochs=3"]}
    root = tmp_path_factory.mktemp("runs")
    return {
        name: train(*words, *more, f"hydra.run.dir={root / name}").folder for name, more in chosen.items()
    }


@pytest.mark.slow
def test_a_plain_run_leaves_tables_of_the_untrained_and_of_the_trained_net(folders: dict[str, Path]) -> None:
    tables = probes_of(folders["default"])
    assert tuple(tables) == NAMES
    for table in tables.values():
        assert table["epoch"].unique().tolist() == [0, 2]
    gradients = tables["gradients"]
    assert set(gradients["texts"]) == {8}  # of 20
    assert (gradients[["newneg_norm", "newpos_norm"]] > 0).all(axis=None)
    at_end = tables["through_time"].query("distance == 0")
    assert set(at_end["examples"]) == {4} and (at_end["gradient_median"] > 0).all()


def test_probes_leave_no_trace_in_figures_and_checkpoints(folders: dict[str, Path]) -> None:
    assert not (folders["none"] / "probes").exists()
    for name in (LAST, "checkpoints/best.safetensors"):
        assert (folders["default"] / name).read_bytes() == (folders["none"] / name).read_bytes()
    figures = [pd.read_csv(folders[name] / "metrics.csv").iloc[:, :5] for name in ("default", "none")]
    pd.testing.assert_frame_equal(*figures)


def test_with_every_n_all_texts_are_looked_at_and_both_ends_too(
    folders: dict[str, Path], words: list[str], tmp_path: Path
) -> None:
    tables = probes_of(folders["often"])
    assert tables["gradients"]["epoch"].unique().tolist() == [0, 1, 2, 3]
    assert "texts" not in tables["gradients"]
    every = ["probe=[gradients]", "probe.every=2", "training.epochs=3", f"hydra.run.dir={tmp_path / 'r'}"]
    assert probes_of(train(*words, *every).folder)["gradients"]["epoch"].unique().tolist() == [0, 2, 3]


class Stops(Callback):
    """Breaks a training in the middle of a round, or spoils its net after one."""

    def __init__(self, experiment: Any, *, spoil: bool = False) -> None:
        self._model, self._spoil = experiment.model, spoil

    def on_row(self, row: EpochRow) -> None:
        if self._spoil and row.epoch == 2:
            with torch.no_grad():
                next(self._model.parameters()).fill_(float("inf"))


def interrupted(batches: Any, steps: int, *, rounds: list[int]) -> Any:
    rounds.append(steps)
    for number, batch in enumerate(batches):
        if len(rounds) == 2 and number == 2:
            raise KeyboardInterrupt
        yield batch


def test_an_interrupted_training_is_looked_at_as_it_was_after_its_last_whole_round(
    words: list[str], folders: dict[str, Path], tmp_path: Path
) -> None:
    experiment = rnnlab.experiment(*words, "probe.every=3", "training.epochs=3")
    writer, rounds = RunWriter(tmp_path / "r"), list[int]()
    files = {"last": tmp_path / "r" / LAST, "best": tmp_path / "best", "within": tmp_path / "within"}
    callbacks = [Probing(experiment, writer), Checkpoints(**files)]
    with pytest.raises(KeyboardInterrupt):
        fit_experiment(experiment, callbacks, progress=lambda b, n: interrupted(b, n, rounds=rounds))
    found, whole = probes_of(tmp_path / "r")["gradients"], probes_of(folders["often"])["gradients"]
    assert found["epoch"].unique().tolist() == [0, 1]
    pd.testing.assert_frame_equal(found, whole[whole["epoch"] <= 1].reset_index(drop=True))


def test_a_net_that_is_no_longer_finite_is_left_alone(
    words: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    experiment = rnnlab.experiment(*words)
    callbacks = [Stops(experiment, spoil=True), Probing(experiment, RunWriter(tmp_path / "r"))]
    fit_experiment(experiment, callbacks)
    assert probes_of(tmp_path / "r")["gradients"]["epoch"].unique().tolist() == [0]
    assert "no longer finite" in caplog.text


@pytest.mark.parametrize("chosen", [[], ["probe.every=1"]])
def test_a_probe_that_fails_ends_a_training_only_where_it_was_asked_for(
    words: list[str],
    chosen: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(self: Gradients, probe_input: ProbeInput) -> pd.DataFrame:
        raise RuntimeError("no batching rule")

    monkeypatch.setattr(Gradients, "measure", fail)
    experiment = rnnlab.experiment(*words, *chosen)
    callbacks = [Probing(experiment, RunWriter(tmp_path / "r"))]
    if chosen:
        with pytest.raises(RuntimeError, match="no batching rule"):
            fit_experiment(experiment, callbacks)
        return
    assert fit_experiment(experiment, callbacks).epoch == 2
    assert set(probes_of(tmp_path / "r")) == {"health", "through_time"}
    assert "probe gradients: failed; skipped" in caplog.text


@pytest.fixture(scope="module")
def probe_input(words: list[str]) -> ProbeInput:
    return rnnlab.experiment(*words).probe_input()


def test_fewer_texts_estimate_the_sum_over_all(probe_input: ProbeInput) -> None:
    few, texts = Gradients(batch_size=4, max_texts=6), probe_input.without_token
    assert texts is not None
    found = few.vectors(probe_input)
    chosen = draw_by_class(texts.labels, 6, seed=0)
    assert texts.labels[chosen].tolist().count(0) == 3 == texts.labels[chosen].tolist().count(1)
    part = ProbeInput(**{**vars(probe_input), "without_token": texts.take(chosen)})
    mean = Gradients(reduction="mean").vectors(part)
    for position, vectors in found.items():
        assert np.abs(vectors).max() > 0
        np.testing.assert_allclose(vectors, mean[position] * 5, rtol=1e-10)  # 20 texts are 5 batches
    everything = Gradients(max_texts=20).measure(probe_input)
    pd.testing.assert_frame_equal(everything, Gradients().measure(probe_input))


def test_a_full_table_holds_the_gradients_themselves(probe_input: ProbeInput) -> None:
    table = Gradients(full=True).measure(probe_input)
    vectors = Gradients().vectors(probe_input)
    for row, of_tokens in zip(table.itertuples(), vectors.values(), strict=True):
        kept = [[getattr(row, f"{token}_{place}") for place in range(50)] for token in ("newneg", "newpos")]
        np.testing.assert_array_equal(kept, of_tokens)
    names = list(gradient_table(vectors).columns)
    pd.testing.assert_frame_equal(table[names], gradient_table(vectors))


def test_jacobians_of_a_few_texts_are_those_of_a_look_at_these(probe_input: ProbeInput) -> None:
    whole = ThroughTime(examples=10).measure(probe_input)
    few = ThroughTime(examples=10, jacobian_examples=1).measure(probe_input)
    same = [name for name in whole if "jacobian" not in name and "half_life" not in name and name != "bound"]
    pd.testing.assert_frame_equal(few[same], whole[same])
    hidden = few.query("path == 'hidden'")
    assert hidden["jacobian_examples"].tolist() == [1] * len(hidden)
    assert (hidden["jacobian_median"] > 0).all() and hidden["jacobian_q1"].equals(hidden["jacobian_q3"])


@pytest.mark.parametrize(
    ("trained", "examples", "with_jacobians"), [(100, 4, 1), (1_000, 10, 3), (10_000, 32, 20)]
)
def test_a_frugal_look_is_bounded_by_the_training(
    probe_input: ProbeInput, trained: int, examples: int, with_jacobians: int
) -> None:
    assert ThroughTime().within(trained).examples == examples
    assert ThroughTime(examples=7).within(trained).examples == 7
    table = ThroughTime(examples=20).within(trained).measure(probe_input)
    counted = table["jacobian_examples"].iloc[0] if "jacobian_examples" in table else 20
    assert counted == with_jacobians
