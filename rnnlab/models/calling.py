"""How a torch module wants to be called, found by trying: as `nn.LSTMCell` is, or as `nn.LSTM` is."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from rnnlab.core.errors import InputError, reason
from rnnlab.models.call import file_of, states_of

BATCH, STEPS = 5, 3  # of the trials; unlike each other, and unlike the number of states of any module
MOST_STATES = 4


@dataclass(frozen=True)
class Calling:
    """How a module is called, and what it gives.

    is_layer: over a whole sequence, else a step at a time; starts: how many states of zeros it has to be
    given at the beginning, 0: None will do; in_tuple: whether its state is a tuple; shapes: of each state, of
    one text, without the dimension of layers; hidden_size: of the first state. Of layers: runs: layers ·
    directions, 0 where the state has no such dimension; directions; batch_first; output_size: numbers per
    step; output_is_state: whether the last output is the last hidden state.
    """

    is_layer: bool
    starts: int
    in_tuple: bool
    shapes: tuple[tuple[int, ...], ...]
    hidden_size: int
    runs: int = 1
    directions: int = 1
    batch_first: bool = False
    output_size: int = 0
    output_is_state: bool = True


class _RefusedError(Exception):
    """Why a module cannot be called in one of the two ways."""


def find_calling(module: nn.Module, input_size: int, hidden_size: int | None) -> Calling:
    """Returns how the module is called; tried out on a copy, in evaluation mode, without random numbers.

    hidden_size: of the zeros that a module is given which cannot begin with None, if it is known. Raises
    InputError for a module that can be called in neither way.
    """
    name = type(module).__name__
    try:
        trial = deepcopy(module).eval()
    except Exception as error:
        raise InputError(f"model: {name} cannot be copied: {reason(error)}") from None
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        try:
            return _as_layer(trial, input_size, hidden_size)
        except _RefusedError as error:
            not_a_layer = str(error)
        try:
            return _as_cell(trial, input_size, hidden_size)
        except _RefusedError as error:
            raise InputError(
                f"model: {name} can be called neither as nn.LSTMCell is, cell(x_t, state) -> state: {error}; "
                f"nor as nn.LSTM is, layer(x, state) -> output, state: {not_a_layer}"
            ) from None


def _as_cell(module: nn.Module, input_size: int, hidden_size: int | None) -> Calling:
    x = _numbers(BATCH, input_size)
    starts, state = _begin(module, x, None if hidden_size is None else torch.zeros(BATCH, hidden_size))
    states = _checked(state, batch_at=0)
    if states[0].ndim != 2:
        raise _RefusedError(f"expected a hidden state (B, H), found one of shape {tuple(states[0].shape)}")
    try:
        again = _checked(module(x, state), batch_at=0)
    except _RefusedError:
        raise
    except Exception as error:
        raise _RefusedError(f"its own state, handed back to it, gives {_reason(module, error)}") from None
    if [s.shape for s in again] != [s.shape for s in states]:
        found = [[tuple(s.shape) for s in of_step] for of_step in (states, again)]
        raise _RefusedError(f"its states change their shapes from {found[0]} to {found[1]}")
    in_tuple = not isinstance(state, Tensor)
    return Calling(
        is_layer=False,
        starts=starts,
        in_tuple=in_tuple,
        shapes=tuple(tuple(s.shape[1:]) for s in states),
        hidden_size=states[0].shape[1],
    )


def _as_layer(module: nn.Module, input_size: int, hidden_size: int | None) -> Calling:
    zeros = None if hidden_size is None else torch.zeros(1, BATCH, hidden_size)
    x = _numbers(STEPS, BATCH, input_size)
    starts, (output, last) = _pair(*_begin(module, x, zeros), steps=STEPS)
    hidden = states_of(last)[0]
    sizes = {BATCH: False, STEPS: True}  # which of the two is the batch says whether it is the first
    at = hidden.ndim - 2
    if hidden.ndim not in (2, 3) or hidden.shape[at] not in sizes:
        raise _RefusedError(f"expected a last state (layers, B, H), found one of shape {tuple(hidden.shape)}")
    batch_first = sizes[hidden.shape[at]]
    states = _checked(last, batch_at=at, batch=STEPS if batch_first else BATCH)
    if starts and batch_first:
        raise _RefusedError("it takes batches first, and cannot begin with the state None")
    # What a cell makes of a sequence is as long as the sequence; a layer's last state is not.
    longer = _numbers(STEPS + 1, BATCH, input_size)
    _, (_, other) = _pair(*_begin(module, longer, zeros), steps=STEPS + 1)
    expected = (*hidden.shape[:at], STEPS + 1 if batch_first else BATCH, hidden.shape[-1])
    if tuple(states_of(other)[0].shape) != expected:
        raise _RefusedError("it gives a state for every step, and no last one")
    runs, width = (hidden.shape[0] if at else 0), hidden.shape[-1]
    directions = 2 if runs and runs % 2 == 0 and output.shape[2] == 2 * width else 1
    ends = output[:, -1] if batch_first else output[-1]
    top = hidden.reshape(max(runs, 1), -1, width)[-1]
    return Calling(
        is_layer=True,
        starts=starts,
        in_tuple=not isinstance(last, Tensor),
        shapes=tuple(tuple(s.shape[at + 1 :]) for s in states),
        hidden_size=width,
        runs=runs,
        directions=directions,
        batch_first=batch_first,
        output_size=output.shape[2],
        output_is_state=ends.shape == top.shape and bool(torch.equal(ends, top)),
    )


def _begin(module: nn.Module, x: Tensor, zeros: Tensor | None) -> tuple[int, Any]:
    """Returns how many states of zeros the module wants at the beginning, and what it then gives."""
    first: Exception | None = None
    for number, state in _beginnings(zeros):
        try:
            return number, module(x, state)
        except Exception as error:
            # Of a module that cannot do with None, the reason why it cannot do with zeros says more.
            first = error if first is None or "NoneType" in str(first) else first
    assert first is not None
    raise _RefusedError(_reason(module, first))


def _beginnings(zeros: Tensor | None) -> Iterator[tuple[int, Any]]:
    yield 0, None
    if zeros is not None:
        yield 1, zeros
        yield from ((number, (zeros,) * number) for number in range(2, MOST_STATES + 1))


def _pair(starts: int, result: Any, *, steps: int) -> tuple[int, tuple[Tensor, Any]]:
    if not isinstance(result, (tuple, list)) or len(result) != 2 or not isinstance(result[0], Tensor):
        raise _RefusedError(f"expected an output and a last state, found {_described(result)}")
    if result[0].shape[:2] != (steps, BATCH) or result[0].ndim != 3:
        raise _RefusedError(f"expected an output for every step, found {_described(result[0])}")
    if not all(isinstance(s, Tensor) and s.ndim > 1 for s in states_of(result[1])):
        raise _RefusedError(f"expected a last state of tensors, found {_described(result[1])}")
    return starts, (result[0], result[1])


def _checked(state: Any, *, batch_at: int, batch: int = BATCH) -> tuple[Tensor, ...]:
    """Returns the tensors of a state; refuses what is not one row of floats for each text."""
    for part in states_of(state):
        fits = isinstance(part, Tensor) and part.is_floating_point() and part.ndim > batch_at
        if not fits or part.shape[batch_at] != batch:
            raise _RefusedError(f"expected as state floats, a row for each text, found {_described(part)}")
    if not states_of(state):
        raise _RefusedError("expected a state, found an empty tuple")
    return states_of(state)


def _numbers(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(1)) - 0.5


def _described(found: Any) -> str:
    return f"a tensor of shape {tuple(found.shape)}" if isinstance(found, Tensor) else type(found).__name__


def _reason(module: nn.Module, error: Exception) -> str:
    return reason(error, file_of(module))
