"""`rnnlab through-time`, and what the probes leave of a training."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import Outcome
from tests.times import without_times

Call = Callable[..., Outcome]


def train(call: Call, tiny: list[str], folder: str, *words: str) -> Path:
    outcome = call("train", *tiny, f"hydra.run.dir={folder}", *words)
    assert outcome.code == 0, outcome.err
    return Path(folder)


@pytest.mark.slow
def test_probes_at_every_epoch_change_nothing_of_the_training(call: Call, tiny: list[str]) -> None:
    # Dropout draws from torch's random stream at every step, so that a probe that drew, too, would show.
    model = ["model=bilstm", "model.num_layers=2", "model.dropout=0.3", "model.hidden_size=5"]
    bare = train(call, tiny, "bare", *model)
    probed = train(call, tiny, "probed", *model, "probe.every=1")
    metrics = [without_times(pd.read_csv(folder / "metrics.csv")) for folder in (bare, probed)]
    pd.testing.assert_frame_equal(*metrics, check_exact=True)
    assert len(metrics[0]) == 3
    last = [(folder / "checkpoints" / "last.safetensors").read_bytes() for folder in (bare, probed)]
    assert last[0] == last[1]
    health = pd.read_csv(probed / "probes" / "health.csv")
    assert health["epoch"].unique().tolist() == [0, 1, 2] and health["update_ratio"].notna().all()
    assert not (bare / "probes").exists()
    assert pd.read_csv(probed / "probes" / "through_time.csv")["layer"].unique().tolist() == [1, 2]


@pytest.mark.slow
def test_measures_a_run_and_draws_what_it_logged(call: Call, tiny: list[str]) -> None:
    folder = train(call, tiny, "outputs/one", "model=lstm", "model.hidden_size=5", "probe.every=1")
    outcome = call("through-time", "one", "--texts", "8", "--distances", "4")
    assert outcome.code == 0, outcome.err
    assert all(word in outcome.out for word in ("one, epoch 2", "cell_only", "figures/through_time.png"))
    table = pd.read_csv(folder / "through_time.csv")
    assert (table["examples"] == 8).all() and table["distance"].max() == 3
    for name in ("through_time", "through_time_epochs"):
        assert (folder / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_measures_an_untrained_net_into_a_folder_of_its_own(call: Call, tiny: list[str]) -> None:
    outcome = call("through-time", *tiny, "model=birnn", "hydra.run.dir=here")
    assert outcome.code == 0, outcome.err
    assert pd.read_csv("here/through_time.csv")["direction"].unique().tolist() == ["forward", "backward"]
    assert Path("here/figures/through_time.png").exists()


def test_says_why_it_cannot(call: Call, tiny: list[str]) -> None:
    outcome = call("through-time", *tiny, "model=boe", "hydra.run.dir=none")
    assert outcome.code == 2 and "BoE carries no state from step to step" in outcome.err
    assert not Path("none").exists()
    assert call("through-time", "one", "model=lstm").code == 2
    assert call("through-time", "--checkpoint", "best").code == 2
    assert call("through-time", "nosuchrun").code == 2
