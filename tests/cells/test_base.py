"""What a cell says of its products: which they are by default, and that no name stands for two."""

from collections.abc import Mapping

import numpy as np
import pytest

from rnnlab.cells import Cell
from rnnlab.cells.functions import tanh
from rnnlab.cells.trace import trace
from rnnlab.core.errors import InputError
from rnnlab.scratch.layer import Layer


class InTheMiddle(Cell):
    gates = ("early", "new")
    mixed = ("new",)


def test_by_default_the_state_is_multiplied_for_all_gates_but_those_in_the_middle() -> None:
    class Plain(Cell):
        gates = ("early", "new")

    assert Plain().blocks("weight_hh") == Plain().blocks("weight_ih") == ("early", "new")
    assert InTheMiddle.recurrent == {"h": ("early",)}
    assert InTheMiddle().blocks("weight_hh") == ("early", "new")
    assert InTheMiddle().shapes(3, 5)["weight_hh"] == (10, 5)


def test_a_name_of_two_products_of_one_weight_is_refused() -> None:
    class Both(Cell):
        gates = ("early", "new")
        recurrent: Mapping[str, tuple[str, ...]] = {"h": ("early", "new")}
        mixed = ("new",)

    class Inherits(InTheMiddle):
        mixed = ("new", "early")

    class Gates(Cell):
        gates = ("new", "new")

    for cell, weight, name in ((Both(), "hh", "new"), (Inherits(), "hh", "early"), (Gates(), "ih", "new")):
        with pytest.raises(
            InputError, match=f"{cell.name}: two products of weight_{weight} are called '{name}'"
        ):
            cell.blocks(f"weight_{weight}")
        for asked in (lambda cell=cell: cell.shapes(3, 5), lambda cell=cell: trace(cell)):
            with pytest.raises(InputError, match="two products"):
                asked()


class Unread(Cell):
    """The second of its products in the middle changes nothing."""

    gates = ("new",)
    mixed = ("first", "second")

    def step(self, x, h, state, own, mix):  # type: ignore[no-untyped-def]
        first = mix(state.h)
        return (tanh(x.new + h.new + first),), {"unread": mix(first)}


def test_a_product_that_nothing_reads_has_no_gradient_and_leaves_that_of_others_alone() -> None:
    layer = Layer.random(3, 5, rng=np.random.default_rng(0), cell=Unread(), dtype=np.float64)
    x = np.random.default_rng(1).standard_normal((4, 2, 3))
    forward = layer.forward(x)
    gradient = layer.backward(forward.cache, d_output=np.ones_like(forward.output)).parameters["weight_hh_l0"]
    weight = layer.parameters["weight_hh_l0"]
    expected = np.zeros_like(weight)
    for place in np.ndindex(*weight.shape):
        before, sums = weight[place], []
        for change in (1e-6, -1e-6):
            weight[place] = before + change
            sums.append(layer.forward(x).output.sum())
        weight[place] = before
        expected[place] = (sums[0] - sums[1]) / 2e-6
    assert np.abs(expected[:10]).min() > 1e-4 and not expected[10:].any()
    np.testing.assert_allclose(gradient, expected, atol=1e-7)


def test_a_product_in_the_middle_that_a_step_never_makes_is_refused() -> None:
    class Once(Unread):
        def step(self, x, h, state, own, mix):  # type: ignore[no-untyped-def]
            return (tanh(x.new + h.new + mix(state.h)),), {}

    with pytest.raises(InputError, match="never calls mix for 'second', a name in `mixed`"):
        trace(Once())
