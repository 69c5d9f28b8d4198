"""Activation functions, each with its derivative written as a function of its own output."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnlab.cells.functions import relu, sigmoid, tanh
from rnnlab.core.errors import did_you_mean

Array = NDArray[Any]


def tanh_derivative(h: Any) -> Any:
    """Returns d tanh(a) / da where `h` = tanh(a)."""
    return 1 - h * h


def relu_derivative(h: Any) -> Any:
    """Returns d relu(a) / da where `h` = relu(a); 0 at the kink, as in torch."""
    return np.greater(h, 0).astype(np.asarray(h).dtype)


def sigmoid_derivative(h: Any) -> Any:
    """Returns d sigmoid(a) / da where `h` = sigmoid(a)."""
    return h * (1 - h)


def identity(a: Any) -> Any:
    """Returns `a` itself: a linear net."""
    return a


def identity_derivative(h: Any) -> Any:
    """Returns ones."""
    return np.ones_like(h)


class Activation(NamedTuple):
    """A function of the pre-activation and its derivative as a function of the output."""

    function: Callable[[Array], Array]
    derivative: Callable[[Array], Array]


__all__ = [
    "ACTIVATIONS",
    "Activation",
    "find_activation",
    "identity",
    "identity_derivative",
    "relu",
    "relu_derivative",
    "sigmoid",
    "sigmoid_derivative",
    "tanh",
    "tanh_derivative",
]

ACTIVATIONS = {
    "tanh": Activation(tanh, tanh_derivative),
    "relu": Activation(relu, relu_derivative),
    "sigmoid": Activation(sigmoid, sigmoid_derivative),
    "identity": Activation(identity, identity_derivative),
}


def find_activation(name: str) -> Activation:
    """Returns the activation called `name`; ValueError for another name."""
    if name not in ACTIVATIONS:
        known = ", ".join(ACTIVATIONS)
        raise ValueError(f"activation {name!r} is not one of {known}{did_you_mean(name, ACTIVATIONS)}")
    return ACTIVATIONS[name]
