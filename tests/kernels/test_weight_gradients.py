"""Gradients of weights and of the input are NumPy's products, whatever the shapes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlab.kernels.compiled import padded
from rnnlab.kernels.packing import fill_back_to_input
from rnnlab.kernels.products import HALF_BYTES, PANEL_BYTES
from rnnlab.kernels.tiles import VECTOR_BYTES
from rnnlab.kernels.weight_gradients import BLOCK, UNITS, back_to_input, sum_of_outer
from rnnlab.kernels.weights import whole_halves


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=60, deadline=None)
@given(
    number=st.one_of(st.integers(1, 20), st.integers(BLOCK - 2, 3 * BLOCK)),
    units=st.integers(1, 6),
    chosen=st.tuples(st.integers(0, 5), st.integers(1, 6)),
    halves=st.integers(1, 12),
    first=st.integers(0, 3),
)
def test_every_element_is_a_sum_over_all_rows(
    dtype: type, number: int, units: int, chosen: tuple[int, int], halves: int, first: int
) -> None:
    rng = np.random.default_rng(number)
    half = HALF_BYTES // np.dtype(dtype).itemsize
    d = rng.standard_normal((number, units * UNITS)).astype(dtype)
    value = rng.standard_normal((number, first + halves * half)).astype(dtype)
    begin = min(chosen[0], units - 1)
    end = min(max(chosen[1], begin + 1), units)
    found = np.full((units * UNITS, halves * half), 7, dtype)
    sum_of_outer(d, begin * UNITS, end * UNITS, value, first, found)
    rows = slice(begin * UNITS, end * UNITS)
    expected = d[:, rows].astype(np.float64).T @ value[:, first:]
    assert np.abs(expected).max() > 0
    tolerance = 1e-6 if dtype is np.float32 else 1e-14
    np.testing.assert_allclose(found[rows], expected, rtol=0, atol=tolerance * number)
    others = np.delete(found, np.r_[rows], axis=0)
    assert (others == 7).all()  # rows that were not asked for are left as they are


def test_a_long_sum_loses_fewer_digits_than_one_number_after_the_other() -> None:
    number = 50_000
    d, value = np.full((number, UNITS), 0.1, np.float32), np.ones((number, HALF_BYTES // 4), np.float32)
    found = np.empty((UNITS, HALF_BYTES // 4), np.float32)
    sum_of_outer(d, 0, UNITS, value, 0, found)
    one_by_one = np.cumsum(d[:, 0], dtype=np.float32)[-1]
    exact = float(np.float32(0.1)) * number
    assert abs(one_by_one - exact) > 0.5  # what is to be lost
    assert np.abs(found - exact).max() < 0.05


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=60, deadline=None)
@given(
    number=st.one_of(st.integers(1, 20), st.integers(BLOCK - 2, 3 * BLOCK)),
    gates=st.integers(1, 4),
    hidden=st.integers(1, 40),
    width=st.integers(1, 60),
)
def test_of_the_input_every_gate_has_its_part_and_padding_has_none(
    dtype: type, number: int, gates: int, hidden: int, width: int
) -> None:
    rng, units = np.random.default_rng(number), padded(hidden)
    size = np.dtype(dtype).itemsize
    d = np.full((number, gates, units), np.nan, dtype)
    d[:, :, :hidden] = rng.standard_normal((number, gates, hidden))
    weight = rng.standard_normal((gates * hidden, width)).astype(dtype)
    columns = whole_halves(width, size)
    panels = np.zeros(len(weight) * columns, dtype)
    ih = np.full((gates, units, width), np.nan, dtype)
    ih[:, :hidden] = weight.reshape(gates, hidden, width)
    layout = columns, PANEL_BYTES // size, VECTOR_BYTES // size
    fill_back_to_input(ih.reshape(-1, width), panels, units, hidden, *layout)
    found = np.empty((number, columns), dtype)
    back_to_input(d.reshape(number, -1), gates, panels, found, hidden, units)
    expected = d[:, :, :hidden].reshape(number, -1).astype(np.float64) @ weight
    assert np.abs(expected).max() > 0
    tolerance = (1e-6 if dtype is np.float32 else 1e-14) * gates * hidden
    np.testing.assert_allclose(found[:, :width], expected, rtol=0, atol=tolerance)
    assert not found[:, width:].any()
