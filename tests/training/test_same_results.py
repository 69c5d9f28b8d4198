"""engine=fused trains as engine=torch does: every preset's losses, step by step, and itself bit for bit."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import rnnlab
from rnnlab.experiment.build import build_state
from rnnlab.experiment.compose import CONFIG_DIR
from rnnlab.experiment.modules import use_modules
from rnnlab.training.loop import TrainingState, fit

PRESETS = sorted(path.stem for path in (CONFIG_DIR / "experiment" / "course").glob("*.yaml"))
STEPS, TOLERANCE = 100, 1e-4


def trained(*words: str, steps: int) -> tuple[TrainingState, list[float]]:
    """The state after so many steps, and each step's loss."""
    experiment = rnnlab.experiment(*words)
    state = build_state(experiment.config, experiment.model)
    losses: list[float] = []
    with experiment.torch_settings():
        state.model.train()
        for epoch in range(1, steps + 1):
            for batch in experiment.plan.batches(epoch):
                measured = state.engine.step(experiment.task, batch, clip_norm=None)
                losses.append(measured["loss"].double().mean().item())
                if len(losses) == steps:
                    return state, losses
    raise AssertionError("no batches")


def assert_losses_are_torchs(preset: str, *data: str) -> None:
    words = (f"experiment=course/{preset}", *data)
    found, expected = (trained(f"engine={engine}", *words, steps=STEPS)[1] for engine in ("fused", "torch"))
    assert len(set(expected)) > STEPS // 2 and min(expected) > 0
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=0)


@pytest.fixture(autouse=True)
def subnormals_are_kept() -> Iterator[None]:
    yield
    torch.set_flush_denormal(False)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Words for the bundled sample, encoded once."""
    return ["data.tokenizer=whitespace", f"data.cache={tmp_path_factory.mktemp('cache')}"]


def test_there_are_thirteen_presets() -> None:
    assert len(PRESETS) == 13


@pytest.mark.unchecked_types
@pytest.mark.parametrize("preset", PRESETS)
def test_a_presets_first_hundred_losses_are_torchs(preset: str, sample: list[str]) -> None:
    assert_losses_are_torchs(preset, *sample)


@pytest.mark.slow
@pytest.mark.parametrize("preset", PRESETS)
def test_a_presets_first_hundred_losses_on_real_reviews_are_torchs(
    preset: str, real_data: Path, shared_cache: Path
) -> None:
    assert_losses_are_torchs(
        preset,
        "data=files",
        f"data.train={real_data / 'imdb-train.tsv'}",
        f"data.valid={real_data / 'imdb-test.tsv'}",
        f"data.vectors={real_data / 'glove_6B_50_sample_train.txt'}",
        f"data.cache={shared_cache}",
    )


REPEATED = ("engine=fused", "model=bilstm", "model.num_layers=2", "model.dropout=0.3", "insert=end")


def fingerprint(*words: str) -> str:
    """Of all parameters, moments and losses, to the bit."""
    state, losses = trained(*words, steps=10)
    digest = hashlib.sha256(np.array(losses).tobytes())
    for parameter in state.model.parameters():
        digest.update(parameter.detach().numpy().tobytes())
    for values in state.optimizer.state.values():
        for tensor in values.values():
            digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


@pytest.mark.slow
def test_fused_repeats_itself_bit_for_bit_in_another_process(sample: list[str]) -> None:
    words = (*REPEATED, *sample)
    code = f"from {__name__} import fingerprint; print(fingerprint(*{words!r}))"
    here = Path(__file__).parents[2]
    other = subprocess.run([sys.executable, "-c", code], cwd=here, capture_output=True, text=True, check=True)
    assert other.stdout.split()[-1] == fingerprint(*words) == fingerprint(*words)
    assert fingerprint("seed=2", *words) != fingerprint(*words)


FIVE_LINES = """
from rnnlab.cells import Cell, sigmoid, tanh


class Five(Cell):
    gates = ("keep", "new")

    def step(self, x, h, state, own, mix):
        f = sigmoid(x.keep + h.keep)
        return (f * state.h + (1 - f) * tanh(x.new + h.new),), {}
"""


def test_a_cell_of_five_lines_from_ones_own_file_trains_as_by_autograd(
    sample: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "five_lines.py").write_text(FIVE_LINES)
    monkeypatch.chdir(tmp_path)
    use_modules(["five_lines"])
    words = ("model=five_lines.Five", "insert=middle", *sample)
    found, expected = (trained(f"engine={engine}", *words, steps=20)[1] for engine in ("fused", "torch"))
    assert len(set(expected)) == 20
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=0)


SEEDS, EPOCHS = range(1, 11), "training.epochs=3"


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["boe", "end"])
def test_ten_seeds_end_as_torchs_do_within_a_standard_error(preset: str, sample: list[str]) -> None:
    ends: dict[str, list[list[float]]] = {"torch": [], "fused": []}
    for engine, rows in ends.items():
        for seed in SEEDS:
            words = (f"experiment=course/{preset}", f"engine={engine}", f"seed={seed}", EPOCHS, *sample)
            experiment = rnnlab.experiment(*words)
            state, training = build_state(experiment.config, experiment.model), experiment.config.training
            with experiment.torch_settings():
                *_, last = fit(
                    state,
                    experiment.task,
                    experiment.plan,
                    experiment.task_data.splits["valid"],
                    device="cpu",
                    monitor=experiment.monitor,
                    patience=training.patience,
                    clip_norm=training.clip_norm,
                )
            rows.append([last.valid["acc"], last.valid["loss"]])
    found, expected = (np.array(ends[engine]) for engine in ("fused", "torch"))
    error = expected.std(axis=0, ddof=1) / np.sqrt(len(SEEDS))
    print(f"{preset}: accuracy and loss, fused {found.mean(0)}, torch {expected.mean(0)} ± {error}")
    assert (error > 0).any() and (np.abs(found.mean(axis=0) - expected.mean(axis=0)) <= error + 1e-6).all()
