"""The exercise's activation functions: of any numbers, each derivative taking the output of its function."""

from numpy.typing import ArrayLike

from rnnlab.cells.activations import ACTIVATIONS
from rnnlab.scratch.checks import as_numbers
from rnnlab.scratch.course.arrays import Number


def sigmoid(values: ArrayLike) -> Number:
    """Returns 1 / (1 + exp(-values)), number by number."""
    return ACTIVATIONS["sigmoid"].function(as_numbers("values", values))


def sigmoid_derivative(output: ArrayLike) -> Number:
    """Returns the slope of the sigmoid where its output is `output`."""
    return ACTIVATIONS["sigmoid"].derivative(as_numbers("output", output))


def tanh(values: ArrayLike) -> Number:
    """Returns the hyperbolic tangent, number by number."""
    return ACTIVATIONS["tanh"].function(as_numbers("values", values))


def tanh_derivative(output: ArrayLike) -> Number:
    """Returns the slope of tanh where its output is `output`."""
    return ACTIVATIONS["tanh"].derivative(as_numbers("output", output))


def relu(values: ArrayLike) -> Number:
    """Returns max(values, 0), number by number."""
    return ACTIVATIONS["relu"].function(as_numbers("values", values))


def relu_derivative(output: ArrayLike) -> Number:
    """Returns the slope of relu where its output is `output`, 0 at the kink."""
    return ACTIVATIONS["relu"].derivative(as_numbers("output", output))
