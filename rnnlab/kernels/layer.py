"""A recurrent layer whose loops over time are compiled: the same results as `rnnlab.scratch.layer`, sooner.

T time, B batch, E input, H hidden, N steps of all texts together, M = T * B places of a padded batch.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.cells.activations import Array
from rnnlab.kernels.buffers import Buffers
from rnnlab.kernels.packed import Packed, checked_lengths, pack_once, pack_texts
from rnnlab.kernels.packing import look_up, take_rows, take_steps
from rnnlab.kernels.rows import CompiledRowGradient, gather_rows
from rnnlab.kernels.run import CompiledRun, Kept
from rnnlab.kernels.threads import Threads
from rnnlab.scratch.cell import Gradients
from rnnlab.scratch.checks import as_floats, check_no_nan, check_range, check_shape
from rnnlab.scratch.dropout import drop, dropout_mask
from rnnlab.scratch.heads import RowGradient
from rnnlab.scratch.layer import Backward, Forward, Layer


class CompiledForward(Forward):
    """What `CompiledLayer.forward` found: as `rnnlab.scratch.layer.Forward`, the output made when read.

    words: the ids of each direction's rows, where the input was words; spent: whether gradients have been
    written over what was kept; dropped: each layer's dropout mask (M,
    I), None where nothing was left out.
    """

    def __init__(self, layer: "CompiledLayer", packed: Packed, words: list[Array]) -> None:
        self._layer, self.packed, self.words = layer, packed, words
        self.runs: list[Kept] = []
        self.spent = False
        self.dropped: list[Array | None] = [None]

    @property
    def cache(self) -> "CompiledForward":
        """What the way back needs."""
        return self  # not kept: a circle would hold its memory until the next search for garbage

    @cached_property
    def output(self) -> Array:  # type: ignore[override]
        """The top layer's h at every step (T, B, D * H)."""
        return self._layer.padded_output(self.packed, self.runs[-len(self._layer.directions) :])

    @cached_property
    def final(self) -> dict[str, Array]:  # type: ignore[override]
        """By name the final states, each (L * D, B, H)."""
        shape = (len(self.runs), self.packed.shape[1], self._layer.hidden_size)
        found = {}
        for s, states in self.runs[0].states.items():
            found[s] = np.empty(shape, states.dtype)
            for k, run in enumerate(self.runs):
                take_rows(run.states[s], self.packed.last_B, found[s][k])
        return found


