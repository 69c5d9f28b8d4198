"""Cells over time: scanned forward and back under a mask, stacked, and in both directions.

T time, B batch, E input, H hidden, D directions, L layers. A run is one direction of one layer; runs are
counted as torch counts them: layer 0 forward, layer 0 reverse, layer 1 forward, ...
Numbers in brackets are equations of docs/from-scratch.md.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from rnnlab.cells.activations import Array
from rnnlab.cells.base import Cell
from rnnlab.scratch.cell import ArrayCell, Gradients, State, Step
from rnnlab.scratch.checks import as_floats, as_lengths, check_no_nan, check_shape
from rnnlab.scratch.dropout import drop, dropout_mask
from rnnlab.scratch.heads import RowGradient, embedding, embedding_rows
from rnnlab.scratch.initialisers import Initialiser, recurrent_parameters


class Run(NamedTuple):
    """One direction of one layer: its cell and what each step kept, in the order they were taken."""

    cell: ArrayCell
    steps: list[Step]


class Cache(NamedTuple):
    """What `Layer.backward` needs of `Layer.forward`; dropped: each layer's dropout mask."""

    runs: list[Run]
    mask_TB1: Array
    dropped: list[Array | None]


@dataclass
class Forward:
    """The top layer's h at every step (T, B, D * H), and by name the final states, each (L * D, B, H)."""

    output: Array
    final: dict[str, Array]
    cache: Any

    @property
    def h_n(self) -> Array:
        """The final hidden states."""
        return next(iter(self.final.values()))

    @property
    def c_n(self) -> Array | None:
        """The final cell states, if there is such a state."""
        return self.final.get("c")


class Backward(NamedTuple):
    """Gradients of the input, by name of the initial states (L * D, B, H), and of the parameters.

    arriving: for every run, in the order its steps were taken, what reached the states after each step; empty
    where that was not kept.
    """

    x: Array
    initial: dict[str, Array]
    parameters: Gradients
    arriving: list[list[State]]

    @property
    def h_0(self) -> Array:
        """Those of the initial hidden states."""
        return next(iter(self.initial.values()))

    @property
    def c_0(self) -> Array | None:
        """Those of the initial cell states, if there is such a state."""
        return self.initial.get("c")


def scan_forward(
    cell: ArrayCell, x_TBE: Array, state: State, mask_TB1: Array
) -> tuple[Array, State, list[Step]]:
    """Returns h (T, B, H), zero where masked, the state after each text's last real step, and the steps."""
    h_TBH, steps = [], []
    for x_BE, mask_B1 in zip(x_TBE, mask_TB1, strict=True):
        new_state, step = cell.forward(x_BE, state)
        state = tuple(np.where(mask_B1, new, old) for new, old in zip(new_state, state, strict=True))  # (9)
        h_TBH.append(np.where(mask_B1, new_state[0], 0))
        steps.append(step)
    return np.stack(h_TBH), state, steps


def scan_backward(
    run: Run, d_h_TBH: Array, d_state: State, mask_TB1: Array, gradients: Gradients
) -> tuple[Array, State, list[State]]:
    """Returns d_x (T, B, E), the initial state's gradient and what arrived at each step's, and adds the
    parameters' to `gradients`.
    """
    d_x_TBE, arriving = [], []
    for d_h_BH, mask_B1, step in zip(d_h_TBH[::-1], mask_TB1[::-1], run.steps[::-1], strict=True):
        d_state = (d_state[0] + np.where(mask_B1, d_h_BH, 0), *d_state[1:])  # (10)
        arriving.append(d_state)
        d_new_state = tuple(np.where(mask_B1, d, 0) for d in d_state)  # back through (9), as is the next
        d_x_BE, d_prev_state = run.cell.backward(d_new_state, step, gradients)
        d_state = tuple(np.where(mask_B1, p, d) for p, d in zip(d_prev_state, d_state, strict=True))
        d_x_TBE.append(d_x_BE)
    return np.stack(d_x_TBE[::-1]), d_state, arriving[::-1]


