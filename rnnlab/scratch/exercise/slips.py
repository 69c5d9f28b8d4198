"""Classic slips: what the engine would give had it the same."""

import copy
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np

from rnnlab.cells.base import Numbers, StepBack
from rnnlab.cells.lstm import LSTM
from rnnlab.cells.rnn import RNN
from rnnlab.scratch import course
from rnnlab.scratch.exercise.cases import Case

Drawn = SimpleNamespace
Change = Callable[[Drawn], None]


def _transposed(d: Drawn) -> None:
    for name in ("U", "Wh"):
        if hasattr(d, name):
            setattr(d, name, getattr(d, name).T)


def _no_state(d: Drawn) -> None:
    for name in ("U", "Wh", "Wh4"):
        if hasattr(d, name):
            setattr(d, name, 0 * getattr(d, name))


def _no_bias(d: Drawn) -> None:
    for name in ("bh", "bh2", "bh4", "bo", "bf"):
        if hasattr(d, name):
            setattr(d, name, 0 * getattr(d, name))
    for name in ("W", "v", "V"):
        if hasattr(d, name):
            getattr(d, name)[..., 0] = 0


def _one_bias(d: Drawn) -> None:
    if hasattr(d, "bh2"):
        d.bh2 = 0 * d.bh2


def _gate_order(d: Drawn) -> None:
    if hasattr(d, "Wx4"):
        for name in ("Wx4", "Wh4", "bh4"):
            i, f, o, g = np.split(getattr(d, name), 4, axis=-1)
            setattr(d, name, np.concatenate([i, f, g, o], axis=-1))


def _twice(d: Drawn) -> None:
    if getattr(d, "f", ()):
        (f,) = d.f
        d.f = (lambda z: f(f(z)),)


def _no_slope(d: Drawn) -> None:
    if getattr(d, "g", ()):
        d.g = (np.ones_like,)


def _pre_activation(d: Drawn) -> None:
    if hasattr(d, "of_tanh"):
        d.of_tanh, d.of_sigmoid = course.tanh(d.of_tanh), course.sigmoid(d.of_sigmoid)
    if getattr(d, "g", ()):
        (g,) = d.g
        d.g = (lambda h: g(np.arctanh(h)) if g is course.tanh_derivative else g(h),)


OF_INPUT: dict[str, Change] = {
    "transposed weights: the recurrent matrix is used the other way round": _transposed,
    "forgotten bias": _no_bias,
    "one bias where there are two": _one_bias,
    "the state before is left out": _no_state,
    "gates read in another order": _gate_order,
    "the activation is applied twice": _twice,
    "the activation's slope is left out": _no_slope,
    "the slope is taken at the pre-activation, not at the output": _pre_activation,
}


RNN_STEP, RNN_BACK, LSTM_STEP = RNN.step, RNN.step_back, LSTM.step


def _rnn_twice(cell: RNN, *arguments: Any) -> Any:
    (h,), kept = RNN_STEP(cell, *arguments)
    return (np.tanh(h),), kept


def _lstm_twice(cell: LSTM, *arguments: Any) -> Any:
    (_, c), kept = LSTM_STEP(cell, *arguments)
    return (kept["o"] * np.tanh(np.tanh(c)), c), kept


def _rnn_no_slope(cell: RNN, d: Any, *arguments: Any) -> StepBack:
    return StepBack(x={"hidden": d.h}, h={"hidden": d.h})


def _rnn_pre_activation(cell: RNN, d: Any, kept: Any, old: Any, new: Any, mix_back: Any) -> Any:
    return RNN_BACK(cell, d, kept, old, Numbers(h=np.arctanh(new.h)), mix_back)


OF_CELL: list[tuple[str, Any, str, Any]] = [
    ("the activation is applied twice", RNN, "step", _rnn_twice),
    ("the activation is applied twice: tanh to the cell", LSTM, "step", _lstm_twice),
    ("the activation's slope is left out", RNN, "step_back", _rnn_no_slope),
    ("the slope is taken at the pre-activation, not at the output", RNN, "step_back", _rnn_pre_activation),
]


def slips(case: Case, reference: Any, d: Drawn) -> Iterator[tuple[str, Any]]:
    """Yields every slip's name and what it makes of a case."""
    right = case.call(reference, copy.deepcopy(d))
    if case.last is not None:
        last = case.last(reference, copy.deepcopy(d))
        yield "the last step's term is missing", _map(np.subtract, right, last)
        yield "gradients are not summed over time: the last step's stands alone", last
    for name, change in OF_INPUT.items():
        changed = copy.deepcopy(d)
        change(changed)
        yield name, case.call(reference, changed)
    if hasattr(d, "Wx"):  # cells whose activation is their own
        for name, cell, method, broken in OF_CELL:
            with patch.object(cell, method, broken):
                yield name, case.call(reference, copy.deepcopy(d))
    n = d.steps
    factors = {
        "accumulated twice": 2.0,
        "the mean stands for the sum over steps": 1 / n,
        "the mean stands for the sum over the batch": 1 / d.batch,
        "the sum stands for the mean over steps": n,
        "the sum stands for the mean over samples": d.samples,
        "averaged over n targets, not over the n - 1 that involve U": (n - 1) / n,
        "the mean stands for the sum over the steps that have one before": 1 / max(n - 1, 1),
        "overwritten where gradients add up": 0.5,
        "the sign is wrong": -1.0,
    }
    for name, factor in factors.items():
        yield name, _map(lambda leaf, _, factor=factor: factor * leaf, right, right)
    yield "the last step's term is missing", _map(_without_last, right, right)
    yield (
        "forgotten bias: its gradient is missing",
        _map(lambda leaf, _: _without_bias(leaf, d), right, right),
    )
    if isinstance(right, tuple):
        yield "results are returned in another order", right[::-1]


def _without_last(leaf: Any, _: Any) -> Any:
    """Returns gradients per step (T, ...) with zeros at the last step."""
    return leaf if np.ndim(leaf) < 3 else np.concatenate([leaf[:-1], 0 * leaf[-1:]])


def _without_bias(leaf: Any, d: Drawn) -> Any:
    """Returns a gradient of the course's weights without the column of the bias."""
    widths = (d.W.shape[1], d.V.shape[1]) if hasattr(d, "V") else ()
    return leaf[..., 1:] if np.ndim(leaf) > 0 and np.shape(leaf)[-1] in widths else leaf


def _map(function: Callable[..., Any], one: Any, other: Any) -> Any:
    if isinstance(one, dict):
        return {key: _map(function, one[key], other[key]) for key in one}
    if isinstance(one, (list, tuple)):
        return type(one)(_map(function, a, b) for a, b in zip(one, other, strict=True))
    return one if one is None or isinstance(one, bool) else function(one, other)
