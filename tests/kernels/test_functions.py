"""The compiler's functions of one number against long double: a few units in the last place."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rnnlab.kernels import functions
from rnnlab.kernels.jit import compiled

REFERENCES: dict[str, Callable[[Any], Any]] = {
    "exp": np.exp,
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "log_sigmoid": lambda x: -np.logaddexp(0, -x),
}
PLACES = {"exp": 2, "tanh": 5, "sigmoid": 4, "log_sigmoid": 4}
TYPES = {"32": np.float32, "64": np.float64}


def applied(name: str, values: Any) -> Any:
    function = getattr(functions, name)

    @compiled
    def each(values: Any, results: Any) -> None:
        for i in range(len(values)):
            results[i] = function(values[i])

    results = np.empty_like(values)
    each(values, results)
    return results


@pytest.mark.parametrize("bits", TYPES)
@pytest.mark.parametrize("name", REFERENCES)
def test_a_function_is_accurate_to_a_few_units_in_the_last_place(name: str, bits: str) -> None:
    small = np.geomspace(1e-8, 80, 5_000)
    x = np.concatenate([np.linspace(-20, 20, 100_001), np.linspace(-1, 1, 20_001), small, -small])
    x = x.astype(TYPES[bits])
    expected = REFERENCES[name](x.astype(np.longdouble))
    unit = np.spacing(np.abs(expected).astype(TYPES[bits])).astype(np.longdouble)
    assert (np.abs(applied(name + bits, x) - expected) / unit).max() < PLACES[name]


@pytest.mark.parametrize("bits", TYPES)
@pytest.mark.parametrize(
    ("name", "far_below", "at_zero", "far_above"),
    [("exp", 0, 1, np.inf), ("tanh", -1, 0, 1), ("sigmoid", 0, 0.5, 1)],
)
def test_extremes_and_nan_stay_what_they_are(
    name: str, bits: str, far_below: float, at_zero: float, far_above: float
) -> None:
    x = np.array([-np.inf, -1e4, 0, 1e4, np.inf, np.nan], TYPES[bits])
    low, below, zero, above, high, nan = applied(name + bits, x)
    tolerance = 1e-6 if bits == "32" else 1e-15
    assert (low, below) == pytest.approx((far_below,) * 2, abs=tolerance)
    assert zero == at_zero and np.isnan(nan)
    assert (above, high) == pytest.approx((far_above,) * 2, rel=tolerance)
