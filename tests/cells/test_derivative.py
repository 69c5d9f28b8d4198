"""The lines of a cell's step and of its derivative, computed as they are written, are right."""

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rnnlab.cells import Cell, shipped_cells, sigmoid
from rnnlab.cells.derivative import Derivative, derivative
from rnnlab.cells.functions import OF_ONE
from rnnlab.cells.gru import GRU
from tests.cells.test_every_cell import Everything, NoBias

INPUTS, HIDDEN, STEP = 3, 4, 1e-6
CALLED = {"sigmoid": "σ", "log": "ln", "log_sigmoid": "lnσ"}
FUNCTIONS = {CALLED.get(name, name): function for name, function in OF_ONE.items()} | {"max": np.maximum}
WORD = re.compile(r"[A-Za-zσΣ][A-Za-z0-9_σ]*(?:\(t-1\))?′*(?:\[[^\]]*\])?ᵀ?")
NUMBER = re.compile(r"1e−(?=\d)")
SIGNS = {"⊙": "*", "·": "@", "−": "-", "≥": ">=", "²": "**2", "³": "**3"}


class Tangled(Cell):
    """Values that are called as other things are; a state that two names have; a mix of an old state."""

    gates = ("v", "mix")
    states = ("h", "s", "mixed", "unused")
    recurrent = {"s": ("v",)}  # noqa: RUF012
    mixed = ("x", "twice", "last")

    def step(self, x: Any, h: Any, state: Any, own: Any, mix: Any) -> Any:
        first = sigmoid(x.v + h.v + mix(state.h) / 3)
        new = mix(first) * x.mix + first * state.s
        return (new, new, mix(new), 0.25), {"x": first, "h": x.mix}


CELLS = {name: cell() for name, cell in shipped_cells().items()}
CELLS |= {"reset before": GRU(reset_after=False), "everything": Everything(), "no bias": NoBias()}
CELLS |= {"tangled": Tangled()}
EVERY_CELL = pytest.mark.parametrize("name", CELLS)


def drawn(cell: Cell) -> dict[str, Any]:
    """All that a step is given, by the names in its lines."""
    rng = np.random.default_rng(0)
    numbers: dict[str, Any] = {"x_t": rng.standard_normal(INPUTS)}
    for name in cell.states:
        numbers[f"{name}_(t-1)"] = (
            rng.uniform(0.2, 1.0, HIDDEN) if name == "n" else rng.standard_normal(HIDDEN)
        )
    for name, shape in cell.shapes(INPUTS, HIDDEN).items():
        kind, _, ends = name.partition("_")
        known = {"weight": f"W_{ends}", "bias": f"b_{ends}"}.get(kind) if ends.endswith("h") else None
        numbers[known if known and cell.blocks(name) else name] = 0.7 * rng.standard_normal(shape)
    return numbers


def stepped(cell: Cell, numbers: dict[str, Any]) -> dict[str, Any]:
    """The new states by name, of the products with matrices and the cell's own `step`."""
    first, waiting = f"{cell.states[0]}h", list(cell.mixed)

    def product(ends: str, value: Any, names: tuple[str, ...]) -> dict[str, Any]:
        found = {}
        for name in names:
            rows = cell.rows(f"weight_{ends}", name, HIDDEN)
            bias = numbers[f"b_{ends}"][rows] if f"b_{ends}" in numbers else 0
            found[name] = numbers[f"W_{ends}"][rows] @ value + bias
        return found

    h: dict[str, Any] = {}
    for s, names in cell.recurrent.items():
        h |= product(f"{s}h", numbers[f"{s}_(t-1)"], tuple(names))
    x = product("ih", numbers["x_t"], cell.gates)
    old = {name: numbers[f"{name}_(t-1)"] for name in cell.states}
    own = {name: numbers[name] for name in (*cell.unit_parameters, *cell.scalars)}

    def mix(value: Any) -> Any:
        name = waiting.pop(0)
        return product(first, value, (name,))[name]

    new, _ = cell.step(*(SimpleNamespace(**given) for given in (x, h, old, own)), mix)
    return dict(zip(cell.states, new, strict=True))


