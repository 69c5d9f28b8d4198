"""A torch module of anybody's as the recurrent part of a model: called as `nn.LSTMCell` or as `nn.LSTM` is.

    cell(x_t, state) -> state             x_t (B, E); a tensor (B, H), or a tuple with (B, H) first
    layer(x, state) -> output, state      x (T, B, E), output (T, B, O), state (layers · directions, B, H)

The hidden state, which the head reads, is the first of a tuple. A module begins with the state None, or if
it cannot with zeros; a layer may have batches first, and no dimension of layers. What it computes is not
known here: it is called, never measured by other equations.

T steps, B texts, E inputs, H hidden, O outputs. Around them: guest_cell.py and guest_layer.py; how they are
called: calling.py, call.py.
"""

from collections.abc import Callable
from typing import Any

from torch import nn

from rnnlab.core.errors import InputError
from rnnlab.models.calling import find_calling
from rnnlab.models.guest_cell import CellOverTime
from rnnlab.models.guest_layer import GuestLayer
from rnnlab.models.layer import cell_of

MakeModule = Callable[[int], nn.Module]


def make_guest(
    make: MakeModule,
    input_size: int,
    *,
    hidden_size: int | None,
    num_layers: int = 1,
    bidirectional: bool = False,
    dropout: float = 0.0,
) -> nn.Module:
    """Returns a layer around modules that `make` makes of their input size, one for each run of a cell; a
    layer of torch's own whose equations are known as it is.

    hidden_size: of a module that has to be given zeros at the beginning; dropout: between stacked cells.
    Raises InputError for a module that can be called neither as a cell nor as a layer, or a layer that is to
    be stacked or reversed.
    """
    module = make(input_size)
    if cell_of(module) is not None and not module.batch_first:
        return module
    calling = find_calling(module, input_size, hidden_size)
    if calling.is_layer:
        for setting, value, only in (("num_layers", num_layers, 1), ("bidirectional", bidirectional, False)):
            if value != only:
                raise InputError(
                    f"model.{setting}: {type(module).__name__} is called as nn.LSTM is, and its constructor "
                    f"has no {setting}; expected {str(only).lower()}, found {str(value).lower()}"
                )
        return GuestLayer(module, calling)
    directions, width = (2 if bidirectional else 1), calling.hidden_size
    widths = [input_size] * (directions - 1) + [width * directions] * ((num_layers - 1) * directions)
    cells, callings = [module, *map(make, widths)], [calling]
    callings += [find_calling(c, w, hidden_size) for c, w in zip(cells[1:], widths, strict=True)]
    return CellOverTime(cells, callings, bidirectional=bidirectional, dropout=dropout)


def without_unrolled(layer: Any) -> str | None:
    """Returns why the states of a layer cannot be followed from step to step, or None if they can."""
    if isinstance(layer, CellOverTime):
        return None
    name = name_of(layer)
    if not isinstance(layer, GuestLayer):
        return f"the equations of {name} are not known, so its states cannot be followed"
    if layer.calling.runs > 1 or not layer.calling.output_is_state:
        return f"{name} is a layer of more than one state per step, which cannot be followed from outside"
    return None


def name_of(layer: Any) -> str:
    """Returns what a recurrent layer is called: the class of the module in it, or its own."""
    return layer.name if isinstance(layer, (CellOverTime, GuestLayer)) else type(layer).__name__
