"""What holds for every cell of the room, and for cells that try the contract, whoever adds them."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnnlab.cells import Cell, exp, log, maximum, relu, shipped_cells, sigmoid, sqrt, tanh
from rnnlab.cells.gru import GRU
from rnnlab.cells.indrnn import IndRNN
from rnnlab.cells.lstm import LSTM
from rnnlab.cells.rnn import RNN
from rnnlab.cells.slstm import SLSTM
from rnnlab.cells.trace import trace
from rnnlab.core.errors import InputError
from rnnlab.models.layer import RecurrentLayer
from rnnlab.scratch import Layer

TOLERANCE = 1e-10
SIZES = {"input_size": 3, "hidden_size": 4}


class Everything(Cell):
    """Peepholes, a trainable scalar, products of two states, two products in the middle, every function."""

    gates = ("a", "b")
    states = ("h", "c")
    recurrent = {"h": ("a",), "c": ("b", "d")}  # noqa: RUF012
    mixed = ("first", "second")
    unit_parameters = ("peephole",)
    scalars = ("scale",)

    def step(self, x: Any, h: Any, state: Any, own: Any, mix: Any) -> Any:
        a = tanh(x.a + h.a - own.peephole * state.c)
        b = relu(x.b + h.b + 0.3) / sqrt(1 + a**2)
        c = sigmoid(h.d) * state.c + mix(a * b) * exp(-own.scale)
        d = maximum(mix(c - state.h), 0.1 - a) + log(2 + b) ** 3
        return (tanh(d) * 0.5, c), {"a": a, "b": b}


class NoBias(Cell):
    """Products of the old state without a bias; a state that is another value as it is."""

    gates = ("z",)
    states = ("h", "last")
    recurrent_bias = False

    def step(self, x: Any, h: Any, state: Any, own: Any, mix: Any) -> Any:
        new = tanh(x.z + h.z + 0.5 * state.last)
        return (new, state.h), {}


CELLS: dict[str, Callable[[], Cell]] = {
    **shipped_cells(),
    "relu": lambda: RNN(nonlinearity="relu"),
    "sigmoid": lambda: RNN(nonlinearity="sigmoid"),
    "reset before": lambda: GRU(reset_after=False),
    "single bias": lambda: RNN(bias="single"),
    "single-bias lstm": lambda: LSTM(bias="single"),
    "single-bias gru": lambda: GRU(reset_after=False, bias="single"),
    "relu indrnn": lambda: IndRNN(nonlinearity="relu"),
    "exponential slstm": lambda: SLSTM(forget="exponential"),
    "everything": Everything,
    "no bias": NoBias,
}
EVERY_CELL = pytest.mark.parametrize("name", CELLS)


def passes(cell: Cell, *, layers: int, bidirectional: bool, masked: bool) -> tuple[dict, dict]:
    """Returns results and gradients by name, of the torch layer and of the NumPy layer."""
    torch.manual_seed(1)
    module = RecurrentLayer(cell, **SIZES, num_layers=layers, bidirectional=bidirectional).double()
    rng, time, batch = np.random.default_rng(2), 5, 4
    runs = layers * (1 + bidirectional)
    lengths = np.array([2, 5, 1, 4]) if masked else np.full(batch, time)
    x = rng.standard_normal((time, batch, 3))
    initial = {name: rng.standard_normal((runs, batch, 4)) for name in cell.states}
    d_output = rng.standard_normal((time, batch, 4 * (1 + bidirectional)))
    d_final = {name: rng.standard_normal((runs, batch, 4)) for name in cell.states}

    given = torch.tensor(x, requires_grad=True)
    states = [torch.tensor(state, requires_grad=True) for state in initial.values()]
    state = tuple(states) if len(states) > 1 else states[0]
    packed = pack_padded_sequence(given, torch.tensor(lengths), enforce_sorted=False)
    output, final = module(packed if masked else given, state)
    if masked:
        output, _ = pad_packed_sequence(output, total_length=time)
    finals = final if isinstance(final, tuple) else (final,)
    loss = (output * torch.tensor(d_output)).sum()
    loss = loss + sum((f * torch.tensor(d)).sum() for f, d in zip(finals, d_final.values(), strict=True))
    loss.backward()
    ours = {"output": output, **dict(zip(cell.states, finals, strict=True))}
    ours |= {"d_x": given.grad, **{f"d_{n}": s.grad for n, s in zip(cell.states, states, strict=True)}}
    ours |= {name: p.grad for name, p in module.named_parameters()}

    layer = Layer({name: p.detach().numpy() for name, p in module.named_parameters()}, cell=cell)
    forward = layer.forward(x, lengths=lengths, **{f"{name}_0": s for name, s in initial.items()})
    back = layer.backward(
        forward.cache, d_output=d_output, **{f"d_{name}_n": d for name, d in d_final.items()}
    )
    theirs = {"output": forward.output, **forward.final, "d_x": back.x}
    theirs |= {f"d_{name}": d for name, d in back.initial.items()} | back.parameters
    return {name: value.detach().numpy() for name, value in ours.items()}, theirs


@EVERY_CELL
@pytest.mark.parametrize(
    ("layers", "bidirectional", "masked"),  # every pair of them
    [(1, False, False), (1, True, True), (2, False, True), (2, True, False)],
    ids=["1-forward-full", "1-both-masked", "2-forward-masked", "2-both-full"],
)
def test_torch_s_autograd_and_the_numpy_layer_agree(
    name: str, layers: int, bidirectional: bool, masked: bool
) -> None:
    expected, found = passes(CELLS[name](), layers=layers, bidirectional=bidirectional, masked=masked)
    assert expected.keys() == found.keys()
    for key, value in expected.items():
        assert np.abs(value).max() > 1e-6, f"{key} is all zero: the comparison says nothing"
        np.testing.assert_allclose(found[key], value, rtol=TOLERANCE, atol=TOLERANCE, err_msg=key)


def without_step_back(cell: Cell) -> Cell:
    """Returns a cell of the same step whose way back has to be derived."""

    class Derived(type(cell)):  # type: ignore[misc]
        def step(self, *given: Any) -> Any:
            return super().step(*given)

    derived = Derived.__new__(Derived)
    derived.__dict__ |= vars(cell)
    return derived


@pytest.mark.parametrize("name", [name for name in CELLS if CELLS[name]().step_back is not None])
def test_the_derived_way_back_is_the_written_one(name: str) -> None:
    cell = CELLS[name]()
    derived = without_step_back(cell)
    assert derived.step_back is None
    layer = Layer.random(3, 4, cell=cell, rng=np.random.default_rng(0), num_layers=2, bidirectional=True)
    rng = np.random.default_rng(1)
    x, d_output = rng.standard_normal((6, 3, 3)), rng.standard_normal((6, 3, 8))
    results = []
    for of_cell in (cell, derived):
        same = Layer(layer.parameters, cell=of_cell)
        back = same.backward(same.forward(x, lengths=[6, 1, 3]).cache, d_output=d_output)
        results.append({"x": back.x, **back.parameters})
    written, found = results
    for key, value in written.items():
        assert np.abs(value).max() > 1e-6, key
        np.testing.assert_allclose(found[key], value, rtol=0, atol=1e-13, err_msg=key)


@EVERY_CELL
def test_all_numbers_of_a_step_stay_in_the_precision_they_came_in(name: str) -> None:
    layer = Layer.random(3, 4, cell=CELLS[name](), rng=np.random.default_rng(0), dtype=np.float32)
    forward = layer.forward(np.ones((3, 2, 3), np.float32))
    back = layer.backward(forward.cache, d_output=np.ones((3, 2, 4), np.float32))
    kept = [forward.output, *forward.final.values(), back.x, *back.parameters.values()]
    assert {array.dtype for array in kept} == {np.dtype(np.float32)}


def test_a_subclass_with_a_step_of_its_own_takes_over_nothing_that_was_said_of_another() -> None:
    class Other(GRU):
        def step(self, x: Any, h: Any, state: Any, own: Any, mix: Any) -> Any:
            return (tanh(x.new + h.new),), {}

    cell = Other()
    assert cell.torch_layer is None and cell.step_back is None and cell.saturating is None
    assert cell.retention(SimpleNamespace(), SimpleNamespace()) == {}


class WithIf(Cell):
    gates = ("z",)

    def step(self, x: Any, h: Any, state: Any, own: Any, mix: Any) -> Any:
        return (x.z if x.z > 0 else h.z,), {}


class OfNumPy(Cell):
    gates = ("z",)

    def step(self, x: Any, h: Any, state: Any, own: Any, mix: Any) -> Any:
        return (np.tanh(x.z + h.z),), {}


class TwoStates(Cell):
    gates = ("z",)
    states = ("h", "c")

    def step(self, x: Any, h: Any, state: Any, own: Any, mix: Any) -> Any:
        return (tanh(x.z + h.z),), {}


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (WithIf(), "`if` and `and` cannot ask"),
        (OfNumPy(), "ufuncs"),
        (TwoStates(), "gives 1 states, expected h, c"),
    ],
)
def test_a_step_that_cannot_be_followed_is_told_in_a_line(cell: Cell, reason: str) -> None:
    with pytest.raises(InputError, match=f"{cell.name}.step cannot be followed in symbols.*{reason}") as told:
        trace(cell)
    assert "\n" not in str(told.value) and "rnnlab.cells" in str(told.value)
