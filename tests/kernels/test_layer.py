"""The compiled layer is the NumPy layer and torch's: outputs and every gradient, by name."""

import importlib
import pkgutil

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import rnnlab.kernels
from rnnlab.cells import Cell, shipped_cells
from rnnlab.cells.functions import sigmoid, tanh
from rnnlab.cells.gru import GRU
from rnnlab.cells.lstm import LSTM
from rnnlab.cells.mgu import MGU
from rnnlab.cells.peephole import PeepholeLSTM
from rnnlab.cells.rnn import RNN
from rnnlab.core.errors import InputError
from rnnlab.kernels import weights
from rnnlab.kernels.layer import CompiledLayer
from rnnlab.kernels.packed import KEPT, pack_once, pack_texts
from rnnlab.kernels.source import write_source
from rnnlab.kernels.threads import Threads
from rnnlab.scratch.layer import Layer

INPUT, HIDDEN = 3, 5
CELLS = {**{name: cell() for name, cell in shipped_cells().items()}, "GRU before": GRU(reset_after=False)}


def both(cell: Cell, dtype: type = np.float64, **shape: object) -> tuple[Layer, CompiledLayer]:
    rng = np.random.default_rng(0)
    layer = Layer.random(INPUT, HIDDEN, rng=rng, cell=cell, dtype=dtype, **shape)  # type: ignore[arg-type]
    return layer, CompiledLayer(layer.parameters, cell=cell)


def assert_same(
    one: Layer, other: CompiledLayer, lengths: list[int], tolerance: float, dtype: type = np.float64
) -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((max(lengths), len(lengths), INPUT)).astype(dtype)
    runs = len(one.suffixes)
    initial = {
        f"{s}_0": 0.5 * rng.standard_normal((runs, len(lengths), HIDDEN)).astype(dtype)
        for s in one.cell.states
        if "n" not in one.cell.states  # a normaliser is not any number
    }
    found, expected = other.forward(x, lengths=lengths, **initial), one.forward(x, lengths=lengths, **initial)
    assert np.abs(expected.output).max() > 1e-3
    np.testing.assert_allclose(found.output, expected.output, atol=tolerance, rtol=0)
    for s, final in expected.final.items():
        np.testing.assert_allclose(found.final[s], final, atol=tolerance, rtol=tolerance, err_msg=s)
    d_output = rng.standard_normal(expected.output.shape).astype(dtype)
    d_final = {f"d_{s}_n": rng.standard_normal(f.shape).astype(dtype) for s, f in expected.final.items()}
    back, reference = (
        layer.backward(forward.cache, d_output=d_output, **d_final)
        for layer, forward in ((other, found), (one, expected))
    )
    assert back.parameters.keys() == reference.parameters.keys()
    pairs = {"x": (back.x, reference.x)}
    pairs |= {name: (back.parameters[name], array) for name, array in reference.parameters.items()}
    if initial:
        pairs |= {f"initial {s}": (back.initial[s], array) for s, array in reference.initial.items()}
    for name, (array, right) in pairs.items():
        size = np.abs(right).max()
        np.testing.assert_allclose(array, right, atol=tolerance * max(size, 1), rtol=0, err_msg=name)


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_is_the_numpy_layers(name: str) -> None:
    assert_same(*both(CELLS[name], num_layers=2, bidirectional=True), [2, 6, 1, 4], 1e-11)


@pytest.mark.parametrize("name", ["rnn", "lstm"])
def test_single_precision_is_as_near_as_it_can_be(name: str) -> None:
    assert_same(*both(CELLS[name], np.float32), [3, 7, 7, 1], 1e-5, np.float32)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=9))
