"""What every cell has: four parameters under torch's names, and the check of one step's input."""

from typing import Any, ClassVar

from numpy.typing import ArrayLike

from rnnlab.scratch.activations import Array
from rnnlab.scratch.checks import as_floats, check_shape

State = tuple[Array, ...]
Gradients = dict[str, Array]
PARAMETER_NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class Cell:
    """One time step of a recurrent net; G = H times the number of gates.

    weight_ih (G, E), weight_hh (G, H), bias_ih and bias_hh (G,) or (1, G) have torch's layout. The arrays
    are kept, not copied.
    """

    gates: ClassVar[tuple[str, ...]]
    state_names: ClassVar[tuple[str, ...]] = ("h",)

    def __init__(self, weight_ih: ArrayLike, weight_hh: ArrayLike, bias_ih: ArrayLike, bias_hh: ArrayLike):
        self.weight_ih, self.weight_hh = as_floats("weight_ih", weight_ih), as_floats("weight_hh", weight_hh)
        check_shape("weight_hh", self.weight_hh, "gates * hidden", "hidden")
        self.hidden_size = self.weight_hh.shape[1]
        gate_rows = len(self.gates) * self.hidden_size
        check_shape("weight_hh", self.weight_hh, gate_rows, self.hidden_size)
        check_shape("weight_ih", self.weight_ih, gate_rows, "input")
        self.input_size = self.weight_ih.shape[1]
        self.bias_ih = _as_bias("bias_ih", bias_ih, gate_rows)
        self.bias_hh = _as_bias("bias_hh", bias_hh, gate_rows)

    def check_step(self, x_BE: Array, state: State) -> None:
        """Raises ValueError unless x is (batch, input) floats and each state (batch, hidden) floats."""
        check_shape("x", as_floats("x", x_BE), "batch", self.input_size)
        if len(state) != len(self.state_names):
            raise ValueError(f"state has {len(state)} arrays, expected {', '.join(self.state_names)}")
        for name, array in zip(self.state_names, state, strict=True):
            check_shape(name, as_floats(name, array), len(x_BE), self.hidden_size)

    def forward(self, x_BE: Array, state: State) -> tuple[State, Any]:
        """Returns the next state and what `backward` needs of this step."""
        raise NotImplementedError

    def backward(self, d_state: State, step: Any, gradients: Gradients) -> tuple[Array, State]:
        """Returns the gradients of x and the previous state, and adds those of the parameters."""
        raise NotImplementedError


def _as_bias(name: str, bias: ArrayLike, gate_rows: int) -> Array:
    array = as_floats(name, bias)
    if array.shape == (1, gate_rows):
        array = array.reshape(gate_rows)
    check_shape(name, array, gate_rows)
    return array
