"""The passes that are timed compute the same: every gradient, by name."""

from importlib.util import find_spec

import numpy as np
import pytest

from rnnlab.bench.contestants import FUSED, JAX, PACKED, PADDED
from rnnlab.bench.layers import CELLS, LayerBatch, passes


@pytest.mark.parametrize("cell", CELLS)
def test_all_passes_have_the_gradients_of_torchs_packed_layer(cell: str) -> None:
    batch = LayerBatch.drawn(cell, inputs=4, hidden=9, batch=5, shortest=3, longest=21)
    assert batch.lengths_B.tolist() == sorted(batch.lengths_B.tolist(), reverse=True)
    found = {name: run() for name, run in passes(batch).items()}
    assert found.keys() == {FUSED, PACKED, PADDED, *([JAX] if find_spec("jax") else [])}
    reference = found.pop(PACKED)
    assert reference.keys() == {*batch.parameters, "x"}
    for name, gradient in reference.items():
        size = np.abs(gradient).max()
        assert size > 1e-3, name
        for who, gradients in found.items():
            np.testing.assert_allclose(
                gradients[name], gradient, atol=1e-5 * size, rtol=0, err_msg=f"{who}: {name}"
            )


def test_flops_are_those_of_the_products_by_hand() -> None:
    batch = LayerBatch.drawn("gru", inputs=4, hidden=9, batch=2, shortest=3, longest=7)
    assert batch.flops == 3 * 2 * (3 + 7) * (27 * 4 + 27 * 9)
