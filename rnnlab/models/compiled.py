"""The compiled scans of `rnnlab.kernels` as an operator of torch, in modules called as `nn.LSTM` is.

    fast = compiled(nn.LSTM(50, 64, num_layers=2, bidirectional=True))

N rows of a packed batch, B texts, E inputs, H hidden.
"""

import itertools
import threading
from collections.abc import Sequence
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import torch
from torch import Tensor, nn

from rnnlab.cells import Cell
from rnnlab.core.errors import InputError
from rnnlab.kernels.packed import pack_rows
from rnnlab.kernels.run import CompiledRun
from rnnlab.models.guest import name_of
from rnnlab.models.layer import RecurrentLayer, RunOfLayer, States, cell_of


def compiled(layer: nn.Module) -> RecurrentLayer:
    """Returns a layer that does what `layer` does by compiled scans, on the same parameters.

    Args:
        layer: `nn.RNN`, `nn.LSTM`, `nn.GRU`, or a `RecurrentLayer` around any cell whose `step` symbols can
            go through; any number of layers, both directions, dropout, `batch_first`; float32 or float64, on
            the CPU.

    Returns:
        A module called as `nn.LSTM` is, with a tensor or a PackedSequence, which is scanned as it is, without
        padding. Its parameters are those of `layer`, under their names: whoever trains one trains the other.
        First derivatives alone: a gradient's gradient is refused.

    Raises:
        InputError: the equations of the layer are not known, or a step that symbols cannot go through.
    """
    cell = cell_of(layer)
    if cell is None:
        raise InputError(
            f"{name_of(layer)} cannot be compiled: its equations are not known; expected nn.RNN, nn.LSTM or "
            "nn.GRU with biases and without projection, or a RecurrentLayer around a cell"
        )
    with torch.device("meta"):  # draws nothing, since it is given the other's parameters
        made = RecurrentLayer(
            cell,
            layer.input_size,  # type: ignore[arg-type]
            layer.hidden_size,  # type: ignore[arg-type]
            layer.num_layers,  # type: ignore[arg-type]
            dropout=layer.dropout,  # type: ignore[arg-type]
            bidirectional=layer.bidirectional,  # type: ignore[arg-type]
            batch_first=layer.batch_first,  # type: ignore[arg-type]
            scan=CompiledScan(cell),
        )
    for name, parameter in layer.named_parameters():
        made.register_parameter(name, parameter)
    return made.train(layer.training)


class CompiledScan:
    """One direction of a layer of this cell, by compiled scans; stands in for `rnnlab.models.layer.steps`."""

    def __init__(self, cell: Cell) -> None:
        self.cell, self.key = cell, next(_keys)
        self._of_thread = threading.local()  # memory that is used again is one thread's own
        _known[self.key] = self

    def __reduce__(self) -> Any:
        return CompiledScan, (self.cell,)

    def __call__(
        self, run: RunOfLayer, rows: Tensor, sizes: list[int], initial: States
    ) -> tuple[Tensor, States]:
        """Returns the hidden state at every row of a packed batch, and each text's final states."""
        parameters = list(run.parameters.values())
        self._check(rows, sizes, initial, parameters)
        found = torch.ops.rnnlab.scan(
            rows, torch.tensor(sizes), list(initial), parameters, self.key, run.reverse
        )
        return found[0], tuple(found[1 : 1 + len(initial)])

    def _check(self, rows: Tensor, sizes: list[int], initial: States, parameters: list[Tensor]) -> None:
        """Raises InputError for what the scans would misread."""
        width, hidden_size = parameters[0].shape[1], len(parameters[0]) // len(self.cell.gates)
        if rows.shape[1] != width:
            raise InputError(f"a compiled layer of {width} inputs: found vectors of {rows.shape[1]}")
        for name, tensor in {"the input": rows, "a parameter": parameters[0], "a state": initial[0]}.items():
            if tensor.device.type != "cpu":
                raise InputError(f"a compiled layer computes on the CPU; {name} is on {tensor.device}")
            if tensor.dtype not in (torch.float32, torch.float64) or tensor.dtype != rows.dtype:
                kind = str(tensor.dtype).removeprefix("torch.")
                raise InputError(f"a compiled layer is of float32 or float64 throughout; {name} is {kind}")
        for name, state in zip(self.cell.states, initial, strict=True):
            if (found := tuple(state.shape)) != (sizes[0], hidden_size):
                expected = (sizes[0], hidden_size)
                raise InputError(
                    f"the initial state {name} of a run: expected shape {expected}, found {found}"
                )

    def run(self, parameters: Sequence[Tensor]) -> CompiledRun:
        """Returns what runs over these parameters, in this thread."""
        arrays = [np.asarray(parameter.detach().numpy(), order="C") for parameter in parameters]
        names = list(self.cell.shapes(1, 1))
        hidden_size = len(arrays[0]) // len(self.cell.gates)
        runs: dict[tuple[int, ...], CompiledRun] = self._of_thread.__dict__.setdefault("runs", {})
        if arrays[0].shape not in runs:
            runs[arrays[0].shape] = CompiledRun(self.cell, {}, hidden_size)
        run = runs[arrays[0].shape]
        run.parameters = dict(zip(names, arrays, strict=True))
        return run


