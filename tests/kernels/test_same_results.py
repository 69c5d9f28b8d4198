"""Compiled layers give torch's results and the NumPy layer's, whatever the sizes, lengths and directions."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnnlab.cells import Cell
from rnnlab.cells.gru import GRU
from rnnlab.cells.lstm import LSTM
from rnnlab.cells.rnn import RNN
from rnnlab.kernels.layer import CompiledLayer
from rnnlab.scratch.layer import Layer

KINDS: dict[str, tuple[type[nn.Module], Cell]] = {
    "RNN": (nn.RNN, RNN()),
    "LSTM": (nn.LSTM, LSTM()),
    "GRU": (nn.GRU, GRU()),
}
OUTPUTS = {torch.float32: 1e-6, torch.float64: 1e-12}
GRADIENTS = {torch.float32: 1e-5, torch.float64: 1e-12}
Named = dict[str, NDArray[Any]]


def by_torch(layer: Any, x: NDArray[Any], lengths: list[int], initial: Named) -> tuple[Named, Named, Named]:
    """Outputs by name, drawn gradients of the loss there, and every gradient by name; of texts (T, B, E)."""
    vectors = torch.from_numpy(x).requires_grad_()
    begin = {name: torch.from_numpy(state).requires_grad_() for name, state in initial.items()}
    packed = pack_padded_sequence(vectors, torch.tensor(lengths), enforce_sorted=False)
    output, final = layer(packed, tuple(begin.values()) if len(begin) > 1 else begin["h_0"])
    states = final if isinstance(final, tuple) else (final,)
    outputs = {"output": pad_packed_sequence(output)[0], **dict(zip(("h", "c"), states, strict=False))}
    torch.manual_seed(2)
    weights = {name: torch.randn_like(tensor) for name, tensor in outputs.items()}
    loss = sum((tensor * weights[name]).sum() for name, tensor in outputs.items())
    named = {"x": vectors, **begin, **dict(layer.named_parameters())}
    gradients = torch.autograd.grad(loss, list(named.values()))
    arrays = [
        {name: tensor.detach().numpy() for name, tensor in tensors.items()}
        for tensors in (outputs, weights, dict(zip(named, gradients, strict=True)))
    ]
    return arrays[0], arrays[1], arrays[2]


def by_numpy(
    layer: Layer, x: NDArray[Any], lengths: list[int], initial: Named, weights: Named
) -> tuple[Named, Named]:
    """Outputs and every gradient by name, given the loss's gradients at the outputs."""
    forward = layer.forward(x, lengths=lengths, **initial)
    d_final = {f"d_{name}_n": d for name, d in weights.items() if name != "output"}
    back = layer.backward(forward.cache, d_output=weights["output"], **d_final)
    states = {f"{name}_0": d for name, d in back.initial.items()}
    return {"output": forward.output, **forward.final}, {"x": back.x, **states, **back.parameters}


def assert_same_results(
    kind: str, lengths: list[int], dtype: torch.dtype, *, against_numpy: bool = True, **shape: Any
) -> None:
    """Outputs by the largest difference, gradients by that relative to the largest number of each."""
    module, cell = KINDS[kind]
    torch.manual_seed(0)
    layer = module(**shape).to(dtype)
    arrays = {name: parameter.detach().numpy() for name, parameter in layer.named_parameters()}
    x = torch.randn(max(lengths), len(lengths), shape["input_size"], dtype=dtype).numpy()
    runs = shape["num_layers"] * (1 + shape["bidirectional"])
    initial = {
        f"{name}_0": torch.randn(runs, len(lengths), shape["hidden_size"], dtype=dtype).numpy()
        for name in cell.states
    }
    expected, weights, gradients = by_torch(layer, x, lengths, initial)
    references = [(expected, gradients)]
    if against_numpy:
        references.append(by_numpy(Layer(arrays, cell=cell), x, lengths, initial, weights))
    found, found_gradients = by_numpy(CompiledLayer(arrays, cell=cell), x, lengths, initial, weights)
    for outputs, derivatives in references:
        for name, right in outputs.items():
            assert found[name].dtype == right.dtype and np.abs(right).max() > 0, name
            np.testing.assert_allclose(found[name], right, rtol=0, atol=OUTPUTS[dtype], err_msg=name)
        for name, right in derivatives.items():
            size = np.abs(right).max()
            assert found_gradients[name].shape == right.shape and size > 0, name
            tolerance = GRADIENTS[dtype] * max(size, 1)  # of terms of size one, which may cancel
            np.testing.assert_allclose(found_gradients[name], right, rtol=0, atol=tolerance, err_msg=name)


@pytest.mark.unchecked_types
@settings(deadline=None, max_examples=12)
@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=6),
    input_size=st.integers(1, 9),
    hidden_size=st.integers(1, 35),
    num_layers=st.integers(1, 2),
    bidirectional=st.booleans(),
)
@pytest.mark.parametrize("dtype", OUTPUTS, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_any_shape_gives_torchs_results_and_the_numpy_layers(
    kind: str, dtype: torch.dtype, lengths: list[int], **shape: Any
) -> None:
    assert_same_results(kind, lengths, dtype, **shape)


@pytest.mark.parametrize("dtype", OUTPUTS, ids=str)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lengths", [[1], [2000], [1, 2000, 1], [1, 1, 1]], ids=str)
def test_one_step_and_two_thousand_are_torchs(kind: str, lengths: list[int], dtype: torch.dtype) -> None:
    shape = {"input_size": 4, "hidden_size": 9, "num_layers": 2, "bidirectional": True}
    assert_same_results(kind, lengths, dtype, against_numpy=max(lengths) == 1, **shape)


@pytest.mark.parametrize("layer_type", [Layer, CompiledLayer])
def test_a_text_of_length_zero_is_refused_in_a_line(layer_type: type[Layer]) -> None:
    layer = layer_type.random(3, 4, rng=np.random.default_rng(0), cell=LSTM())
    with pytest.raises(ValueError, match=r"^lengths holds 0 at index \(1,\), expected 1 to 2$"):
        layer.forward(np.ones((2, 2, 3)), lengths=[2, 0])
