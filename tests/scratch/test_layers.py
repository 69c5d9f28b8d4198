"""Layers equal torch's in float64 to 1e-10, forward and backward, every gradient by name."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnnlab.scratch import GRU, LSTM, RNN

KINDS = {
    "tanh": (RNN, torch.nn.RNN, {"nonlinearity": "tanh"}),
    "relu": (RNN, torch.nn.RNN, {"nonlinearity": "relu"}),
    "lstm": (LSTM, torch.nn.LSTM, {}),
    "gru": (GRU, torch.nn.GRU, {}),
}
TOLERANCE = 1e-10


def arrays(module):
    return {name: p.detach().numpy().copy() for name, p in module.named_parameters()}


def torch_pass(module, x, states, lengths, d_output, d_states):
    """Returns torch's results and gradients by name, of the loss (results * (d_output, d_states)).sum()."""
    x = torch.tensor(x, requires_grad=True)
    initial = [torch.tensor(state, requires_grad=True) for state in states]
    packed = pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False)
    output, final = module(packed, tuple(initial) if len(initial) == 2 else initial[0])
    output, _ = pad_packed_sequence(output, total_length=x.shape[0])
    final = final if isinstance(final, tuple) else (final,)
    loss = (output * torch.tensor(d_output)).sum()
    loss = loss + sum((f * torch.tensor(d)).sum() for f, d in zip(final, d_states, strict=True))
    loss.backward()
    results = {"output": output, **{f"{n}_n": s for n, s in zip("hc", final, strict=False)}}
    gradients = {"x": x.grad, **{f"{n}_0": s.grad for n, s in zip("hc", initial, strict=False)}}
    gradients |= {name: p.grad for name, p in module.named_parameters()}
    return {n: r.detach().numpy() for n, r in results.items()}, {n: g.numpy() for n, g in gradients.items()}


def scratch_pass(layer, x, states, lengths, d_output, d_states):
    initial = dict(zip(("h_0", "c_0"), states, strict=False))
    forward = layer.forward(x, lengths=lengths, **initial)
    of_states = dict(zip(("d_h_n", "d_c_n"), d_states, strict=False))
    back = layer.backward(forward.cache, d_output=d_output, **of_states)
    results = {"output": forward.output, "h_n": forward.h_n, "c_n": forward.c_n}
    gradients = {"x": back.x, "h_0": back.h_0, "c_0": back.c_0} | back.parameters
    return results, gradients