@pytest.mark.parametrize("cell", [LSTM(), MGU()], ids=["LSTM", "MGU"])
def test_texts_of_any_lengths_in_any_order(cell: Cell, lengths: list[int]) -> None:
    assert_same(*both(cell), lengths, 1e-11)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_it_is_torchs_layer(kind: str) -> None:
    torch.manual_seed(0)
    layer = getattr(nn, kind)(INPUT, HIDDEN, num_layers=2, bidirectional=True).double()
    arrays = {name: parameter.detach().numpy() for name, parameter in layer.named_parameters()}
    cells: dict[str, Cell] = {"RNN": RNN(), "LSTM": LSTM(), "GRU": GRU()}
    ours = CompiledLayer(arrays, cell=cells[kind])
    x, lengths = torch.randn(9, 4, INPUT, dtype=torch.float64, requires_grad=True), torch.tensor([9, 2, 5, 1])
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
    output, _ = nn.utils.rnn.pad_packed_sequence(layer(packed)[0])
    d_output = torch.randn_like(output)
    output.backward(d_output)
    forward = ours.forward(x.detach().numpy(), lengths=lengths.numpy())
    np.testing.assert_allclose(forward.output, output.detach().numpy(), atol=1e-14, rtol=0)
    back = ours.backward(forward.cache, d_output=d_output.numpy())
    assert x.grad is not None and x.grad.abs().max() > 0.1
    np.testing.assert_allclose(back.x, x.grad.numpy(), atol=1e-12, rtol=0)
    for name, parameter in layer.named_parameters():
        assert parameter.grad is not None
        np.testing.assert_allclose(
            back.parameters[name], parameter.grad.numpy(), atol=1e-12, rtol=0, err_msg=name
        )


class TwoStages(Cell):
    """A cell of five lines that nobody shipped: products in the middle, a parameter per unit, a scalar."""

    gates = ("forget", "new")
    recurrent = {"h": ("forget",)}  # noqa: RUF012
    mixed = ("new",)
    unit_parameters = ("gain",)
    scalars = ("tilt",)

    def step(self, x, h, state, own, mix):  # type: ignore[no-untyped-def]
        f = sigmoid(x.forget + h.forget + own.tilt)
        n = tanh(x.new + own.gain * mix(f * state.h))
        return ((1 - f) * state.h + f * n,), {"f": f}


def test_a_cell_of_ones_own_needs_only_its_step() -> None:
    assert_same(*both(TwoStages(), bidirectional=True), [4, 2, 5], 1e-11)


class ReadsTwice(Cell):
    """Products of the input that are read beside what is computed from them, before and after a product."""

    gates = ("swish", "both", "late", "new")
    recurrent = {"h": ("swish", "both")}  # noqa: RUF012
    mixed = ("new",)

    def step(self, x, h, state, own, mix):  # type: ignore[no-untyped-def]
        swish = x.swish * sigmoid(x.swish + h.swish)
        sum_of_both = x.both + h.both
        z, v = sigmoid(sum_of_both), tanh(sum_of_both)
        late = sigmoid(x.late)
        m = mix(late * state.h + v)
        return (z * tanh(x.new + m) + late * swish + x.late * tanh(x.new - m),), {}


class KeepsAll(Cell):
    """Products of the input of which each is read once, the last ones after a product in the middle."""

    gates = ("early", "late", "new")
    recurrent = {}  # noqa: RUF012
    mixed = ("new",)

    def step(self, x, h, state, own, mix):  # type: ignore[no-untyped-def]
        early = sigmoid(x.early)
        return (early * tanh(x.new + mix(early * state.h)) + tanh(early + x.late),), {}


@pytest.mark.parametrize(("cell", "apart"), [(ReadsTwice(), 6), (KeepsAll(), 0), (LSTM(), 1), (GRU(), 0)])
def test_results_kept_for_the_way_back_take_the_place_only_of_what_nothing_reads_again(
    cell: Cell, apart: int
) -> None:
    assert write_source(cell, "float64").kept == apart
    layer, compiled = both(cell, num_layers=2, bidirectional=True)
    assert_same(layer, compiled, [4, 2, 5], 1e-11)
    forward = compiled.forward(np.random.default_rng(2).standard_normal((5, 3, INPUT)))
    one, two = (compiled.backward(forward.cache, d_output=np.ones_like(forward.output)) for _ in range(2))
    assert all(one.parameters[name].tobytes() == two.parameters[name].tobytes() for name in one.parameters)