class Layer:
    """A recurrent layer over arrays under torch's names (`weight_ih_l0`, ..., `bias_hh_l1_reverse`).

    cell: what one step computes, by default `cell_type` with the further options. Sizes, layers and
    directions follow from the arrays, which are kept, not copied. Input is (T, B, E), or (B, T, E) with
    `batch_first`; then `output` and the gradients of both are so too. dropout: how likely each number that
    one layer hands to the next is left out, while training.
    """

    cell_type: ClassVar[type[Cell]]

    def __init__(
        self,
        parameters: dict[str, Array],
        *,
        cell: Cell | None = None,
        batch_first: bool = False,
        dropout: float = 0.0,
        **options: Any,
    ) -> None:
        self.cell = self.cell_type(**options) if cell is None else cell
        self.parameters = parameters
        self.batch_first, self.dropout = batch_first, dropout
        self.directions = ["", "_reverse"] if "weight_ih_l0_reverse" in parameters else [""]
        self.num_layers = next(n for n in itertools.count() if f"weight_ih_l{n}" not in parameters)
        layers = range(max(self.num_layers, 1))
        self.suffixes = [f"_l{n}{direction}" for n in layers for direction in self.directions]
        expected = {name + suffix for suffix in self.suffixes for name in self.cell.shapes(1, 1)}
        if expected != parameters.keys():
            missing, unknown = sorted(expected - parameters.keys()), sorted(parameters.keys() - expected)
            raise ValueError(f"parameters do not fit: missing {missing}, unknown {unknown}")
        cells = [self.array_cell(suffix) for suffix in self.suffixes]
        self.input_size, self.hidden_size = cells[0].input_size, cells[0].hidden_size
        for k, cell_k in enumerate(cells):
            width = self.input_size if k < len(self.directions) else self.hidden_size * len(self.directions)
            for name, shape in self.cell.shapes(width, self.hidden_size).items():
                check_shape(f"{name}{self.suffixes[k]}", cell_k.parameters[name], *shape)

    @classmethod
    def random(
        cls,
        input_size: int,
        hidden_size: int,
        *,
        rng: np.random.Generator,
        cell: Cell | None = None,
        num_layers: int = 1,
        bidirectional: bool = False,
        batch_first: bool = False,
        dtype: DTypeLike = np.float64,
        input_init: Initialiser | None = None,
        recurrent_init: Initialiser | None = None,
        **options: Any,
    ) -> Self:
        """Returns a layer with drawn parameters (see `recurrent_parameters`)."""
        cell = cls.cell_type(**options) if cell is None else cell
        parameters = recurrent_parameters(
            cell,
            input_size,
            hidden_size,
            rng=rng,
            num_layers=num_layers,
            bidirectional=bidirectional,
            dtype=dtype,
            input_init=input_init,
            recurrent_init=recurrent_init,
        )
        return cls(parameters, cell=cell, batch_first=batch_first)

    def array_cell(self, suffix: str) -> ArrayCell:
        """Returns the cell of one run, such as `_l0_reverse`, over its arrays."""
        arrays = {name: self.parameters[name + suffix] for name in self.cell.shapes(1, 1)}
        try:
            return ArrayCell(self.cell, arrays)
        except ValueError as error:
            raise ValueError(f"parameters {suffix[1:]}: {error}") from None

    def forward(
        self,
        x: Array,
        *,
        lengths: ArrayLike | None = None,
        rng: np.random.Generator | None = None,
        **initial: Array | None,
    ) -> Forward:
        """Runs every layer and direction; what lies beyond a text's length changes nothing.

        x (T, B, E); lengths (B,); rng: what dropout draws from, None if the layer is not training; initial:
        the states to begin with, as h_0 and c_0 (L * D, B, H), or (B, H) for a single run, zeros if left out.
        """
        x_TBE = self._time_first("x", x, self.input_size)
        time, batch = x_TBE.shape[:2]
        mask_TB1 = self.mask(as_lengths(lengths, batch, time), time)
        states = self._states("{}_0", initial, batch, x_TBE.dtype)
        runs, finals, dropped = [], [], []
        for layer in range(self.num_layers):
            dropped.append(dropout_mask(x_TBE, self.dropout, rng) if layer else None)
            x_TBE, outputs = drop(x_TBE, dropped[layer]), []
            for direction in range(len(self.directions)):
                k = layer * len(self.directions) + direction
                order = slice(None, None, -1 if direction else 1)
                cell = self.array_cell(self.suffixes[k])
                h_TBH, final, steps = scan_forward(
                    cell, x_TBE[order], tuple(state[k] for state in states), mask_TB1[order]
                )
                outputs.append(h_TBH[order])
                runs.append(Run(cell, steps))
                finals.append(final)
            x_TBE = np.concatenate(outputs, axis=2)
        output = x_TBE.swapaxes(0, 1) if self.batch_first else x_TBE
        return Forward(output, self._by_name(finals), Cache(runs, mask_TB1, dropped))

    def backward(self, cache: Cache, *, d_output: Array | None = None, **d_final: Array | None) -> Backward:
        """Takes gradients at every step (like `output`), at the final states (d_h_n, d_c_n), or both; None
        is zero.
        """
        time, batch = cache.mask_TB1.shape[:2]
        width = self.hidden_size * len(self.directions)
        dtype = cache.runs[0].steps[0].x_BE.dtype
        d_TBE = np.zeros((time, batch, width), dtype)
        if d_output is not None:
            d_TBE = self._time_first("d_output", d_output, width)
            check_shape("d_output", d_TBE, time, batch, width)
        d_finals = self._states("d_{}_n", d_final, batch, dtype)
        d_initials: list[State] = [()] * len(self.suffixes)
        arriving: list[list[State]] = [[]] * len(self.suffixes)
        gradients: Gradients = {}
        for layer in reversed(range(self.num_layers)):
            d_inputs = []
            for direction in range(len(self.directions)):
                k = layer * len(self.directions) + direction
                order = slice(None, None, -1 if direction else 1)
                share = slice(direction * self.hidden_size, (direction + 1) * self.hidden_size)
                of_run = {name: np.zeros_like(p) for name, p in cache.runs[k].cell.parameters.items()}
                d_x_TBE, d_initials[k], arriving[k] = scan_backward(
                    cache.runs[k],
                    d_TBE[order, :, share],
                    tuple(d[k] for d in d_finals),
                    cache.mask_TB1[order],
                    of_run,
                )
                d_inputs.append(d_x_TBE[order])
                gradients |= {name + self.suffixes[k]: gradient for name, gradient in of_run.items()}
            d_TBE = drop(np.add.reduce(d_inputs), cache.dropped[layer])
        d_x = d_TBE.swapaxes(0, 1) if self.batch_first else d_TBE
        return Backward(d_x, self._by_name(d_initials), gradients, arriving)

    def forward_words(
        self,
        ids: Array,
        weight: Array,
        *,
        lengths: ArrayLike | None = None,
        rng: np.random.Generator | None = None,
    ) -> Forward:
        """Runs on words (B, T), looked up in `weight` (V, E); the layer is to be `batch_first`."""
        return self.forward(embedding(ids, weight), lengths=lengths, rng=rng)

    def backward_words(
        self, cache: Any, ids: Array, weight: Array, *, d_output: Array | None = None, **d_final: Array | None
    ) -> tuple[RowGradient, Gradients]:
        """Returns the gradients of `weight` and of the parameters, taking those that `backward` takes."""
        back = self.backward(cache, d_output=d_output, **d_final)
        return embedding_rows(back.x, ids, weight), back.parameters

    def backward_parameters(
        self, cache: Any, *, d_output: Array | None = None, **d_final: Array | None
    ) -> Gradients:
        """Returns the gradients of the parameters alone, taking those that `backward` takes."""
        return self.backward(cache, d_output=d_output, **d_final).parameters

    def mask(self, lengths_B: Array, time: int) -> Array:
        """Returns (T, B, 1), true where a text has a real token."""
        return (np.arange(time)[:, None] < lengths_B)[:, :, None]

    def _time_first(self, name: str, array: Array, width: int) -> Array:
        array = as_floats(name, array)
        names = ("batch", "time") if self.batch_first else ("time", "batch")
        check_shape(name, array, *names, width)
        check_no_nan(name, array)
        return array.swapaxes(0, 1) if self.batch_first else array

    def _states(
        self, naming: str, given: Mapping[str, Array | None], batch: int, dtype: DTypeLike
    ) -> list[Array]:
        """Returns every state (L * D, B, H), with zeros for None; naming: what their names are in `given`."""
        names = {naming.format(state): state for state in self.cell.states}
        for name, array in given.items():
            if name not in names and name == naming.format("c") and array is not None:
                raise ValueError(f"{name} was given, but {self.cell.name} has no cell state")
            if name not in names and array is not None:
                raise TypeError(f"{name} was given, expected {', '.join(names)}")
        count, states = len(self.suffixes), []
        for name in names:
            array = given.get(name)
            if array is None:
                array = np.zeros((count, batch, self.hidden_size), dtype)
            array = as_floats(name, array)
            if array.ndim == 2 and count == 1:
                array = array[None]
            check_shape(name, array, count, batch, self.hidden_size)
            check_no_nan(name, array)
            states.append(array)
        return states

    def _by_name(self, of_runs: list[State]) -> dict[str, Array]:
        return dict(zip(self.cell.states, map(np.stack, zip(*of_runs, strict=True)), strict=True))