def compare(kind, *, layers, bidirectional, sizes, seed, masked):
    time, batch, input_size, hidden_size = sizes
    cls, torch_cls, options = KINDS[kind]
    torch.manual_seed(seed)
    module = torch_cls(
        input_size, hidden_size, num_layers=layers, bidirectional=bidirectional, **options
    ).double()
    layer = cls(arrays(module), **options)
    rng = np.random.default_rng(seed)
    runs = layers * (2 if bidirectional else 1)
    lengths = rng.integers(1, time + 1, batch) if masked else np.full(batch, time)
    x = rng.standard_normal((time, batch, input_size))
    states = [rng.standard_normal((runs, batch, hidden_size)) for _ in range(2 if kind == "lstm" else 1)]
    d_output = rng.standard_normal((time, batch, hidden_size * runs // layers))
    d_states = [rng.standard_normal(s.shape) for s in states]
    args = (x, states, lengths, d_output, d_states)
    expected, expected_gradients = torch_pass(module, *args)
    found, gradients = scratch_pass(layer, *args)
    assert set(expected_gradients) == {name for name, g in gradients.items() if g is not None}
    for name, reference in (expected | expected_gradients).items():
        value = found[name] if name in found else gradients[name]
        np.testing.assert_allclose(value, reference, rtol=0, atol=TOLERANCE, err_msg=name)
    return expected | expected_gradients


@pytest.mark.parametrize("masked", [False, True], ids=["full", "masked"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["forward", "both"])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_every_gradient_matches_torch(kind, layers, bidirectional, masked):
    references = compare(
        kind, layers=layers, bidirectional=bidirectional, sizes=(5, 4, 3, 6), seed=1, masked=masked
    )
    for name, reference in references.items():
        assert np.linalg.norm(reference) > 1e-3, f"{name} is all zero: the comparison says nothing"


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    layers=st.integers(1, 3),
    bidirectional=st.booleans(),
    sizes=st.tuples(st.integers(1, 6), st.integers(1, 4), st.integers(1, 5), st.integers(1, 5)),
    seed=st.integers(0, 2**16),
)
def test_any_shape_matches_torch(kind, layers, bidirectional, sizes, seed):
    references = compare(
        kind, layers=layers, bidirectional=bidirectional, sizes=sizes, seed=seed, masked=True
    )
    assume(np.linalg.norm(references["x"]) > 0)  # a dead relu compares zeros


@pytest.mark.parametrize("cls", [RNN, LSTM, GRU])
def test_padding_changes_nothing(cls):
    rng = np.random.default_rng(2)
    layer = cls.random(3, 4, rng=rng, num_layers=2, bidirectional=True, batch_first=True)
    x = rng.standard_normal((3, 6, 3))
    lengths = np.array([6, 2, 4])
    garbage = x.copy()
    for text, length in zip(garbage, lengths, strict=True):
        text[length:] = 1e6
    forward, dirty = layer.forward(x, lengths=lengths), layer.forward(garbage, lengths=lengths)
    assert (dirty.output == forward.output).all()
    d_h_n = rng.standard_normal(forward.h_n.shape)
    back = layer.backward(forward.cache, d_h_n=d_h_n)
    back_dirty = layer.backward(dirty.cache, d_h_n=d_h_n)
    for name, gradient in back.parameters.items():
        np.testing.assert_array_equal(back_dirty.parameters[name], gradient, err_msg=name)
    for b, length in enumerate(lengths):
        alone = layer.forward(x[b : b + 1, :length])
        np.testing.assert_allclose(forward.h_n[:, b], alone.h_n[:, 0], rtol=0, atol=1e-14)
        assert (forward.output[b, length:] == 0).all()
        assert (back.x[b, length:] == 0).all() and (back.x[b, :length] != 0).all()


@pytest.mark.parametrize("cls", [RNN, LSTM, GRU])
def test_gradient_at_the_last_output_is_gradient_at_the_final_state(cls):
    rng = np.random.default_rng(3)
    layer = cls.random(2, 3, rng=rng)
    forward = layer.forward(rng.standard_normal((4, 2, 2)))
    d_h_n = rng.standard_normal((1, 2, 3))
    d_output = np.zeros((4, 2, 3))
    d_output[-1] = d_h_n[0]
    last = layer.backward(forward.cache, d_h_n=d_h_n)
    every = layer.backward(forward.cache, d_output=d_output)
    assert np.linalg.norm(last.x) > 0
    np.testing.assert_allclose(every.x, last.x, rtol=0, atol=1e-15)
    for name in last.parameters:
        np.testing.assert_allclose(every.parameters[name], last.parameters[name], rtol=0, atol=1e-15)


@pytest.mark.parametrize("nonlinearity", ["sigmoid", "identity"])
def test_other_activations_match_finite_differences(nonlinearity):
    rng = np.random.default_rng(4)
    layer = RNN.random(2, 3, rng=rng, num_layers=2, nonlinearity=nonlinearity)
    x, weight = rng.standard_normal((4, 2, 2)), rng.standard_normal((4, 2, 3))
    back = layer.backward(layer.forward(x).cache, d_output=weight)
    for name, parameter in layer.parameters.items():
        for index in np.ndindex(parameter.shape):
            kept, values = parameter[index], []
            for step in (1e-5, -1e-5):
                parameter[index] = kept + step
                values.append((layer.forward(x).output * weight).sum())
            parameter[index] = kept
            slope = (values[0] - values[1]) / 2e-5
            assert abs(slope - back.parameters[name][index]) < 1e-8
            assert slope != 0


def test_one_step_sequence_has_zero_recurrent_gradient():
    for cls in (RNN, LSTM, GRU):
        layer = cls.random(2, 3, rng=np.random.default_rng(5))
        forward = layer.forward(np.ones((1, 2, 2)))
        back = layer.backward(forward.cache, d_output=np.ones((1, 2, 3)))
        assert back.parameters["weight_hh_l0"].shape == layer.parameters["weight_hh_l0"].shape
        assert (back.parameters["weight_hh_l0"] == 0).all()
        assert (back.parameters["weight_ih_l0"] != 0).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept_throughout(dtype):
    for cls in (RNN, LSTM, GRU):
        rng = np.random.default_rng(6)
        layer = cls.random(2, 3, rng=rng, dtype=dtype, bidirectional=True)
        forward = layer.forward(np.ones((4, 2, 2), dtype), lengths=[2, 4])
        back = layer.backward(forward.cache, d_output=np.ones((4, 2, 6), dtype))
        kept = [forward.output, forward.h_n, back.x, back.h_0, *back.parameters.values()]
        assert {array.dtype for array in kept} == {np.dtype(dtype)}


def test_huge_inputs_saturate_without_a_warning():
    for cls in (RNN, LSTM, GRU):
        layer = cls.random(2, 3, rng=np.random.default_rng(7), dtype=np.float32)
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            forward = layer.forward(np.full((3, 1, 2), 1e6, np.float32))
            back = layer.backward(forward.cache, d_output=np.ones((3, 1, 3), np.float32))
        assert np.isfinite(forward.output).all() and np.isfinite(back.x).all()


def test_row_biases_and_two_dimensional_h_0_are_taken():
    rng = np.random.default_rng(8)
    layer = LSTM.random(2, 3, rng=rng)
    rows = {name: p[None] if "bias" in name else p for name, p in layer.parameters.items()}
    x, h_0 = rng.standard_normal((4, 2, 2)), rng.standard_normal((2, 3))
    forward = LSTM(rows).forward(x, h_0=h_0)
    np.testing.assert_array_equal(forward.output, layer.forward(x, h_0=h_0[None]).output)


@pytest.mark.parametrize("reset_after", [True, False])
def test_both_gru_forms_match_finite_differences(reset_after):
    rng = np.random.default_rng(9)
    layer = GRU.random(2, 3, rng=rng, reset_after=reset_after)
    x, d_h_n = rng.standard_normal((4, 2, 2)), rng.standard_normal((1, 2, 3))
    back = layer.backward(layer.forward(x).cache, d_h_n=d_h_n)
    for name, parameter in layer.parameters.items():
        for index in np.ndindex(parameter.shape):
            kept, values = parameter[index], []
            for step in (1e-5, -1e-5):
                parameter[index] = kept + step
                values.append((layer.forward(x).h_n * d_h_n).sum())
            parameter[index] = kept
            assert abs((values[0] - values[1]) / 2e-5 - back.parameters[name][index]) < 1e-8
        assert np.linalg.norm(back.parameters[name]) > 0
