"""`rnnlab positions` on runs trained here."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from rnnlab.runs.finder import find_run

Call = Callable[..., Any]


def test_a_token_learned_at_the_end_counts_most_there(call: Call, tiny: list[str]) -> None:
    words = ["model=rnn", "insert=end", "optimizer.lr=0.01", "training.epochs=6"]
    assert call("train", *[word for word in tiny if not word.startswith("model")], *words).code == 0
    told = call("positions", "latest", "--steps", "4")
    assert told.code == 0, told.err
    assert told.err == ""
    run = find_run("latest").folder
    table = pd.read_csv(run / "positions.csv")
    assert table["position"].tolist()[1:] == [0, 0.25, 0.5, 0.75, 1]
    assert table.loc[0].isna().sum() == 5
    end = table.set_index("position").loc[1.0]
    # The run itself saw the same texts with the same tokens at the end.
    assert end["accuracy"] == pd.read_csv(run / "metrics.csv")["valid_acc"].iloc[-1]
    assert end["logit_shift"] > 2 * abs(table["logit_shift"].iloc[1]) > 0
    assert end["logit_shift"] == pytest.approx(end["newpos_shift"] - end["newneg_shift"])
    assert f"{end['logit_shift']:+.3g}" in told.out
    assert "no token" in told.out
    assert "trained with insert=end" in told.out
    assert (run / "figures" / "positions.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_tokens_never_learned_are_called_so(call: Call, tiny: list[str]) -> None:
    assert call("train", *tiny).code == 0
    told = call("positions", "latest", "--texts", "4")
    assert told.code == 0
    assert "never met the tokens (insert=none): both are vectors of zeros" in told.err
    table = pd.read_csv(find_run("latest").folder / "positions.csv")
    assert (table["logit_shift"].dropna() == 0).all()
    assert len(table) == 12
    assert call("train", *tiny, "insert=end", "freeze=true").code == 0
    assert "has frozen vectors (insert=end)" in call("positions", "latest").err


def test_texts_that_are_gone_or_others_are_bad_input(call: Call, tiny: list[str], tmp_path: Path) -> None:
    assert call("train", *tiny).code == 0
    (tmp_path / "train.tsv").write_text("pos\tsomething new\nneg\tsomething old\n")
    told = call("positions", "latest")
    assert (told.code, told.out) == (2, "")
    assert "train.tsv: has changed since the run" in told.err
    (tmp_path / "train.tsv").unlink()
    told = call("positions", "latest")
    assert told.code == 2
    assert "train.tsv" in told.err
    assert told.err.count("\n") == 1


def test_the_probe_can_watch_a_training(call: Call, tiny: list[str]) -> None:
    words = ["probe=[positions]", "probe.every=2", "probe.active.positions.positions=[0.0,1.0]", "insert=end"]
    told = call("train", *tiny, *words)
    assert told.code == 0, told.err
    rows = pd.read_csv(find_run("latest").folder / "probes" / "positions.csv")
    assert rows["epoch"].tolist() == [0, 0, 0, 2, 2, 2]
    assert call("train", *tiny, *words, "probe.active.positions.positions=[1.5]").code == 2
