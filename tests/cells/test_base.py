"""What a cell says of its products: which they are by default, and that no name stands for two."""

from collections.abc import Mapping

import pytest

from rnnlab.cells import Cell


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
            ValueError, match=f"{cell.name}: two products of weight_{weight} are called '{name}'"
        ):
            cell.blocks(f"weight_{weight}")
        with pytest.raises(ValueError, match="two products"):
            cell.shapes(3, 5)