class CompiledLayer(Layer):
    """A `Layer` whose scans are compiled by Numba; a cell without a `step_back` has a derived one.

    keeps: whether `forward` keeps what `backward` needs, which takes memory and time.
    """

    keeps = True

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._buffers = Buffers()
        self._slots = np.empty(0, np.int64)
        self._runs = [
            CompiledRun(self.cell, self.array_cell(suffix).parameters, self.hidden_size)
            for suffix in self.suffixes
        ]
        self._threads = Threads()

    @property
    def threads(self) -> Threads:
        """Where directions are run at once, or where there is one, parts of a batch's texts."""
        return self._threads

    @threads.setter
    def threads(self, threads: Threads) -> None:
        self._threads = threads
        for run in self._runs:
            run.threads = threads if len(self.directions) == 1 else Threads()

    def forward(
        self,
        x: Array,
        *,
        lengths: ArrayLike | None = None,
        rng: np.random.Generator | None = None,
        **initial: Array | None,
    ) -> CompiledForward:
        """Runs every layer and direction, as `Layer.forward` does."""
        array = as_floats("x", x)
        check_shape(
            "x", array, *(("batch", "time") if self.batch_first else ("time", "batch")), self.input_size
        )
        x_BTE = array if self.batch_first else array.swapaxes(0, 1)
        batch, time = x_BTE.shape[:2]
        packed = self._pack(checked_lengths(lengths, batch, time), time)
        inputs = []
        for at_N in packed.at_N[: len(self.directions)]:
            x_NE = self._buffers.empty((len(at_N), self.input_size), x_BTE.dtype)
            if not take_steps(x_BTE, packed.text_N, at_N, x_NE):
                check_no_nan("x", array)
            inputs.append(x_NE)
        states = self._states("{}_0", initial, batch, x_BTE.dtype) if initial else None
        return self._forward(CompiledForward(self, packed, []), inputs, states, rng)

    def forward_words(
        self,
        ids: Array,
        weight: Array,
        *,
        lengths: ArrayLike | None = None,
        rng: np.random.Generator | None = None,
    ) -> CompiledForward:
        """Runs on words (B, T), looked up in `weight`, as `Layer.forward_words` does."""
        batch, time = ids.shape
        packed = self._pack(checked_lengths(lengths, batch, time), time)
        words, inputs = [], []
        for at_N in packed.at_N[: len(self.directions)]:
            words_N = np.empty(len(at_N), np.int64)
            x_NE = self._buffers.empty((len(at_N), weight.shape[1]), weight.dtype)
            if not look_up(ids, weight, packed.text_N, at_N, words_N, x_NE):
                check_range("ids", ids, 0, len(weight) - 1)
            words.append(words_N)
            inputs.append(x_NE)
        return self._forward(CompiledForward(self, packed, words), inputs, None, rng)

    def _pack(self, lengths_B: Array, time: int) -> Packed:
        parts = 1 if len(self.directions) > 1 else min(self._threads.count, len(lengths_B))
        if parts > 1:
            return pack_texts(lengths_B, time, both=False, parts=parts)
        return pack_once(lengths_B, time, both=len(self.directions) > 1)

    def _forward(
        self,
        forward: CompiledForward,
        inputs: list[Array],
        states: Sequence[Array] | None,
        rng: np.random.Generator | None,
    ) -> CompiledForward:
        packed = forward.packed
        for layer in range(self.num_layers):
            if layer:
                h_MH = self._padded(packed, forward.runs[-len(self.directions) :])
                # Over the padding, too: so the draws, and with them the figures, are those of `Layer`.
                mask_TBH = dropout_mask(h_MH.reshape(*packed.shape, -1), self.dropout, rng)
                forward.dropped.append(None if mask_TBH is None else mask_TBH.reshape(h_MH.shape))
                h_MH = drop(h_MH, forward.dropped[layer])
                inputs = [h_MH[packed.rows(direction)] for direction in range(len(self.directions))]
            jobs = []
            for direction, x_NE in enumerate(inputs):
                k = layer * len(self.directions) + direction
                initial = None if states is None else [state[k] for state in states]
                jobs.append(partial(self._runs[k].forward, x_NE, initial, packed, keeps=self.keeps))
            forward.runs += self._threads.each(jobs)
        return forward

    def _padded(self, packed: Packed, runs: Sequence[Kept]) -> Array:
        """Returns h of both directions at every place, (M, D * H), zeros beyond a text's end."""
        time, batch = packed.shape
        H = self.hidden_size
        states = [run.states[self.cell.states[0]] for run in runs]
        h_MH = np.zeros((time * batch, len(runs) * H), states[0].dtype)
        for direction, all_h in enumerate(states):
            h_MH[packed.rows(direction), direction * H : (direction + 1) * H] = packed.after_rows(all_h)[
                :, :H
            ]
        return h_MH

    def padded_output(self, packed: Packed, runs: Sequence[Kept]) -> Array:
        """Returns h at every step, (T, B, D * H) or with `batch_first` (B, T, D * H)."""
        output = self._padded(packed, runs).reshape(*packed.shape, -1)
        return output.swapaxes(0, 1) if self.batch_first else output

    def backward(self, cache: Any, *, d_output: Array | None = None, **d_final: Array | None) -> Backward:
        """Takes gradients as `Layer.backward` does."""
        packed: Packed = cache.packed
        time, batch = packed.shape
        d_inputs, d_initials, gradients = self._backward(cache, d_output, d_final)
        d_MI = np.zeros((time * batch, self.input_size), cache.runs[0].x_NE.dtype)
        for direction, d_x_NE in enumerate(d_inputs):
            d_MI[packed.rows(direction)] += d_x_NE
        d_x: Array = d_MI.reshape(time, batch, -1)
        d_x = d_x.swapaxes(0, 1) if self.batch_first else d_x
        return Backward(d_x, self._by_name(d_initials), gradients, [])

    def backward_words(
        self, cache: Any, ids: Array, weight: Array, *, d_output: Array | None = None, **d_final: Array | None
    ) -> tuple[RowGradient, Gradients]:
        """Takes gradients as `Layer.backward_words` does, once: what was kept is spent."""
        d_inputs, _, gradients = self._backward(cache, d_output, d_final, spends=True)
        if len(self._slots) < len(weight):
            self._slots = np.full(len(weight), -1)
        words, values = cache.words[0], d_inputs[0]
        if len(d_inputs) > 1:
            words, values = np.concatenate(cache.words), np.concatenate(d_inputs)
        rows, sums = gather_rows(words, values, self._slots)
        return CompiledRowGradient(rows, sums, weight.shape), gradients

    def backward_parameters(
        self, cache: Any, *, d_output: Array | None = None, **d_final: Array | None
    ) -> Gradients:
        """Takes gradients as `Layer.backward_parameters` does, once: what was kept is spent."""
        return self._backward(cache, d_output, d_final, of_input=False, spends=True)[2]

    def _final_gradients(self, given: Mapping[str, Array | None], batch: int) -> list[Array | None]:
        """Returns the gradient of every final state (L * D, B, H), None for zeros."""
        names = [f"d_{state}_n" for state in self.cell.states]
        if not given.keys() <= set(names):
            self._states("d_{}_n", given, batch, np.float64)  # says what is wrong
        expected, single = (len(self.suffixes), batch, self.hidden_size), len(self.suffixes) == 1
        found = []
        for name in names:
            array = given.get(name)
            if array is not None:
                array = array[None] if array.ndim == 2 and single else array
                check_shape(name, array, *expected)
            found.append(array)
        return found

    def _backward(
        self,
        cache: Any,
        d_output: Array | None,
        d_final: Mapping[str, Array | None],
        *,
        of_input: bool = True,
        spends: bool = False,
    ) -> tuple[list[Array], list[tuple[Array, ...]], Gradients]:
        """Returns the gradients of the lowest layer's rows by direction, of initial states, of parameters."""
        if cache.spent:
            raise ValueError(
                "what was kept for the way back is spent: it was taken once, and can be only once"
            )
        cache.spent = spends
        packed: Packed = cache.packed
        time, batch = packed.shape
        H, directions = self.hidden_size, len(self.directions)
        d_MH = None
        if d_output is not None:
            d_TBH = self._time_first("d_output", d_output, H * directions)
            check_shape("d_output", d_TBH, time, batch, H * directions)
            d_MH = d_TBH.reshape(time * batch, -1)
        d_finals = self._final_gradients(d_final, batch)
        d_initials: list[tuple[Array, ...]] = [()] * len(self.suffixes)
        gradients: Gradients = {}
        for layer in reversed(range(self.num_layers)):
            d_inputs, jobs = [], []
            for direction in range(directions):
                k = layer * directions + direction
                share = slice(direction * H, (direction + 1) * H)
                d_h_NH = None if d_MH is None else d_MH[packed.rows(direction), share]
                given = cache.runs[k], d_h_NH, [None if d is None else d[k] for d in d_finals], packed
                jobs.append(
                    partial(self._runs[k].backward, *given, of_input=of_input or layer > 0, spends=spends)
                )
            for k, found in enumerate(self._threads.each(jobs), start=layer * directions):
                d_x_NE, d_initial, of_run = found
                d_initials[k] = tuple(d_initial)
                if d_x_NE is not None:
                    d_inputs.append(d_x_NE)
                gradients |= {name + self.suffixes[k]: gradient for name, gradient in of_run.items()}
            if layer:
                d_MH = np.zeros((time * batch, H * directions), d_inputs[0].dtype)
                for direction, d_x_NE in enumerate(d_inputs):
                    d_MH[packed.rows(direction)] += d_x_NE
                d_MH = drop(d_MH, cache.dropped[layer])
        return d_inputs, d_initials, gradients
