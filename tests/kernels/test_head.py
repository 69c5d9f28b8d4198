"""The compiled head of few texts equals NumPy's, NaN included."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import DTypeLike, NDArray

from rnnlab.kernels.head import head_backward, head_forward
from rnnlab.kernels.net import CompiledNet
from rnnlab.scratch.nets import SequenceNet

READ, UNITS = 6, 20


def weights(dtype: DTypeLike, outputs: int, *, units: int = UNITS) -> dict[str, NDArray[Any]]:
    """Of a head with so many units in its hidden layer, 0: without one."""
    rng = np.random.default_rng(1)
    shapes = {"hidden.weight": (units, READ), "hidden.bias": (units,)} if units else {}
    shapes |= {"output.weight": (outputs, units or READ), "output.bias": (outputs,)}
    return {f"head.{name}": rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-5), (np.float64, 1e-13)])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("texts", [1, 8])
@pytest.mark.parametrize("units", [UNITS, 0])
def test_forward_and_back_are_those_of_the_numpy_form(
    dtype: DTypeLike, tolerance: float, outputs: int, texts: int, units: int
) -> None:
    given, rng = weights(dtype, outputs, units=units), np.random.default_rng(2)
    read, d_logits = (rng.normal(size=(texts, size)).astype(dtype) for size in (READ, outputs))
    logits, cache = SequenceNet(given, None).head(read)
    d_read, gradients = SequenceNet(given, None).head_backward(d_logits, cache)
    assert not units or (cache.hidden == 0).any()
    assert all(np.abs(gradient).max() > 0 for gradient in gradients.values())
    net = CompiledNet(given, None)
    assert net._few > texts
    found, found_cache = net.head(read)
    found_d_read, found_gradients = net.head_backward(d_logits, found_cache)
    assert found.dtype == found_d_read.dtype == dtype and set(found_gradients) == set(gradients)
    close = {"rtol": tolerance, "atol": tolerance}
    np.testing.assert_allclose(found, logits, **close)
    np.testing.assert_allclose(found_d_read, d_read, **close)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(found_gradients[name], gradient, **close, err_msg=name)


def test_what_is_not_a_number_stays_so_in_its_own_text() -> None:
    read = np.ones((3, READ))
    read[1, 2] = np.nan
    arrays = tuple(weights(np.float64, 2).values())
    logits, hidden = head_forward(read, arrays)
    assert np.isnan(logits).any(axis=1).tolist() == [False, True, False]
    d_read, _ = head_backward(np.full((3, 2), [[1.0], [0], [1]]), hidden, read, arrays)
    assert np.isfinite(d_read[[0, 2]]).all() and np.abs(d_read[0]).max() > 0


@pytest.mark.parametrize("units", [UNITS, 0])
def test_what_does_not_fit_is_refused_as_numpy_does(units: int) -> None:
    net, rng = CompiledNet(weights(np.float64, 2, units=units), None), np.random.default_rng(3)
    with pytest.raises(ValueError, match="mismatch"):
        net.head(rng.normal(size=(3, READ + 1)))
    _, cache = net.head(rng.normal(size=(3, READ)))
    for shape in [(2, 2), (3, 3)]:
        with pytest.raises(ValueError, match=r"mismatch|broadcast"):
            net.head_backward(rng.normal(size=shape), cache)


@pytest.mark.parametrize(("of_read", "of_weights"), [(np.float32, np.float64), (np.float64, np.float32)])
@pytest.mark.parametrize("units", [UNITS, 0])
def test_of_two_precisions_the_wider_one_is_the_results(
    of_read: DTypeLike, of_weights: DTypeLike, units: int
) -> None:
    given, rng = weights(of_weights, 2, units=units), np.random.default_rng(4)
    read, d_logits = rng.normal(size=(3, READ)).astype(of_read), rng.normal(size=(3, 2))
    results = []
    for net in (SequenceNet(given, None), CompiledNet(given, None)):
        logits, cache = net.head(read)
        d_read, gradients = net.head_backward(d_logits, cache)
        results.append([logits, d_read, *gradients.values()])
    for expected, found in zip(*results, strict=True):
        assert expected.dtype == found.dtype == np.float64 and np.abs(expected).max() > 0
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_a_bias_of_two_axes_and_an_infinite_number_are_as_in_the_numpy_form() -> None:
    given = weights(np.float64, 2, units=0)
    given["head.output.bias"] = given["head.output.bias"][None]
    read = np.ones((2, READ))
    assert (CompiledNet(given, None).head(read)[0] == SequenceNet(given, None).head(read)[0]).all()
    given, read[0, 0] = weights(np.float64, 2, units=0), np.inf
    results, d_logits = [], np.array([[0.0, 1.0], [2.0, 3.0]])
    for net in (SequenceNet(given, None), CompiledNet(given, None)):
        with np.errstate(invalid="ignore"):
            logits, cache = net.head(read)
            results.append([logits, *net.head_backward(d_logits, cache)[1].values()])
    for expected, found in zip(*results, strict=True):
        np.testing.assert_allclose(found, expected)
    assert np.isnan(results[0][1][0, 0])  # of nothing times infinity nobody knows
