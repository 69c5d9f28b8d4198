"""`rnnlab explain`: a tiny net, an untrained one, or a finished run's; what makes no sense is one line."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from rnnlab.workflows.trained_run import load_run
from tests.conftest import Outcome
from tests.trained import train_run

Call = Callable[..., Outcome]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_run(tmp_path_factory.mktemp("run"), "model=lstm", "model.hidden_size=4")


def test_no_digit_is_cut_off_where_a_step_keeps_many_values(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    outcome = call("explain", "--model", "slstm", "--text", "it is")
    assert outcome.code == 0 and "…" not in outcome.out.replace("x[…]", "").replace("h[…]", "")


def test_walks_forward_and_back(call: Call) -> None:
    outcome = call("explain", "--model", "lstm", "--text", "it [was] fine")
    for words in ("forget gate", "[was]", "loss: -ln", "d loss / d c_t", "recurrent.weight_hh_l0", "by step"):
        assert words in outcome.out
    pooled = call("explain", "--pooling", "attention")
    assert "weights: softmax(s)" in pooled.out and "its state's own share" in pooled.out


@pytest.mark.slow
def test_of_a_finished_run_the_numbers_are_the_runs(
    call: Call, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = call("explain", str(run), "--text", "a great film", "--label", "neg", "--units", "2")
    assert outcome.code == 0, outcome.err
    trained = load_run(run)
    (text,) = trained.encode(["a great film"])
    with torch.no_grad():
        logit = trained.model.double()(torch.from_numpy(text.ids).long()[None], torch.tensor([3])).item()
    assert abs(logit) > 0.5 and f"{logit:.4f}" in outcome.out and "label neg" in outcome.out
    monkeypatch.chdir(run.parents[1])
    example = call("explain", str(run))
    assert example.code == 0 and " great " in example.out and "(4,)" in example.out
    padded = call("explain", str(run), "--text", "a great film", "--text", "boring", "--padding")
    assert padded.code == 0 and "wrong: reads padding" in padded.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--model", "lstn"], "did you mean 'lstm'?"),
        (["--text", "  "], "--text: is empty"),
        (["model=boe"], "BoE carries no state from step to step: there is nothing to walk through"),
        (["model=boe", "--padding"], "BoE carries no state from step to step, so there is none that"),
        (["task=recall", "--text", "a"], "the task reads no texts of one's own"),
        (["task=recall", "--model", "lstm"], "--model: makes no sense for task=recall"),
        (["task=recall", "--example", "2000"], "--example 2000: expected at most 1,024"),
        (["--example", "2"], "--example: makes no sense"),
        (["--padding", "--label", "1"], "--label: makes no sense for --padding"),
        (["--text", "a b", "--tags", "X"], "--tags: expected 2, one for every word, found 1"),
        (["--text", "a", "--tags", "X", "--label", "1"], "--label: the net answers at every step"),
        (["nosuch"], "no run 'nosuch'"),
        (["nosuch", "seed=2"], "expected one RUN alone or only KEY=VALUE"),
        (["--checkpoint", "best"], "--checkpoint: makes no sense"),
        (["--derivative", "--text", "a"], "--text: makes no sense for --derivative"),
        (["--derivative", "--seed", "2"], "--seed: makes no sense for --derivative"),
        (["--derivative", "model=boe"], "model=boe: has no recurrent cell; expected one of"),
        (["--derivative", "modl=gru"], "modl: no such key; did you mean 'model'?"),
    ],
)
def test_what_makes_no_sense_is_one_line(call: Call, words: list[str], message: str) -> None:
    outcome = call("explain", *words)
    assert outcome.code == 2 and message in outcome.err and len(outcome.err.splitlines()) == 1


SLIPPED = """
from rnnlab.cells.lstm import LSTM


class Slipped(LSTM):
    def step(self, x, h, state, own, mix):
        return super().step(x, h, state, own, mix)

    def step_back(self, d, kept, old, new, mix_back):
        back = LSTM.step_back(self, d, kept, old, new, mix_back)
        back.x["forget"] = back.x["forget"] * 1.5
        return back


class Cube(LSTM):
    def step(self, x, h, state, own, mix):
        return (x.input**3 - h.input, state.c), {}
"""


def test_the_derivative_of_a_cell_stands_in_numbered_lines(call: Call, run: Path) -> None:
    outcome = call("explain", "--derivative", "--model", "mgu")
    lines = [" ".join(line.split()) for line in outcome.out.splitlines()]
    assert "(5) mix[new] = W_hh[new] · v[new]" in lines and "step_back" not in outcome.out
    assert "(11) d_f = d_h_t ⊙ n − d_h_t ⊙ h_(t-1) + d_v[new] ⊙ h_(t-1) (7), (4)" in lines
    of_run = call("explain", "--derivative", str(run))
    assert of_run.code == 0 and of_run.out == call("explain", "--derivative", "model=lstm").out
    assert "LSTM.step_back, written out by hand, is tested equal" in " ".join(of_run.out.split())


def test_a_derivative_written_wrong_by_hand_is_said_to_be_another(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "slipped.py").write_text(SLIPPED)
    outcome = call("explain", "--derivative", "model=slipped.Slipped", "--module", "slipped")
    words = " ".join(outcome.out.split())
    assert (
        outcome.code == 0 and "Slipped.step_back, written out by hand, is another: on drawn numbers" in words
    )
    derived = call("explain", "--derivative", "model=slipped.Cube", "--module", "slipped").out
    assert "d_x[input] = d_h_t ⊙ 3 ⊙ x[input]²" in derived and "step_back" not in derived
