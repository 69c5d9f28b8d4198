"""Tests find what annotations forbid: types of all but local functions, shapes where arrays go in or out."""

import inspect
from dataclasses import dataclass
from typing import Any

import jaxtyping
import pytest
import torch
from beartype.roar import BeartypeCallHintViolation
from jaxtyping import Float
from torch import Tensor

from rnnlab.cells import Cell
from rnnlab.core.errors import did_you_mean
from tests.check_types import check_types, checked

Row = Float[Tensor, " units"]
unchecked_types = pytest.mark.unchecked_types


def total(first: Row, others: list[Row]) -> Row:
    return torch.stack([first, *others]).sum(dim=0)


def name(text: str) -> str:
    return text


@dataclass
class Pair:
    left: int
    right: int


NAME, TOTAL = (checked(function, typechecker=check_types) for function in (name, total))
PAIR: Any = checked(Pair, typechecker=check_types)


def test_a_wrong_type_is_refused_in_rnnlab_itself() -> None:
    if jaxtyping.config.jaxtyping_disable:
        pytest.skip("JAXTYPING_DISABLE is set")
    with pytest.raises(BeartypeCallHintViolation):
        did_you_mean(5, [])  # type: ignore[arg-type]
    assert hasattr(inspect.getattr_static(Cell, "step"), "__wrapped__")


def test_a_wrong_type_is_refused_in_arguments_and_in_a_dataclass() -> None:
    assert NAME("a") == "a" and PAIR(1, 2) == Pair(1, 2)
    with pytest.raises(BeartypeCallHintViolation):
        NAME(1)
    with pytest.raises(BeartypeCallHintViolation):
        PAIR(1, "2")


def test_one_size_of_two_arrays_has_to_be_the_same() -> None:
    assert TOTAL(torch.ones(3), [torch.ones(3)]).tolist() == [2, 2, 2]
    with pytest.raises(jaxtyping.TypeCheckError, match="others"):
        TOTAL(torch.ones(3), [torch.ones(4)])


@unchecked_types
def test_what_is_marked_as_unchecked_may_hand_over_anything() -> None:
    assert NAME(1) == 1