@pytest.mark.parametrize("within", [0, weights.WITHIN], ids=["products before the scan", "within it"])
@pytest.mark.parametrize("name", CELLS)
def test_a_layer_that_keeps_nothing_says_the_same_and_cannot_be_taken_back(
    name: str, within: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "WITHIN", within)
    _, layer = both(CELLS[name], np.float32, num_layers=2, bidirectional=True)
    x = np.random.default_rng(2).standard_normal((6, 4, INPUT)).astype(np.float32)
    kept = layer.forward(x, lengths=[3, 6, 1, 5])
    layer.keeps = False
    found = layer.forward(x, lengths=[3, 6, 1, 5])
    assert np.abs(kept.output).max() > 1e-3 and found.output.tobytes() == kept.output.tobytes()
    for s, final in kept.final.items():
        assert found.final[s].tobytes() == final.tobytes()
    if within:
        with pytest.raises(ValueError, match="kept only its states cannot be taken back"):
            layer.backward(found.cache, d_output=np.ones_like(found.output))


@pytest.mark.parametrize("name", CELLS)
def test_gradients_in_the_place_of_what_was_kept_are_the_same_and_taken_once(name: str) -> None:
    _, layer = both(CELLS[name], num_layers=2, bidirectional=True)
    forward = layer.forward(np.random.default_rng(3).standard_normal((6, 4, INPUT)), lengths=[3, 6, 1, 5])
    given = {"d_output": np.random.default_rng(4).standard_normal(forward.output.shape)}
    expected = layer.backward(forward.cache, **given).parameters
    found = layer.backward_parameters(forward.cache, **given)
    assert found.keys() == expected.keys()
    assert all(np.abs(expected[name]).max() > 0 for name in expected)
    assert all(found[name].tobytes() == expected[name].tobytes() for name in expected)
    with pytest.raises(ValueError, match="is spent"):
        layer.backward(forward.cache, **given)


@pytest.mark.parametrize("name", ["rnn", "gru", "lstm", "mgu"])
def test_a_weight_of_the_input_too_large_for_the_cache_gives_the_same(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "WITHIN", 0)
    assert_same(*both(CELLS[name], num_layers=2, bidirectional=True), [4, 2, 5], 1e-12)


@pytest.mark.parametrize("shape", [(4, HIDDEN), (6, HIDDEN - 1), (6, HIDDEN + 9), (6, 1), (1, 4, HIDDEN)])
def test_a_gradient_of_the_final_state_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    for layer in both(RNN()):
        forward = layer.forward(np.ones((2, 6, INPUT)))
        with pytest.raises(ValueError, match=r"d_h_n has shape .*, expected \(1, 6, 5\)"):
            layer.backward(forward.cache, d_h_n=np.ones(shape))


def test_the_way_back_takes_the_weights_of_the_way_there() -> None:
    layer = both(GRU())[1]
    x, d_h_n = np.random.default_rng(2).standard_normal((2, 6, INPUT)), np.ones((6, HIDDEN))
    forward = layer.forward(x)
    expected = layer.backward(forward.cache, d_h_n=d_h_n).x
    assert np.abs(expected).max() > 0
    forward = layer.forward(x)
    for parameter in layer.parameters.values():
        parameter *= 2
    assert (layer.backward(forward.cache, d_h_n=d_h_n).x == expected).all()


def test_words_are_looked_up_and_their_gradients_gathered() -> None:
    cell, rng = LSTM(), np.random.default_rng(3)
    layer = Layer.random(INPUT, HIDDEN, rng=rng, cell=cell, bidirectional=True, batch_first=True)
    compiled = CompiledLayer(layer.parameters, cell=cell, batch_first=True)
    weight, lengths = rng.standard_normal((7, INPUT)), np.array([3, 5])
    ids = np.array([[1, 2, 1, 0, 0], [6, 2, 6, 6, 3]])
    d_h_n = rng.standard_normal((2, 2, HIDDEN))
    results = []
    for one in (layer, compiled):
        forward = one.forward_words(ids, weight, lengths=lengths)
        rows, gradients = one.backward_words(forward.cache, ids, weight, d_h_n=d_h_n)
        results.append((forward.h_n, rows.dense(), gradients))
    (h_n, dense, gradients), (found_h_n, found_dense, found) = results
    np.testing.assert_allclose(found_h_n, h_n, atol=1e-14)
    assert np.abs(dense[[1, 2, 3, 6]]).min() > 0 and not dense[[4, 5]].any()
    np.testing.assert_allclose(found_dense, dense, atol=1e-13)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(found[name], gradient, atol=1e-13, err_msg=name)


