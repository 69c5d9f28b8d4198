"""The compiled head equals NumPy's, NaN included."""

import numpy as np
import pytest
from numpy.typing import DTypeLike

from rnnlab.kernels.linear import finish_head


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-6), (np.float64, 1e-14)])
@pytest.mark.parametrize("outputs", [1, 3])
def test_the_end_of_a_head_is_bias_relu_and_a_linear_map(
    dtype: DTypeLike, tolerance: float, outputs: int
) -> None:
    rng = np.random.default_rng(1)
    products, bias, weight, output_bias = (
        rng.normal(size=shape).astype(dtype) for shape in ((8, 20), (20,), (outputs, 20), (outputs,))
    )
    products[3, 4] = np.nan
    hidden = np.maximum(products + bias, 0)
    expected = hidden @ weight.T + output_bias
    assert (hidden == 0).any() and np.isfinite(expected[:3]).all() and np.isnan(expected[3]).all()
    logits = finish_head(products, bias, weight, output_bias)
    np.testing.assert_array_equal(products, hidden)
    assert logits.dtype == dtype
    np.testing.assert_allclose(logits, expected, rtol=tolerance, atol=tolerance)
