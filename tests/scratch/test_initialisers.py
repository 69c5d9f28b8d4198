"""Starting values have the spread that their papers give, and follow from the generator alone."""

import math

import numpy as np
import pytest

from rnnlab.scratch import GRU, LSTM, RNN
from rnnlab.scratch import initialisers as init

SHAPE = (300, 200)


@pytest.mark.parametrize(
    ("initialiser", "bound"),
    [
        (init.glorot, math.sqrt(6 / 500)),
        (init.lecun, math.sqrt(3 / 200)),
        (init.he, math.sqrt(6 / 200)),
        (init.torch_uniform, 1 / math.sqrt(200)),
    ],
)
def test_uniform_initialisers_fill_their_interval(initialiser, bound):
    weight = initialiser(SHAPE, np.random.default_rng(0))
    assert weight.shape == SHAPE
    assert 0.999 * bound < abs(weight).max() <= bound
    assert weight.std() == pytest.approx(bound / math.sqrt(3), rel=0.01)
    assert (weight == initialiser(SHAPE, np.random.default_rng(0))).all()


def test_normal_is_standard():
    weight = init.normal(SHAPE, np.random.default_rng(0))
    assert weight.mean() == pytest.approx(0, abs=0.02) and weight.std() == pytest.approx(1, rel=0.01)


def test_glorot_normal_has_the_variance_of_glorot():
    weight = init.glorot_normal(SHAPE, np.random.default_rng(0))
    assert weight.shape == SHAPE and abs(weight).max() > math.sqrt(6 / 500)
    assert weight.mean() == pytest.approx(0, abs=0.002)
    assert weight.std() == pytest.approx(math.sqrt(2 / 500), rel=0.01)


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4)])
def test_orthogonal_has_orthonormal_rows_or_columns(shape):
    weight = init.orthogonal(shape, np.random.default_rng(0))
    product = weight.T @ weight if shape[0] >= shape[1] else weight @ weight.T
    np.testing.assert_allclose(product, np.eye(min(shape)), rtol=0, atol=1e-14)


@pytest.mark.parametrize("cls", [RNN, LSTM, GRU])
def test_recurrent_initialisers_fill_each_gate_by_itself(cls):
    rng = np.random.default_rng(0)
    layer = cls.random(
        3, 4, rng=rng, num_layers=2, input_init=init.lecun, recurrent_init=init.identity_matrix
    )
    for name, parameter in layer.parameters.items():
        if name.startswith("weight_hh"):
            for block in np.split(parameter, len(cls.cell_type.gates)):
                np.testing.assert_array_equal(block, np.eye(4))
        if name.startswith("bias"):
            assert (parameter == 0).all()


def test_torchs_own_start_is_uniform_in_one_over_root_hidden():
    layer = LSTM.random(50, 100, rng=np.random.default_rng(0), bidirectional=True)
    for parameter in layer.parameters.values():
        assert 0.09 < abs(parameter).max() <= 0.1