def test_two_runs_are_the_same_bit_for_bit() -> None:
    _, layer = both(LSTM(), np.float32)
    x = np.random.default_rng(0).standard_normal((30, 8, INPUT)).astype(np.float32)
    first, second = (layer.forward(x) for _ in range(2))
    assert first.output.tobytes() == second.output.tobytes()
    d = np.ones_like(first.output)
    one, two = (layer.backward(forward.cache, d_output=d) for forward in (first, second))
    assert all(one.parameters[name].tobytes() == two.parameters[name].tobytes() for name in one.parameters)


def test_nan_in_the_weights_is_not_hidden() -> None:
    _, layer = both(RNN())
    layer.parameters["weight_hh_l0"][0, 0] = np.nan
    layer = CompiledLayer(layer.parameters, cell=RNN())
    assert np.isnan(layer.forward(np.ones((3, 2, INPUT))).output).any()


def test_the_source_is_plain_python_that_names_what_it_computes() -> None:
    source = write_source(LSTM(), "float32").source
    compile(source, "scan", "exec")
    assert "sigmoid(" in source and "tanh(" in source and "panels_x_h" in source


def test_a_step_that_symbols_cannot_go_through_is_told_in_a_line() -> None:
    class Asks(Cell):
        gates = ("new",)

        def step(self, x, h, state, own, mix):  # type: ignore[no-untyped-def]
            return (x.new if x.new > 0 else h.new,), {}

    with pytest.raises(InputError, match=r"Asks\.step cannot be followed in symbols"):
        write_source(Asks(), "float64")


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", [GRU(), MGU(), PeepholeLSTM()])
def test_two_threads_give_what_one_gives(cell: Cell, bidirectional: bool) -> None:
    rng = np.random.default_rng(7)
    layer = CompiledLayer.random(3, 5, rng=rng, cell=cell, num_layers=2, bidirectional=bidirectional)
    x, lengths = rng.standard_normal((9, 5, 3)), np.array([9, 1, 4, 4, 7])
    count = 4 if bidirectional else 2
    initial = {f"{s}_0": rng.standard_normal((count, 5, 5)) for s in cell.states}
    d_output, d_final = rng.standard_normal((9, 5, count * 5 // 2)), rng.standard_normal((count, 5, 5))
    found = []
    for threads in (1, 2, 2):
        layer.threads = Threads(threads)
        forward = layer.forward(x, lengths=lengths, **initial)
        back = layer.backward(forward.cache, d_output=d_output, d_h_n=d_final)
        found.append([forward.output, *forward.final.values(), back.x, *back.initial.values()])
        found[-1] += [back.parameters[name] for name in sorted(back.parameters)]
    for one, two, again in zip(*found, strict=True):
        assert np.abs(one).max() > 0
        np.testing.assert_allclose(two, one, rtol=1e-12, atol=1e-13)
        np.testing.assert_array_equal(two, again)


def test_no_two_compiled_functions_share_a_name() -> None:
    """Compiled code is linked by name: what two functions share, one takes from the other, kept on disk."""
    names = [info.name for info in pkgutil.iter_modules(rnnlab.kernels.__path__)]
    found: dict[int, tuple[str, str]] = {}
    for name in names:
        module = importlib.import_module(f"rnnlab.kernels.{name}")
        for function in vars(module).values():
            if python := getattr(function, "py_func", None):
                found[id(function)] = (python.__module__, python.__qualname__)
    assert len(found) > 20 and len(set(found.values())) == len(found), sorted(found.values())


@pytest.mark.parametrize("both", [False, True])
def test_a_packing_that_is_kept_is_that_of_its_lengths(both: bool) -> None:
    for lengths in ([3, 1, 2], [3, 2, 1], [3, 1, 2], [4, 1]):
        lengths_B = np.array(lengths)
        found, expected = pack_once(lengths_B, 4, both=both), pack_texts(lengths_B, 4, both=both)
        for one, other in zip(found[:4], expected[:4], strict=True):
            np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(found.at_N, expected.at_N)
        assert found.shape == (4, len(lengths))
    assert pack_once(lengths_B, 4, both=both) is pack_once(lengths_B, 4, both=both)
    many = np.full(KEPT, 2)
    assert pack_once(many, 2, both=both) is not pack_once(many, 2, both=both)
