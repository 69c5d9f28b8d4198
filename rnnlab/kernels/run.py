"""One direction of one layer, its scans compiled.

N steps of all texts together (nothing is computed on padding), B batch, E input, H hidden, P hidden units
padded to whole vectors, G gates. What the input contributes to all steps is one product before the scan, the
gradients of the weights are one each after it; numbers in brackets are equations of docs/from-scratch.md.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from rnnlab.cells.activations import Array
from rnnlab.cells.base import Cell
from rnnlab.kernels.buffers import Buffers
from rnnlab.kernels.compiled import Scans, padded, scans_of
from rnnlab.kernels.packed import Packed, Part
from rnnlab.kernels.packing import cut_out, join_rows, put_sorted
from rnnlab.kernels.products import HALF_BYTES
from rnnlab.kernels.threads import Threads
from rnnlab.kernels.weight_gradients import UNITS, back_to_input, sum_of_outer
from rnnlab.kernels.weights import (
    Weights,
    fill_weights_back,
    fills_of,
    make_weights,
    own_names,
    whole_halves,
)
from rnnlab.scratch.cell import Gradients


class Kept(NamedTuple):
    """What the way back of one run needs: its input; the products of it, in whose place stand the sums with
    those of states and results that the scan kept; the products of states that stand apart; what was mixed
    and what came of it; all states; and the other results that the scan kept.
    """

    x_NE: Array
    x_NGP: Array
    products: dict[str, Array]
    mixed: list[tuple[Array, Array]]
    states: dict[str, Array]
    kept: Array

    def arrays(self) -> list[Array]:
        """Returns all but the input, in the order of `CompiledRun.kept_shapes`."""
        return [
            self.x_NGP,
            *self.products.values(),
            *(array for pair in self.mixed for array in pair),
            *self.states.values(),
            self.kept,
        ]


class CompiledRun:
    """A cell over the packed rows of a batch, forward and back.

    parameters: arrays by torch's names without layer and direction (`weight_ih`), which are kept, not copied,
    and read as they are at each forward pass. Other arrays have to come as another mapping.
    """

    def __init__(self, cell: Cell, parameters: Mapping[str, Array], hidden_size: int) -> None:
        self.cell, self.parameters, self.hidden_size = cell, dict(parameters), hidden_size
        self.width = padded(hidden_size)
        self.threads = Threads()
        self._buffers = Buffers()  # of its own: runs may work at the same time
        self._scans: Scans | None = None
        self._weights: Weights | None = None
        self._fills: list[Callable[[], object]] = []
        self._filled: Mapping[str, Array] | None = None  # those that the fills read
        self._dtype: Any = None

    def forward(
        self, x_NE: Array, initial: Sequence[Array] | None, packed: Packed, *, keeps: bool = True
    ) -> Kept:
        """Runs over all rows; initial: the states (B, H) to begin with, zeros for None.

        keeps: whether `backward` may follow; if not, only the states are kept, and one step of the rest.
        """
        scans, weights = self.prepare(x_NE.dtype)
        cell, dtype, number, batch = self.cell, x_NE.dtype, len(x_NE), packed.shape[1]
        empty, H, P = self._buffers.empty, self.hidden_size, self.width
        keeps = keeps or not len(weights.panels_in)
        steps = number if keeps else batch
        x_NGP = empty((steps, len(cell.gates) * P), dtype)
        input_N = np.ascontiguousarray(x_NE)
        if not len(weights.panels_in):  # else the products of the input are computed within the scan
            np.matmul(x_NE, weights.ih_GPE.T, out=x_NGP)  # (1)
        states = {}
        for k, s in enumerate(cell.states):
            states[s] = empty((batch + number, P), dtype)
            for part in packed.parts:
                texts = packed.order[part.texts]
                first = states[s][part.states][: len(texts)]
                first[:] = 0
                if initial is not None:
                    first[:, :H] = initial[k][texts]
        products = {s: empty((steps, len(bias)), dtype) for s, bias in weights.biases.items()}
        mixed = [(empty((steps, P), dtype), empty((steps, P), dtype)) for _ in cell.mixed]
        kept = empty((steps, scans.plan.kept * P), dtype)

        def scan(part: Part) -> None:
            rows = part.rows if keeps else part.texts
            scans.forward(
                H, P, part.batch_T, input_N[part.rows], weights.panels_in, x_NGP[rows], weights.bias_x,
                *weights.forward, *weights.biases.values(), *(array[rows] for array in products.values()),
                *weights.mix_forward, *weights.mix_biases, *(v[rows] for v, _ in mixed),
                *(m[rows] for _, m in mixed),
                *(array[part.states] for array in states.values()), *weights.own, kept[rows],
                keeps,
            )  # fmt: skip

        self.threads.each([partial(scan, part) for part in packed.parts])
        return Kept(x_NE, x_NGP, products, mixed, states, kept)

    def backward(
        self,
        kept: Kept,
        d_h_NH: Array | None,
        d_final: Sequence[Array | None],
        packed: Packed,
        *,
        of_input: bool,
        spends: bool = False,
    ) -> tuple[Array | None, list[Array], Gradients]:
        """Takes the run back; returns d_x (N, E) if asked for, maybe a view; those of the initial states, of
        parameters.

        d_h_NH: the gradient of h at every row; d_final: those of the final states (B, H); None is zero.
        spends: whether gradients may be written over what was kept, which then is of no more use: memory that
        is in the processor's cache already, and half as much. Those of the initial states are left out then.
        """
        scans, weights = self._scans, self._weights
        assert scans is not None and weights is not None
        if len(kept.x_NGP) < len(kept.x_NE):
            raise ValueError("a run that kept only its states cannot be taken back")
        dtype, number, batch = kept.x_NE.dtype, len(kept.x_NE), packed.shape[1]
        empty, H, P = self._buffers.empty, self.hidden_size, self.width
        d_out = empty((0 if d_h_NH is None else number, P), dtype)
        if d_h_NH is not None:
            d_out[:, :H] = d_h_NH
            d_out[:, H:] = 0
        d_states = []
        for array in d_final:
            if array is None:
                d_states.append(np.zeros((batch, P), dtype))
            else:
                put_sorted(array, packed.order, d_state := empty((batch, P), dtype))
                d_states.append(d_state)
        d_x_NGP, *others = [
            array if spends else self._buffers.copy(array) for array in (kept.x_NGP, *kept.products.values())
        ]
        d_products = dict(zip(kept.products, others, strict=True))
        d_mixed = [empty((number, P), dtype) for _ in kept.mixed]
        d_values = [empty((batch, P), dtype) for _ in kept.mixed]

        def scan(part: Part) -> list[Array]:
            rows, texts = part.rows, part.texts
            d_own = [np.zeros_like(array) for array in weights.own]
            scans.backward(
                H, P, part.batch_T, d_x_NGP[rows], weights.bias_x, *weights.backward,
                *(array[rows] for array in others), *weights.mix_backward,
                *(m[rows] for _, m in kept.mixed), *(array[part.states] for array in kept.states.values()),
                *weights.own, kept.kept[rows], d_out[rows], *(array[texts] for array in d_states),
                *(array[rows] for array in d_mixed), *(array[texts] for array in d_values), *d_own,
            )  # fmt: skip
            return d_own

        of_parts = self.threads.each([partial(scan, part) for part in packed.parts])
        d_own = [np.add.reduce(arrays) for arrays in zip(*of_parts, strict=True)]
        gradients = self._gradients(kept, packed, d_x_NGP, d_products, d_mixed, d_own)
        d_x_NE = self._of_input(d_x_NGP) if of_input else None
        return d_x_NE, [] if spends else [self._in_order(d, packed) for d in d_states], gradients

    def _gradients(
        self, kept: Kept, packed: Packed, d_x_NGP: Array, d_products: dict[str, Array],
        d_mixed: list[Array], d_own: list[Array],
    ) -> Gradients:  # fmt: skip
        """Returns the gradients of the run's parameters, each by products over all steps.

        Those of a bias stand beside those of its weight, as if it were the weight of a one.
        """
        cell, H, P, E = self.cell, self.hidden_size, self.width, kept.x_NE.shape[1]
        assert self._weights is not None
        joined, G = self._weights.joined, len(cell.gates)
        found = {name: np.empty(p.shape, d_x_NGP.dtype) for name, p in self.parameters.items()}
        done = dict.fromkeys(("i", *cell.recurrent, cell.states[0]), 0)
        x1h_NC = None
        for s in cell.recurrent:
            x1h_NC = self._side_by_side(kept.x_NE, kept.states[s], packed.before_N, H)
            if joined[s]:
                self._put(found, done, ("i", s), d_x_NGP, x1h_NC, E, 0, joined[s] * P)  # (4) to (6)
            if s in d_products:
                self._put(found, done, (s,), d_products[s], x1h_NC, E)  # (5), (6)
        if others := G - sum(joined.values()):
            if x1h_NC is None:
                x1h_NC = self._side_by_side(kept.x_NE, kept.states[cell.states[0]], packed.before_N, 0)
            self._put(found, done, ("i",), d_x_NGP, x1h_NC, E, (G - others) * P)  # (4), (6)
        for d_m, (value, _) in zip(d_mixed, kept.mixed, strict=True):
            _1v_NC = self._side_by_side(kept.x_NE[:, :0], value, np.arange(len(value)), H)
            self._put(found, done, (cell.states[0],), d_m, _1v_NC, 0)
        assert all(len(found.get(f"weight_{of}h", ())) == rows for of, rows in done.items())
        for name, d in zip(own_names(cell), d_own, strict=True):
            found[name] = d[:H] if name in cell.unit_parameters else np.asarray(d[:H].sum())
        return found

    def _put(
        self, found: Gradients, done: dict[str, int], of: tuple[str, ...], d_NRP: Array, value_NC: Array,
        one: int, begin: int = 0, end: int | None = None,
    ) -> None:  # fmt: skip
        """Writes dᵀ value, without the padding, to the next rows of the gradients of some weights and biases.

        of: which; one: the column of ones in the value: those of `i` (the input's) are before it, of a state
        after it. begin, end: which columns of d. done: how many rows of each are written.
        """
        H, P, size = self.hidden_size, self.width, d_NRP.itemsize
        end = end or d_NRP.shape[1]
        first = 0 if "i" in of else one - one % (HALF_BYTES // size)
        columns = whole_halves(one + 1, size) if of == ("i",) else value_NC.shape[1] - first
        wide = self._buffers.empty((d_NRP.shape[1], columns), d_NRP.dtype)
        share = -(-(end - begin) // (UNITS * self.threads.count)) * UNITS
        self.threads.each(
            [
                partial(sum_of_outer, d_NRP, row, min(row + share, end), value_NC, first, wide)
                for row in range(begin, end, share)
            ]
        )
        none = np.empty(0, wide.dtype)
        for name in of:
            arrays = found[f"weight_{name}h"], found.get(f"bias_{name}h", none)
            cut_out(wide[begin:end], P, H, done[name], one - first, name == "i", *arrays)
            done[name] += (end - begin) // P * H

    def _side_by_side(self, x_NE: Array, states_MP: Array, rows_N: Array, hidden: int) -> Array:
        """Returns x, a one, and so many units of states[rows]: what W x + b + W h is a product with.

        What fills the last vector of each row may be anything.
        """
        columns = whole_halves(x_NE.shape[1] + 1 + hidden, x_NE.itemsize)
        x1h_NC = self._buffers.empty((len(x_NE), columns), x_NE.dtype)
        join_rows(x_NE, states_MP, rows_N, hidden, x1h_NC)
        return x1h_NC

    def _in_order(self, d_state: Array, packed: Packed) -> Array:
        """Returns the gradient of a state with the texts as they came, (B, H)."""
        array = np.empty((len(d_state), self.hidden_size), d_state.dtype)
        array[packed.order] = d_state[:, : self.hidden_size]
        return array

    def _of_input(self, d_x_NGP: Array) -> Array:
        """Returns the gradient of the input (N, E)."""
        weights, H, P = self._weights, self.hidden_size, self.width
        assert weights is not None
        if not len(weights.panels_back):
            return self._clean(d_x_NGP) @ weights.ih_GPE  # (7)
        fill_weights_back(weights, H)
        E = weights.ih_GPE.shape[1]
        d_x_NE = self._buffers.empty((len(d_x_NGP), whole_halves(E, d_x_NGP.itemsize)), d_x_NGP.dtype)
        back_to_input(d_x_NGP, len(self.cell.gates), weights.panels_back, d_x_NE, H, P)  # (7)
        return d_x_NE[:, :E]

    def _clean(self, d_NRP: Array) -> Array:
        """Returns gradients of products with zeros in the padding, where a cell may have left anything."""
        H, P = self.hidden_size, self.width
        if H < P:
            d_NRP.reshape(len(d_NRP), -1, P)[:, :, H:] = 0
        return d_NRP

    def kept_shapes(self, number: Any, batch: Any, dtype: Any) -> list[tuple[Any, Any]]:
        """Returns the shapes of `Kept.arrays` for so many rows and texts, numbers or symbols of them."""
        cell, plan, P = self.cell, scans_of(self.cell, dtype).plan, self.width
        return [
            (number, len(cell.gates) * P),
            *(
                (number, (len(names) - plan.joined[s]) * P)
                for s, names in cell.recurrent.items()
                if len(names) > plan.joined[s]
            ),
            *((number, P) for _ in (*cell.mixed, *cell.mixed)),
            *((batch + number, P) for _ in cell.states),
            (number, plan.kept * P),
        ]

    def kept_of(self, x_NE: Array, arrays: Sequence[Array]) -> Kept:
        """Returns what the arrays of `Kept.arrays` are; to be asked after `prepare`."""
        assert self._weights is not None
        x_NGP, *rest = arrays
        products = {s: rest.pop(0) for s in self._weights.biases}
        mixed = [(rest.pop(0), rest.pop(0)) for _ in self.cell.mixed]
        states = {s: rest.pop(0) for s in self.cell.states}
        return Kept(x_NE, x_NGP, products, mixed, states, rest[0])

    def prepare(self, dtype: Any) -> tuple[Scans, Weights]:
        """Returns the scans and the parameters as they are now, in the precision of the input."""
        if self._scans is None or self._weights is None or self._dtype != dtype:
            self._dtype, self._scans, self._filled = dtype, scans_of(self.cell, dtype), None
            input_size = self.parameters["weight_ih"].shape[1]
            joined = self._scans.plan.joined
            self._weights = make_weights(self.cell, input_size, self.hidden_size, dtype, joined)
        if self._filled is not self.parameters:
            self._fills = fills_of(self._weights, self.cell, self.parameters, self.hidden_size)
            self._filled = self.parameters
        for fill in self._fills:
            fill()
        return self._scans, self._weights
