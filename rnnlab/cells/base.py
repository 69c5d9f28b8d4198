"""What a recurrent cell says of itself; layers, probes, graph and gradients follow from it.

A cell is one file beside this one:

    class Gated(Cell):
        gates = ("forget", "new")                # products of the input, a block of rows of weight_ih each
        recurrent = {"h": ("forget",)}           # products of the old states, blocks of rows of weight_hh
        mixed = ("new",)                         # products in the middle of the step, further blocks of it

        def step(self, x, h, state, own, mix):
            f = sigmoid(x.forget + h.forget)
            n = tanh(x.new + mix(f * state.h))
            return ((1 - f) * state.h + f * n,), {"f": f, "n": n}

B batch, H hidden, E input. Every number in a step is an array (B, H), a unit a column, and units meet only in
products with a matrix: those of the input and the old states, which are made before the step, and `mix`.
"""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from rnnlab.core.errors import InputError

Numbers = SimpleNamespace
"""Arrays by name: `x.input`, `state.h`."""
States = tuple[Any, ...]
Bias = Literal["double", "single"]
"""Of a cell whose products of input and state are only ever added: torch's two biases b_ih + b_hh, or b_ih
alone, as in most textbooks, since the two act as one.
"""
Kept = dict[str, Any]


class StepBack(SimpleNamespace):
    """The gradients of what a step was given, by name, zero where a name is left out.

    x: of the products of the input; h: of those of the old states; state: of the old states themselves,
    beside what reaches them through products; own: of the cell's own parameters, before their sum over the
    batch.
    """

    def __init__(self, *, x: Kept, h: Kept | None = None, state: Kept | None = None, own: Kept | None = None):
        super().__init__(x=x, h=h or {}, state=state or {}, own=own or {})


class Cell:
    """One step of a recurrent net in numbers, and what has to be known to run, show and differentiate it.

    gates: names of the products of the input, W_ih x + b_ih, in the order of their rows. states: names of
    what is carried from step to step; the first is the hidden state, which is read. recurrent: for each old
    state that is multiplied by a matrix, the names of its products, W_hh h + b_hh (of another state `c`:
    W_ch and b_ch); by default the gates' names for the hidden state. mixed: names of products of values in
    the middle of the step, in the order in which `step` calls `mix`; their rows follow those of the hidden
    state's products. input_bias, recurrent_bias: whether products of the input and of states have a bias.
    unit_parameters, scalars: names of the cell's own parameters, of one number per unit and of one number.
    titles: what people call the values that a step keeps, by name, as `forget gate`.
    """

    gates: tuple[str, ...]
    states: tuple[str, ...] = ("h",)
    recurrent: Mapping[str, tuple[str, ...]]
    mixed: tuple[str, ...] = ()
    input_bias: bool = True
    recurrent_bias: bool = True
    unit_parameters: tuple[str, ...] = ()
    scalars: tuple[str, ...] = ()
    titles: ClassVar[Mapping[str, str]] = {}

    torch_layer: tuple[str, dict[str, Any]] | None = None
    """The layer of torch.nn that computes the same, and its settings; None: torch has none."""
    saturating: str | None = None
    """The kept value or state whose units are tanh units, stuck where they are near ±1; None: there is
    none.
    """
    retained_by_matrix: bool = False
    """Whether what `retention` gives is multiplied by weight_hh, too, on the way from state to state."""
    step_back: Callable[..., StepBack] | None = None
    """The derivatives of `step`, see `LSTM.step_back`; None: they are derived (see `rnnlab.cells.trace`)."""

    def __init_subclass__(cls) -> None:
        """What was said of another step than the class's own does not hold for it: it is forgotten."""
        super().__init_subclass__()
        if "step" in cls.__dict__:
            for name in ("torch_layer", "saturating", "retained_by_matrix", "step_back", "retention"):
                if name not in cls.__dict__:
                    setattr(cls, name, Cell.__dict__[name])
        if "gates" in cls.__dict__ and "recurrent" not in cls.__dict__:
            cls.recurrent = {"h": tuple(name for name in cls.gates if name not in cls.mixed)}

    @property
    def name(self) -> str:
        """What the cell is called, as in `LSTM`."""
        return type(self).__name__

    def step(
        self, x: Numbers, h: Numbers, state: Numbers, own: Numbers, mix: Callable[[Any], Any]
    ) -> tuple[States, Kept]:
        """Returns the new states, in the order of `states`, and the values worth keeping, by name.

        x: products of the input by the names in `gates`; h: those of the old states; state: the old states;
        own: the cell's own parameters; mix: multiplies a value by the next of the matrices in `mixed`.
        Written with arithmetic and the functions of `rnnlab.cells`, without `if` on a number.
        """
        raise NotImplementedError

    def retention(self, kept: Numbers, state: Numbers) -> Kept:
        """Returns by what each unit of a state is multiplied from step to step, other units left aside.

        kept: what the step kept; state: the new states. By the name of the state; what is not known is left
        out.
        """
        return {}

    def start(self, parameters: Mapping[str, NDArray[Any]], rng: np.random.Generator) -> None:
        """Sets, in place, what starts otherwise than as drawn; `parameters` by name (`weight_ih`, …), of
        one layer and direction.
        """

    def rows(self, parameter: str, name: str, hidden_size: int) -> slice:
        """Returns the rows of a product in `weight_ih`, `weight_hh`, `bias_ih`, …, as those of `forget`."""
        at = self.blocks(parameter).index(name)
        return slice(at * hidden_size, (at + 1) * hidden_size)

    def blocks(self, parameter: str) -> tuple[str, ...]:
        """Returns the names of a weight's or bias's products in the order of their rows; () for others.

        Raises InputError for a name that stands for two products of the same weight.
        """
        kind, _, ends = parameter.partition("_")
        if kind not in ("weight", "bias") or len(ends) < 2:
            return ()
        state = ends.removesuffix("h")
        mixed = self.mixed if state == self.states[0] else ()
        names = self.gates if ends == "ih" else (*self.recurrent.get(state, ()), *mixed)
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InputError(f"{self.name}: two products of weight_{ends} are called {twice!r}")
        return names

    def shapes(self, input_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
        """Returns the shape of every parameter of one layer and direction, by name, in torch's order."""
        states = [s for s in self.states if self.blocks(f"weight_{s}h")]
        rows = {s: len(self.blocks(f"weight_{s}h")) * hidden_size for s in states}
        weights = {"weight_ih": (len(self.gates) * hidden_size, input_size)}
        weights |= {f"weight_{s}h": (rows[s], hidden_size) for s in states}
        biases = {"bias_ih": (len(self.gates) * hidden_size,)} if self.input_bias else {}
        biases |= {f"bias_{s}h": (rows[s],) for s in states if self.recurrent_bias}
        own = dict.fromkeys(self.unit_parameters, (hidden_size,)) | dict.fromkeys(self.scalars, ())
        return {**weights, **biases, **own}
