"""A cell with a single bias is torch's layer with b_hh fixed at zero: forward, backward and trained."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from rnnlab.cells import Cell
from rnnlab.cells.gru import GRU
from rnnlab.cells.lstm import LSTM
from rnnlab.cells.peephole import PeepholeLSTM
from rnnlab.cells.rnn import RNN
from rnnlab.core.errors import InputError
from rnnlab.models.layer import RecurrentLayer, make_layer
from rnnlab.probes.gradcheck import check_cell

MAKERS: dict[str, tuple[type[Cell], type[nn.Module], dict[str, Any]]] = {
    "tanh": (RNN, nn.RNN, {}),
    "relu": (RNN, nn.RNN, {"nonlinearity": "relu"}),
    "lstm": (LSTM, nn.LSTM, {}),
}


def layers(name: str) -> tuple[Any, Any]:
    """A layer of a single bias, and torch's of the same weights, its b_hh zero and not trained."""
    cell, torchs, settings = MAKERS[name]
    torch.manual_seed(1)
    ours = make_layer(cell(bias="single", **settings), 3, 4, 2, dropout=0.0, bidirectional=True).double()
    theirs: Any = torchs(3, 4, 2, bidirectional=True, **settings).double()
    named = dict(ours.named_parameters())
    for key, parameter in theirs.named_parameters():
        parameter.data = named[key].data.clone() if key in named else torch.zeros_like(parameter)
        parameter.requires_grad_(key in named)
    return ours, theirs


@pytest.mark.parametrize("name", MAKERS)
def test_is_torchs_layer_with_b_hh_at_zero(name: str) -> None:
    ours, theirs = layers(name)
    assert type(ours) is RecurrentLayer
    assert not [key for key, _ in ours.named_parameters() if key.startswith("bias_hh")]
    x = torch.randn(5, 3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    optimizers = [
        torch.optim.Adam([p for p in layer.parameters() if p.requires_grad], lr=0.01)
        for layer in (ours, theirs)
    ]
    before = ours.bias_ih_l0.detach().clone()
    for _ in range(3):
        results = []
        for layer, optimizer in zip((ours, theirs), optimizers, strict=True):
            given = x.clone().requires_grad_(True)
            output, _ = layer(given)
            optimizer.zero_grad()
            ((output - 1) ** 2 * torch.arange(1, 9)).sum().backward()
            optimizer.step()
            results.append((output, given.grad))
        torch.testing.assert_close(results[0], results[1], rtol=0, atol=1e-12)
    trained = dict(theirs.named_parameters())
    for key, parameter in ours.named_parameters():
        assert parameter.grad.abs().max() > 1e-3
        torch.testing.assert_close(parameter.grad, trained[key].grad, rtol=0, atol=1e-12)
        torch.testing.assert_close(parameter, trained[key], rtol=0, atol=1e-12)
    assert not torch.equal(before, ours.bias_ih_l0)


@pytest.mark.parametrize("cell", [RNN(bias="single"), GRU(reset_after=False, bias="single")])
def test_passes_gradcheck(cell: Cell) -> None:
    rows = check_cell("mine", cell, hidden_size=3, seed=1)
    assert all(row.passed for row in rows)
    assert {row.parameter for row in rows if "bias" in row.parameter and "recurrent" in row.parameter} == {
        "recurrent.bias_ih_l0"
    }


@pytest.mark.parametrize(
    "cell", [LSTM(bias="single", forget_bias=2.0), PeepholeLSTM(bias="single", chrono=9)]
)
def test_forget_gates_start_where_they_are_told(cell: LSTM) -> None:
    parameters = {name: np.zeros(shape) for name, shape in cell.shapes(3, 4).items()}
    cell.start(parameters, np.random.default_rng(0))
    forget = parameters["bias_ih"][4:8]
    assert "bias_hh" not in parameters and (forget == 2).all() if cell.forget_bias else (forget > 0).all()


def test_where_the_two_biases_do_not_act_as_one_it_is_refused() -> None:
    with pytest.raises(InputError, match="bias=single: with reset_after=true"):
        GRU(bias="single")