_keys = itertools.count()
_known: "WeakValueDictionary[int, CompiledScan]" = WeakValueDictionary()
"""By the number that stands for a cell among an operator's arguments, which are tensors and numbers."""


@torch.library.custom_op("rnnlab::scan", mutates_args=())
def scan(
    rows: Tensor, sizes: Tensor, initial: list[Tensor], parameters: list[Tensor], key: int, reverse: bool
) -> list[Tensor]:
    """Returns h at every row (N, H), each text's final states (B, H), and what the way back needs."""
    (packed, turned_N), run = pack_rows(sizes.numpy()), _known[key].run(parameters)
    order = turned_N if reverse else slice(None)
    x_NE = np.ascontiguousarray(rows.numpy()[order])
    kept = run.forward(x_NE, [state.numpy() for state in initial], packed)
    hidden = kept.states[run.cell.states[0]][len(initial[0]) :, : run.hidden_size][order].copy()
    finals = [states[packed.last_B, : run.hidden_size] for states in kept.states.values()]
    return [torch.from_numpy(array) for array in (hidden, *finals, *kept.arrays())]


@scan.register_fake
def _(
    rows: Tensor, sizes: Tensor, initial: list[Tensor], parameters: list[Tensor], key: int, reverse: bool
) -> list[Tensor]:
    number, (batch, hidden_size) = rows.shape[0], initial[0].shape
    run = CompiledRun(_known[key].cell, {}, int(hidden_size))
    dtype = str(rows.dtype).removeprefix("torch.")
    shapes = [(number, hidden_size), *(state.shape for state in initial)]
    return [rows.new_empty(shape) for shape in (*shapes, *run.kept_shapes(number, batch, dtype))]


@torch.library.custom_op("rnnlab::scan_backward", mutates_args=())
def scan_backward(
    d_hidden: Tensor | None,
    d_finals: list[Tensor | None],
    rows: Tensor,
    sizes: Tensor,
    parameters: list[Tensor],
    kept: list[Tensor],
    key: int,
    reverse: bool,
) -> list[Tensor]:
    """Returns the gradients of the rows, of the initial states (B, H) and of the parameters; None is zero."""
    (packed, turned_N), run = pack_rows(sizes.numpy()), _known[key].run(parameters)
    order = turned_N if reverse else slice(None)
    run.prepare(rows.numpy().dtype)
    known = run.kept_of(np.ascontiguousarray(rows.numpy()[order]), [array.numpy() for array in kept])
    d_h_NH = None if d_hidden is None else d_hidden.numpy()[order]
    given = [None if d is None else d.numpy() for d in d_finals]
    d_x_NE, d_initial, gradients = run.backward(known, d_h_NH, given, packed, of_input=True)
    assert d_x_NE is not None
    found = (np.ascontiguousarray(d_x_NE[order]), *d_initial, *map(np.asarray, gradients.values()))
    return [torch.from_numpy(array) for array in found]


@scan_backward.register_fake
def _(
    d_hidden: Tensor | None,
    d_finals: list[Tensor | None],
    rows: Tensor,
    sizes: Tensor,
    parameters: list[Tensor],
    kept: list[Tensor],
    key: int,
    reverse: bool,
) -> list[Tensor]:
    cell = _known[key].cell
    batch = kept[-2].shape[0] - rows.shape[0]  # of all states, the initial ones come first
    states = [(batch, parameters[0].shape[0] // len(cell.gates)) for _ in cell.states]
    shapes = [rows.shape, *states, *(parameter.shape for parameter in parameters)]
    return [rows.new_empty(shape) for shape in shapes]


def _keep(ctx: Any, inputs: tuple[Any, ...], output: list[Tensor]) -> None:
    rows, sizes, initial, parameters, ctx.key, ctx.reverse = inputs
    ctx.scan = _known[ctx.key]  # lives as long as what may go back through it
    ctx.states, ctx.parameters = len(initial), len(parameters)
    ctx.save_for_backward(rows, sizes, *parameters, *output[1 + len(initial) :])
    ctx.set_materialize_grads(False)


def _back(ctx: Any, grads: list[Tensor | None]) -> tuple[Any, ...]:
    rows, sizes, *saved = ctx.saved_tensors
    parameters, kept = saved[: ctx.parameters], saved[ctx.parameters :]
    d_hidden, *d_finals = grads[: 1 + ctx.states]
    found = torch.ops.rnnlab.scan_backward(
        d_hidden, d_finals, rows, sizes, parameters, kept, ctx.key, ctx.reverse
    )
    return found[0], None, found[1 : 1 + ctx.states], found[1 + ctx.states :], None, None


def _refuse(ctx: Any, *grads: Any) -> None:
    raise NotImplementedError(
        "a compiled layer has first derivatives alone; take a gradient of a gradient through the layer that "
        "it was made of"
    )


scan.register_autograd(_back, setup_context=_keep)
scan_backward.register_autograd(_refuse)