class Reader:
    """Computes lines as they are written; numbers: what is known, by name."""

    def __init__(self, cell: Cell, lines: Derivative, numbers: dict[str, Any]) -> None:
        self.cell, self.numbers = cell, dict(numbers)
        self.blocks = {line.text.partition(" = ")[0]: line.blocks for line in lines.forward if line.blocks}

    def value(self, name: str) -> Any:
        if name.endswith("ᵀ"):
            return self.value(name[:-1]).T
        if name in self.numbers:
            return self.numbers[name]
        if name.removeprefix("d_") in self.blocks:
            mark = "d_" if name.startswith("d_") else ""
            blocks = self.blocks[name.removeprefix("d_")]
            return np.concatenate([np.broadcast_to(self.value(mark + block), HIDDEN) for block in blocks])
        whole, _, names = name.removesuffix("]").partition("[")
        kind, ends = whole.rsplit("_", 1)
        places = [self.cell.rows(f"weight_{ends}", one, HIDDEN) for one in names.split(", ")]
        return np.concatenate([self.numbers[f"{kind}_{ends}"][rows] for rows in places])

    def computed(self, text: str) -> Any:
        words: list[str] = []

        def remember(found: re.Match[str]) -> str:
            if found[0] in (*FUNCTIONS, "Σ"):
                return found[0]
            words.append(found[0])
            return f"values[{len(words) - 1}]"

        left, outer, right = text.partition(" ⊗ ")
        if outer:
            return np.outer(self.computed(left), self.computed(right))
        code = WORD.sub(remember, NUMBER.sub("10.0**-", text))
        for sign, python in SIGNS.items():
            code = code.replace(sign, python)
        values = [self.value(word) for word in words]
        return eval(code, {**FUNCTIONS, "Σ": np.sum, "values": values, "__builtins__": {}})

    def read(self, text: str) -> None:
        name, adds, right = text.partition(" += ")
        if not adds:
            name, _, right = text.partition(" = ")
        value = self.computed(right)
        self.numbers[name] = self.numbers.get(name, 0) + value if adds else value
        for k, block in enumerate(self.blocks.get(name, ())):
            self.numbers[block] = value[k * HIDDEN : (k + 1) * HIDDEN]


@EVERY_CELL
def test_lines_forward_are_the_step(name: str) -> None:
    cell = CELLS[name]
    numbers, lines = drawn(cell), derivative(cell)
    reader = Reader(cell, lines, numbers)
    for line in lines.forward:
        reader.read(line.text)
    for state, right in stepped(cell, numbers).items():
        assert np.abs(right).max() > 1e-3
        np.testing.assert_allclose(reader.numbers[f"{state}_t"], right, rtol=1e-13, err_msg=state)


@EVERY_CELL
def test_lines_back_are_finite_differences(name: str) -> None:
    cell = CELLS[name]
    numbers, lines = drawn(cell), derivative(cell)
    rng = np.random.default_rng(1)
    d_new = {state: rng.standard_normal(HIDDEN) for state in cell.states}
    reader = Reader(cell, lines, numbers)
    for line in lines.forward:
        reader.read(line.text)
    reader.numbers |= {f"d_{state}_t": d.copy() for state, d in d_new.items()}
    for line in lines.back:
        reader.read(line.text)

    def loss() -> float:
        return float(sum((d_new[s] * new).sum() for s, new in stepped(cell, numbers).items()))

    for given, array in numbers.items():
        expected = np.empty(array.shape)
        for at in np.ndindex(array.shape):
            was, ends = array[at], []
            for step in (STEP, -STEP):
                numbers[given] = np.where(
                    np.arange(array.size).reshape(array.shape) == _flat(at, array), was + step, array
                )
                ends.append(loss())
            numbers[given] = array
            expected[at] = (ends[0] - ends[1]) / (2 * STEP)
        found = gathered(cell, reader, given)
        size = max(np.abs(expected).max(), 1e-2)
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-8 * size, err_msg=given)


def _flat(at: tuple[int, ...], array: Any) -> int:
    return int(np.ravel_multi_index(at, array.shape)) if at else 0


def gathered(cell: Cell, reader: Reader, given: str) -> Any:
    """The gradient of all rows of a parameter that lines speak of by blocks."""
    whole = reader.numbers.get(f"d_{given}")
    if whole is not None:
        return whole
    parts = {name: array for name, array in reader.numbers.items() if name.startswith(f"d_{given}[")}
    if not parts:
        return 0.0
    ends = given.partition("_")[2]
    found = np.zeros(reader.numbers[given].shape)
    for name, array in parts.items():
        blocks = name.removesuffix("]").partition("[")[2].split(", ")
        for k, block in enumerate(blocks):
            rows = cell.rows(f"weight_{ends}", block, HIDDEN)
            found[rows] = array[k * HIDDEN : (k + 1) * HIDDEN]
    return found


@EVERY_CELL
def test_lines_are_numbered_and_speak_of_earlier_ones(name: str) -> None:
    forward, back = derivative(CELLS[name])
    assert [line.number for line in (*forward, *back)] == list(range(1, len(forward) + len(back) + 1))
    for line in back:
        assert all(1 <= number <= len(forward) for number in line.through), line
        assert line.through or line.text.endswith(" = 0"), line
