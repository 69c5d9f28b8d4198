"""Where `model.init` lets weights start."""

import math

import pytest
import torch
from torch import Tensor, nn

from rnnlab.models.base import Features
from rnnlab.models.initialise import Init
from rnnlab.models.recurrent import RecurrentModel
from tests.models.torchs import GRU, LSTM, RNN

HIDDEN, FEATURES, OUTPUTS = 40, 30, 20
MODELS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}


def make(name: str, init: Init) -> RecurrentModel:
    torch.manual_seed(3)
    return MODELS[name](  # type: ignore[no-any-return]
        embedding=Features(FEATURES),
        output_size=OUTPUTS,
        hidden_size=HIDDEN,
        num_layers=2,
        bidirectional=True,
        head_size=None,
        init=init,
    )


def gates(model: RecurrentModel, kind: str) -> list[Tensor]:
    """The blocks of all recurrent (`weight_hh`) or input (`weight_ih`) matrices, gate by gate."""
    named = model.recurrent.named_parameters()
    return [gate for name, matrix in named if kind in name for gate in matrix.detach().split(HIDDEN)]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("init", ["identity", "orthogonal", "glorot"])
def test_biases_are_zero_and_matrices_within_their_bounds(name: str, init: Init) -> None:
    model = make(name, init)
    for key, parameter in model.named_parameters():
        if "bias" in key:
            assert not parameter.any(), key
    others = [*gates(model, "weight_ih"), model.head.output.weight.detach()]
    for matrix in others:
        rows, columns = matrix.shape
        bound = math.sqrt(6 / (rows + columns) if init == "glorot" else 3 / columns)
        assert 0.95 * bound < matrix.abs().max() <= bound
        assert matrix.var() == pytest.approx(bound**2 / 3, rel=0.15)  # uniform in ±bound


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("init", ["normal", "glorot_normal"])
def test_biases_are_zero_and_matrices_normal_with_their_variance(name: str, init: Init) -> None:
    model = make(name, init)
    assert not any(parameter.any() for key, parameter in model.named_parameters() if "bias" in key)
    for matrix in [*gates(model, "weight_ih"), *gates(model, "weight_hh"), model.head.output.weight.detach()]:
        deviation = 1 if init == "normal" else math.sqrt(2 / sum(matrix.shape))
        assert matrix.std() == pytest.approx(deviation, rel=0.1)
        assert matrix.abs().max() > 2.5 * deviation  # uniform with this deviation ends at 1.73
        assert (matrix.abs() < deviation).float().mean() == pytest.approx(0.683, abs=0.06)


@pytest.mark.parametrize("name", MODELS)
def test_recurrent_matrices_are_the_identity_or_orthogonal_gate_by_gate(name: str) -> None:
    eye = torch.eye(HIDDEN)
    blocks = gates(make(name, "identity"), "weight_hh")
    assert len(blocks) == 4 * {"rnn": 1, "lstm": 4, "gru": 3}[name]
    assert all(torch.equal(block, eye) for block in blocks)
    for block in gates(make(name, "orthogonal"), "weight_hh"):
        torch.testing.assert_close(block @ block.T, eye, atol=1e-5, rtol=0)
        assert not torch.allclose(block, eye, atol=0.1)


@pytest.mark.parametrize("name", MODELS)
def test_default_is_what_torch_draws(name: str) -> None:
    model = make(name, "default")
    torch.manual_seed(3)
    layer = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[name](FEATURES, HIDDEN, 2, bidirectional=True)
    for key, parameter in layer.named_parameters():
        assert parameter.any()
        assert torch.equal(parameter, model.recurrent.get_parameter(key)), key


def test_a_forget_bias_opens_the_forget_gates_and_nothing_else() -> None:
    settings = {
        "embedding": Features(FEATURES),
        "output_size": 2,
        "hidden_size": HIDDEN,
        "bidirectional": True,
    }
    torch.manual_seed(3)
    drawn = LSTM(**settings)  # type: ignore[arg-type]
    torch.manual_seed(3)
    model = LSTM(**settings, forget_bias=2.0)  # type: ignore[arg-type]
    forget = slice(HIDDEN, 2 * HIDDEN)
    for suffix in ("", "_reverse"):
        biases = [model.recurrent.get_parameter(f"bias_{part}_l0{suffix}") for part in ("ih", "hh")]
        assert torch.equal(sum(biases)[forget], torch.full((HIDDEN,), 2.0))  # type: ignore[index]
    for (name, before), after in zip(drawn.named_parameters(), model.parameters(), strict=True):
        kept = torch.ones(len(before), dtype=torch.bool)
        kept[forget] = "recurrent.bias" not in name
        assert torch.equal(before[kept], after[kept]) and before[kept].any(), name
