from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from rnnlab.models.base import SequenceModel
from rnnlab.probes.base import ProbeInput
from rnnlab.probes.health import Health
from tests.models.torchs import GRU, LSTM, RNN
from tests.probes.nets import EMBEDDING_DIM, NETS, WORDS, make_net
from tests.probes.probe_inputs import (
    assert_leaves_no_trace,
    probe_input_for,
    random_split,
    split_of,
    take_steps,
)

ALL = Health(examples=1000)
OPTIMIZERS: dict[str, Callable[[list[nn.Parameter]], torch.optim.Optimizer]] = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.01),
}


def by_parameter(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_index("parameter")


def text_by_text(probe_input: ProbeInput, dtype: torch.dtype) -> dict[str, Tensor]:
    """Gradients of the mean loss from one backward pass per text, no padding."""
    model = deepcopy(probe_input.model).to(dtype).eval().requires_grad_(True)
    model.zero_grad()
    texts = probe_input.examples
    for index in range(len(texts)):
        ids = torch.from_numpy(texts.text(index).astype(np.int64))
        logit = model(ids[None], torch.tensor([len(ids)]))[0, 0]
        (functional.softplus(-logit if texts.labels[index] else logit) / len(texts)).backward()
    return {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("name", NETS)
def test_gradient_norms_are_those_of_texts_taken_one_by_one(name: str) -> None:
    probe_input = probe_input_for(make_net(name), random_split())
    table = ALL.measure(probe_input)
    expected = text_by_text(probe_input, torch.float64)
    assert table["parameter"].tolist() == list(expected)
    for parameter, norm in zip(table["parameter"], table["gradient_norm"], strict=True):
        assert norm > 0
        assert norm == pytest.approx(float(expected[parameter].norm()), rel=1e-9), parameter


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_update_ratio_is_that_of_the_step_the_optimizer_would_take(name: str) -> None:
    model = make_net("gru").eval()
    optimizer = OPTIMIZERS[name](list(model.parameters()))
    take_steps(model, optimizer)
    probe_input = probe_input_for(model, random_split(), optimizer)
    table = by_parameter(ALL.measure(probe_input))
    before = {key: p.detach().clone() for key, p in model.named_parameters()}
    gradients = text_by_text(probe_input, torch.float32)
    for key, parameter in model.named_parameters():
        parameter.grad = gradients[key]
    optimizer.step()
    for key, parameter in model.named_parameters():
        ratio = float((parameter.detach() - before[key]).norm() / before[key].norm())
        assert ratio > 0
        assert table.loc[key, "update_ratio"] == pytest.approx(ratio, rel=1e-3), key


def test_update_ratio_is_zero_for_frozen_vectors_and_empty_without_an_optimizer() -> None:
    model = make_net("rnn")
    assert ALL.measure(probe_input_for(model, random_split()))["update_ratio"].isna().all()
    model.embedding.weight.requires_grad_(False)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    table = by_parameter(ALL.measure(probe_input_for(model, random_split(), optimizer)))
    assert table.loc["embedding.weight", "update_ratio"] == 0
    assert table.loc["embedding.weight", "gradient_norm"] > 0
    assert (table["update_ratio"].drop("embedding.weight") > 0).all()


@pytest.mark.parametrize("flush", [False, True])
@pytest.mark.parametrize(
    ("precision", "scale", "zero", "subnormal"),
    [
        (torch.float32, 0.5, 0, 0),
        (torch.float32, 1e-20, 0, 1 / 3),  # squared, 1e-40: a subnormal float32
        (torch.float32, 1e-30, 0, 1 / 3),  # squared, 1e-60: zero as float32, but not in truth
        (torch.float64, 1e-20, 0, 0),
        (torch.float64, 1e-200, 1 / 3, 0),
    ],
)
def test_subnormal_and_zero_entries_are_counted_though_the_cpu_may_flush_them(
    flush: bool, precision: torch.dtype, scale: float, zero: float, subnormal: float
) -> None:
    """Of three words, W_hh scales the gradient of the second, and once more that of the first."""
    torch.manual_seed(0)
    model = RNN(embedding=nn.Embedding(WORDS, EMBEDDING_DIM), output_size=1, hidden_size=4).to(precision)
    with torch.no_grad():
        model.recurrent.weight_hh_l0.copy_(scale * torch.eye(4, dtype=torch.float64))
    split = replace(split_of([[2, 3, 4]]), precision=precision)
    torch.set_flush_denormal(flush)
    try:
        row = by_parameter(ALL.measure(probe_input_for(model, split))).loc["embedding.weight"]
    finally:
        torch.set_flush_denormal(False)
    assert row["zero_share"] == pytest.approx(zero)
    assert row["subnormal_share"] == pytest.approx(subnormal)


def biased(cls: Callable[..., SequenceModel], bias: float, **settings: object) -> SequenceModel:
    torch.manual_seed(0)
    model = cls(embedding=nn.Embedding(WORDS, EMBEDDING_DIM), output_size=1, hidden_size=6, **settings)
    with torch.no_grad():
        model.recurrent.bias_ih_l0.fill_(bias)
    return model


def test_saturated_share_is_that_of_torchs_own_states() -> None:
    model = biased(RNN, 2.0)
    probe_input = probe_input_for(model, random_split())
    states = []
    with torch.no_grad():
        for index in range(len(probe_input.examples)):
            ids = torch.from_numpy(probe_input.examples.text(index).astype(np.int64))
            states.append(model.recurrent(model.embedding(ids))[0])
    share = float((torch.cat(states).abs() > 0.95).double().mean())
    assert 0.05 < share < 0.95
    table = by_parameter(Health(examples=1000, saturation=0.95).measure(probe_input))
    assert table.loc["recurrent.weight_hh_l0", "saturated_share"] == pytest.approx(share)


def test_saturated_share_is_one_where_all_units_are_stuck_and_empty_where_there_is_no_tanh() -> None:
    split = random_split()
    tables = {
        name: by_parameter(ALL.measure(probe_input_for(model, split)))["saturated_share"].dropna()
        for name, model in {
            "tanh": biased(RNN, 40.0),
            "gru": biased(GRU, -40.0),
            "lstm": biased(LSTM, 40.0),
            "relu": biased(RNN, 40.0, nonlinearity="relu"),
            "birnn": make_net("birnn"),
            "boe": make_net("boe"),
        }.items()
    }
    assert tables["tanh"].to_dict() == {"recurrent.weight_hh_l0": 1.0}
    # All gates open: the cell counts 1, 2, 3 …, and tanh(1) and tanh(2) are below 0.99.
    steps = np.concatenate([np.arange(1, length + 1) for length in split.lengths])
    assert tables["lstm"].to_dict() == {"recurrent.weight_hh_l0": pytest.approx(np.mean(steps > 2))}
    assert tables["gru"].to_dict() == {"recurrent.weight_hh_l0": 1.0}
    assert tables["relu"].empty and tables["boe"].empty
    assert list(tables["birnn"].index) == ["recurrent.weight_hh_l0", "recurrent.weight_hh_l0_reverse"]


@pytest.mark.parametrize("name", NETS)
def test_looking_leaves_no_trace(name: str) -> None:
    assert_leaves_no_trace(Health(), make_net(name))


def test_every_model_has_health() -> None:
    assert Health().not_applicable(probe_input_for(make_net("boe"), random_split())) is None
