"""Contestants compute the same as rnnlab's model: loss and every gradient of a batch, by name."""

import sys
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
import torch

from rnnlab.bench import contestants as bench
from rnnlab.bench.contestants import (
    COURSE,
    FUSED,
    JAX,
    PACKED,
    PADDED,
    PADDED_ENGINE,
    SCRATCH,
    TORCH,
    contestants,
    time_epochs,
)
from rnnlab.bench.engines import EngineEpochs, Sizes, Training, drawn_training
from rnnlab.bench.problem import PlainContestant, RawTexts
from rnnlab.bench.ugrnn import UGRNN
from rnnlab.cells.cfn import CFN
from rnnlab.cells.gru import GRU
from rnnlab.cells.lstm import LSTM
from rnnlab.cells.rnn import RNN
from rnnlab.core.errors import RnnlabError
from rnnlab.models.boe import BoE

SMALL = Sizes(embedding=6, hidden=5, batch=4, length=21, texts=9, vocabulary=30)
MODELS = {
    "RNN": (RNN, {}),
    "BiRNN": (RNN, {"bidirectional": True}),
    "GRU": (GRU, {}),
    "LSTM": (LSTM, {}),
    "BiLSTM": (LSTM, {"bidirectional": True}),
    "BoE": (BoE, {}),
    "UGRNN": (UGRNN, {}),
}


def training_of(name: str, *, frozen: bool = False, **settings: object) -> Training:
    target, own = MODELS[name]
    return drawn_training(target, SMALL, frozen=frozen, settings={**own, **settings})


def first_batch(training: Training) -> tuple[float, dict[str, np.ndarray]]:
    (batch,) = training.texts.batches(np.arange(4), 4)
    model = training.model.train()
    loss = training.objective.measure(model(batch.inputs, batch.lengths), batch.targets)["loss"].mean()
    loss.backward()
    return loss.item(), {name: p.grad.numpy() for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize(
    ("name", "frozen"), [*((name, False) for name in MODELS), ("LSTM", True), ("BoE", True)]
)
def test_first_batch_is_rnnlabs(name: str, frozen: bool) -> None:
    training = training_of(name, frozen=frozen)
    problem = training.problem()
    assert problem.title == name
    loss, gradients = first_batch(training)
    made = contestants(training, [PACKED, PADDED, JAX])
    outside = {"UGRNN": {JAX}, "BoE": {PACKED, JAX}}.get(name, {PACKED, PADDED, JAX})
    assert made.keys() == (outside if find_spec("jax") else outside - {JAX})
    for who, make in made.items():
        contestant = make()
        assert isinstance(contestant, PlainContestant)
        found_loss, found = contestant.gradients(np.arange(4))
        assert found_loss == pytest.approx(loss, rel=1e-5), who
        assert found.keys() == gradients.keys() == set(problem.trained), who
        for parameter, gradient in gradients.items():
            size = np.abs(gradient).max()
            assert size > 1e-6, parameter
            np.testing.assert_allclose(
                found[parameter], gradient, atol=1e-5 * size, rtol=0, err_msg=f"{who}: {parameter}"
            )


def test_the_courses_loop_computes_the_same_from_raw_texts() -> None:
    training = training_of("LSTM")
    words = [f"word{number}" for number in range(SMALL.vocabulary)]
    texts = [" ".join(words[index] for index in training.texts.text(number)) for number in range(SMALL.texts)]
    raw = RawTexts([text.title() for text in texts], {word: at for at, word in enumerate(words)}, 1)
    with_texts = replace(training, raw=raw)
    loss, gradients = first_batch(training)
    contestant = contestants(with_texts, [COURSE])[COURSE]()
    assert isinstance(contestant, PlainContestant)
    found_loss, found = contestant.gradients(np.arange(4))
    assert found_loss == pytest.approx(loss, rel=1e-6)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(found[name], gradient, atol=1e-6, rtol=0, err_msg=name)
    # Texts that would be cut into other words are not raced with.
    other = RawTexts([*raw.texts[:-1], "something else"], raw.ids, 1)
    assert not contestants(replace(with_texts, raw=other), [COURSE])


@pytest.mark.parametrize("name", ["LSTM", "BiRNN", "BoE"])
def test_after_an_epoch_all_have_the_same_parameters(name: str) -> None:
    training = training_of(name)
    before = {key: p.detach().clone() for key, p in training.model.named_parameters()}
    order, trained = np.random.default_rng(0).permutation(SMALL.texts), {}
    for who, make in contestants(training, [TORCH, PADDED_ENGINE, SCRATCH, FUSED]).items():
        contestant = make()
        assert isinstance(contestant, EngineEpochs)
        contestant.epoch(order)
        trained[who] = dict(contestant.state.model.named_parameters())
    assert trained.keys() == {TORCH, SCRATCH, FUSED, *([PADDED_ENGINE] if name != "BoE" else [])}
    for key, parameter in trained[TORCH].items():
        assert not torch.equal(parameter, before[key]), key
        assert torch.equal(training.model.get_parameter(key), before[key]), f"{key}: the others' start"
        for who, found in trained.items():
            torch.testing.assert_close(found[key], parameter, atol=1e-6, rtol=1e-5, msg=f"{who}: {key}")


def test_nobody_races_what_they_do_not_have() -> None:
    plain = [PACKED, PADDED, JAX]
    for training in (
        drawn_training(CFN, SMALL),
        training_of("LSTM", num_layers=2),
        training_of("LSTM", dropout=0.5),
        training_of("LSTM", pooling="mean"),
        training_of("RNN", head_size=None),
        training_of("RNN", nonlinearity="relu"),
    ):
        assert training.problem().cell is None and not contestants(training, plain)
        assert TORCH in contestants(training)


def test_a_contestant_that_trains_something_else_is_not_timed() -> None:
    training, other = training_of("RNN"), training_of("RNN", hidden_size=4)
    with pytest.raises(RnnlabError, match="do not train the same"):
        time_epochs(training, {**contestants(training, [TORCH]), **contestants(other, [PACKED])}, rounds=1)


def test_without_numba_the_fused_engine_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rnnlab.training.fused_engine", None)
    assert contestants(training_of("LSTM"), [TORCH, FUSED]).keys() == {TORCH}


def test_without_jax_it_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "find_spec", lambda name: None)
    for module in [name for name in sys.modules if name.split(".")[0] == "jax"]:
        monkeypatch.setitem(sys.modules, module, None)
    assert contestants(training_of("LSTM"), [PACKED, JAX]).keys() == {PACKED}


def test_flops_are_those_of_the_products_by_hand() -> None:
    problem = training_of("LSTM").problem()
    words, texts = sum(map(len, problem.texts)), len(problem.texts)
    assert words == problem.tokens
    # Four gates: forward, the weights' gradient, and that of what they are multiplied with.
    recurrent = 3 * 2 * (4 * 5 * 6 + 4 * 5 * 5)
    head = 3 * 2 * (20 * 5 + 1 * 20)
    assert problem.flops == words * recurrent + texts * head
    frozen = training_of("LSTM", frozen=True).problem()
    assert problem.flops - frozen.flops == words * 2 * 4 * 5 * 6
