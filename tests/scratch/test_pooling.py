"""Pooling forward and back: by its definition on one text alone, and by finite differences."""

import numpy as np
import pytest

from rnnlab.scratch.pooling import pool, pool_backward

LENGTHS = np.array([4, 1, 3])
REAL = np.arange(4) < LENGTHS[:, None]
STEP = 1e-6


@pytest.fixture
def states():
    return np.random.default_rng(0).standard_normal((3, 4, 2))


@pytest.fixture
def parameters():
    rng = np.random.default_rng(1)
    shapes = {"hidden.weight": (2, 2), "hidden.bias": (2,), "query.weight": (1, 2)}
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


def naive(pooling, states, parameters):
    """One text's own states (n, D) to a vector (D,)."""
    if pooling == "mean":
        return sum(states) / len(states)
    if pooling == "max":
        return np.array([max(column) for column in states.T])
    if pooling == "mean_max":
        return np.array([f(column) for f in (np.mean, max) for column in states.T])
    W, b, v = parameters.values()
    e = [np.exp(v[0] @ np.tanh(W @ h + b)) for h in states]
    return sum(weight * h for weight, h in zip(e, states, strict=True)) / sum(e)


@pytest.mark.parametrize("pooling", ["mean", "max", "mean_max", "attention"])
def test_each_text_is_pooled_as_it_is_alone(pooling, states, parameters):
    found, _ = pool(pooling, states, REAL, parameters)
    for vector, text, length in zip(found, states, LENGTHS, strict=True):
        expected = naive(pooling, text[:length], parameters)
        assert np.abs(expected).min() > 0
        np.testing.assert_allclose(vector, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("pooling", ["mean", "max", "mean_max", "attention"])
def test_gradients_are_finite_differences_and_zero_in_the_padding(pooling, states, parameters):
    m, cache = pool(pooling, states, REAL, parameters)
    d_m = np.random.default_rng(2).standard_normal(m.shape)
    d_states, gradients = pool_backward(pooling, d_m, cache, 4, parameters)
    found = {"states": d_states, **gradients}
    arrays = {"states": states, **(parameters if pooling == "attention" else {})}
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        slopes = np.zeros_like(array)
        for index in np.ndindex(array.shape):
            kept, losses = array[index], []
            for moved in (kept + STEP, kept - STEP):
                array[index] = moved
                losses.append((d_m * pool(pooling, states, REAL, parameters)[0]).sum())
            array[index] = kept
            slopes[index] = (losses[0] - losses[1]) / (2 * STEP)
        assert np.linalg.norm(slopes) > 1e-3, name
        np.testing.assert_allclose(found[name], slopes, rtol=0, atol=1e-8, err_msg=name)
    assert not d_states[~REAL].any()


def test_of_equal_maxima_the_first_has_the_gradient():
    states = np.array([[[0.5], [2.0], [2.0], [9.0]]])
    vector, place = pool("max", states, np.array([[True, True, True, False]]), {})
    d_states, _ = pool_backward("max", np.array([[3.0]]), place, 4, {})
    assert vector.tolist() == [[2.0]] and d_states[0, :, 0].tolist() == [0, 3, 0, 0]
