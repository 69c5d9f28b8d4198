"""The source of a cell's two scans, forward and back, written out from its `step` and its derivative.

N steps of all texts together, B texts, H hidden, P hidden padded to whole vectors, R products of a state.
Texts are sorted, the longest first, so that the rows of a step are those of the step before, less the texts
that have ended. A step is cut at every `mix` into stages, each a loop over rows and units; between them
stand products with matrices (`rnnlab.kernels.products`). Values that a stage shares with
another are computed again, but for results of functions such as tanh, which are kept.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rnnlab.cells.base import Cell
from rnnlab.cells.expressions import Expression, operations, reverse
from rnnlab.cells.functions import OF_ONE
from rnnlab.cells.trace import trace

KEPT = set(OF_ONE) - {"relu"}
"""Operations whose results are kept from the way forward: they take longer to compute than to read."""
INFIX = {"+": "+", "−": "-", "⊙": "*", "/": "/"}


@dataclass(frozen=True)
class Plan:
    """What the scans of a cell read and write, beside the source of both.

    kept: how many results a step keeps for the way back. joined: for each state that has products, whether
    each is only ever added to that of the input, so that the sums alone are written, and their gradients.
    """

    source: str
    kept: int
    joined: Mapping[str, bool]


@dataclass
class _Code:
    """Lines of source, and the constants that they name."""

    lines: list[str] = field(default_factory=list)
    constants: dict[str, str] = field(default_factory=dict)

    def add(self, depth: int, *lines: str) -> None:
        self.lines += ["    " * depth + line for line in lines]

    def number(self, value: float) -> str:
        """Returns the name of a constant of the scan's precision."""
        return self.constants.setdefault(repr(float(value)), f"C{len(self.constants)}")

    def argument(self, value: Any, names: Mapping[int, str]) -> str:
        return names[id(value)] if isinstance(value, Expression) else self.number(value)

    def operation(self, expression: Expression, names: Mapping[int, str]) -> str:
        """Returns the source of one operation on values that have names."""
        kind = expression.operation
        if kind == "^":
            base = self.argument(expression.args[0], names)
            return " * ".join([base] * expression.args[1])
        args = [self.argument(argument, names) for argument in expression.args]
        if kind in INFIX:
            return f"{args[0]} {INFIX[kind]} {args[1]}"
        if kind == "neg":
            return f"-{args[0]}"
        if kind in (">", "≥"):
            sign = ">" if kind == ">" else ">="
            return f"{self.number(1)} if {args[0]} {sign} {args[1]} else {self.number(0)}"
        if kind == "maximum":
            return f"{args[0]} if {args[0]} >= {args[1]} else {args[1]}"
        if kind == "relu":
            return f"{args[0]} if {args[0]} > {self.number(0)} else {self.number(0)}"
        return f"{kind}({args[0]})"


class _Writer:
    """Writes the scans of one cell."""

    def __init__(self, cell: Cell) -> None:
        self.cell, self.trace = cell, trace(cell)
        self.code = _Code()
        self.state_of = {name: s for s, names in cell.recurrent.items() for name in names}
        self.mixes = list(self.trace.mixes)
        self.seeds = {s: Expression("symbol", name=f"d_{s}") for s in cell.states}
        self.back_through_mix = [Expression("symbol", name=f"d_v{k}") for k in range(len(self.mixes))]
        self.at_mix: list[Any] = [0] * len(self.mixes)
        self.gradients = self._reverse()
        self.kept = self._kept()
        self.sums = {s: self._sums(names) for s, names in cell.recurrent.items()}
        self.unit_own = [*cell.unit_parameters, *cell.scalars]

    def _reverse(self) -> dict[int, Any]:
        waiting = list(range(len(self.mixes)))

        def mix_back(gradient: Any, argument: Any) -> Any:
            k = waiting.pop()
            self.at_mix[k] = gradient
            return self.back_through_mix[k]

        new = self.trace.new
        seeds = [(new[s], seed) for s, seed in self.seeds.items() if isinstance(new[s], Expression)]
        return reverse(seeds, lambda expression: expression, mix_back=mix_back)

    def gradient(self, symbol: Expression) -> Any:
        return self.gradients.get(id(symbol), 0)

    def back_roots(self) -> list[Any]:
        """Returns the gradients that the last stage of the way back writes."""
        groups: tuple[Mapping[str, Expression], ...] = (
            self.trace.x, self.trace.h, self.trace.state, self.trace.own)  # fmt: skip
        return [self.gradient(symbol) for group in groups for symbol in group.values()]

    def _kept(self) -> list[Expression]:
        forward = {id(e) for e in operations([*self.trace.new.values(), *self.mixes])}
        wanted = operations([*self.back_roots(), *self.at_mix])
        return [e for e in wanted if e.operation in KEPT and id(e) in forward]

    def _sums(self, names: Iterable[str]) -> list[Expression]:
        """Returns the sums x + h of these products, if nothing else is done with either; else none."""
        if tuple(names) != tuple(self.cell.gates):
            return []
        forward = operations([*self.trace.new.values(), *self.mixes])
        sums = []
        for name in names:
            pair = {id(self.trace.x[name]), id(self.trace.h[name])}
            users = [e for e in forward if any(id(argument) in pair for argument in e.args)]
            if len(users) != 1 or users[0].operation != "+" or {id(a) for a in users[0].args} != pair:
                return []
            sums += users
        return sums

    def joined(self) -> dict[str, bool]:
        """Returns for each state whether its products are only ever added to those of the input."""
        return {s: bool(sums) for s, sums in self.sums.items()}

    def loads(self) -> dict[int, str]:
        """Returns where in the arrays of a row every symbol of the step stands, at unit j."""
        places: dict[int, str] = {}
        for block, name in enumerate(self.cell.gates):
            places[id(self.trace.x[name])] = f"x[{block} * P + j] + bias_x[{block} * P + j]"
        for s, names in self.cell.recurrent.items():
            for block, name in enumerate(names):
                if self.sums[s]:
                    places[id(self.sums[s][block])] = places[id(self.trace.x[name])]
                else:
                    places[id(self.trace.h[name])] = f"p_{s}[{block} * P + j]"
        for s in self.cell.states:
            places[id(self.trace.state[s])] = f"old_{s}[j]"
            places[id(self.seeds[s])] = f"d_{s}[j]"
        for name in self.unit_own:
            places[id(self.trace.own[name])] = f"own_{name}[j]"
        for k, mix in enumerate(self.mixes):
            places[id(mix)] = f"m{k}[j]"
            places[id(self.back_through_mix[k])] = f"d_v{k}[j]"
        return places

    def units(self, depth: int, roots: Iterable[Any], known: Mapping[int, str]) -> dict[int, str]:
        """Writes the operations that the roots need, at unit j; returns the name of each value."""
        names: dict[int, str] = {}
        leaves = [e for e in operations(roots) if id(e) in known]
        for expression in operations(roots, leaves=leaves):
            name = f"v{len(names)}"
            text = known.get(id(expression)) or self.code.operation(expression, names)
            self.code.add(depth, f"{name} = {text}")
            names[id(expression)] = name
        return names

    def value(self, result: Any, names: Mapping[int, str]) -> str:
        return self.code.argument(result, names)


def write_source(cell: Cell, precision: str) -> Plan:
    """Returns the source of a module with `forward` and `backward`, for float32 or float64.

    Raises ValueError, in one line, for a step that symbols cannot go through.
    """
    writer = _Writer(cell)
    forward, backward = list(_forward(writer)), list(_backward(writer))
    bits = precision.removeprefix("float")
    imports = [
        f'"""The scans of {cell.name} in {precision}, written by rnnlab.kernels.source."""',
        "import math",
        "import numpy as np",
        "from numba import njit",
        "from rnnlab.kernels import functions, products",
        "from rnnlab.kernels.jit import FASTMATH",
        "",
        f"tanh, sigmoid, exp = functions.tanh{bits}, functions.sigmoid{bits}, functions.exp{bits}",
        f"log_sigmoid = functions.log_sigmoid{bits}",
        "log, sqrt, cos, sin = math.log, math.sqrt, math.cos, math.sin",
        *(f"{name} = np.{precision}({_literal(value)})" for value, name in writer.code.constants.items()),
        "",
    ]
    return Plan("\n".join([*imports, *forward, "", *backward, ""]), len(writer.kept), writer.joined())


def _literal(value: str) -> str:
    return f"float({value!r})" if value in ("inf", "-inf", "nan") else value


HEAD = "@njit(fastmath=FASTMATH, error_model='numpy', cache=CACHE, nogil=True)"


def _arrays(writer: _Writer, *kinds: str) -> list[str]:
    """Returns the names of arguments, one each of the states (a name that ends in s), of those with products
    (r), of those whose products stand apart (p), of the products in the middle (m), of own parameters (o).
    """
    cell, names = writer.cell, []
    apart = [s for s in cell.recurrent if not writer.sums[s]]
    for kind in kinds:
        each = {"s": cell.states, "r": list(cell.recurrent), "p": apart, "m": range(len(writer.mixes)),
                "o": writer.unit_own}[kind[-1]]  # fmt: skip
        names += [kind[:-1].format(one) for one in each]
    return names


def _forward(writer: _Writer) -> Iterator[str]:
    code = writer.code
    code.lines = []
    arguments = ["H", "P", "batch_T", "x_N", "bias_x",
                 *_arrays(writer, "panels_{}r", "bias_{}p", "p_{}_Np", "panels_m{}m", "bias_m{}m", "v{}_Nm",
                          "m{}_Nm", "all_{}s", "own_{}o"), "kept_N"]  # fmt: skip
    code.add(0, HEAD, f"def forward({', '.join(arguments)}):")
    code.add(1, "B = batch_T[0]", "row, before = 0, 0")
    code.add(1, "for t in range(len(batch_T)):")
    code.add(2, "n = batch_T[t]")
    for s in writer.cell.recurrent:
        old = f"all_{s}[before:before + n], panels_{s}"
        if writer.sums[s]:
            code.add(2, f"products.add_product({old}, x_N[row:row + n], H)")
        else:
            code.add(2, f"products.product({old}, bias_{s}, p_{s}_N[row:row + n], H)")
    stored: set[int] = set()
    for k in range(len(writer.mixes) + 1):
        last = k == len(writer.mixes)
        roots = list(writer.trace.new.values()) if last else [writer.mixes[k].args[0]]
        _rows(writer, 2)
        known = writer.loads() | {
            id(e): f"kept[{i} * P + j]" for i, e in enumerate(writer.kept) if id(e) in stored
        }
        # What the way back reads is kept by the stage that computes it first.
        needed = roots + ([e for e in writer.kept if id(e) not in stored] if last else [])
        names = writer.units(4, needed, known)
        for i, e in enumerate(writer.kept):
            if id(e) in names and id(e) not in stored:
                code.add(4, f"kept[{i} * P + j] = {names[id(e)]}")
                stored.add(id(e))
        if last:
            for s, result in writer.trace.new.items():
                code.add(4, f"new_{s}[j] = {writer.value(result, names)}")
        else:
            code.add(4, f"v{k}_row[j] = {writer.value(roots[0], names)}")
            value, result = f"v{k}_N[row:row + n]", f"m{k}_N[row:row + n]"
            code.add(2, f"products.product({value}, panels_m{k}, bias_m{k}, {result}, H)")
    code.add(2, "before = B + row", "row += n")
    yield from code.lines


def _rows(writer: _Writer, depth: int) -> None:
    """Writes the loops over the rows of a step and over units, every array of a row under its name."""
    code, cell = writer.code, writer.cell
    code.add(depth, "for b in range(n):")
    code.add(depth + 1, "x = x_N[row + b]", "kept = kept_N[row + b]")
    for s in (s for s in cell.recurrent if not writer.sums[s]):
        code.add(depth + 1, f"p_{s} = p_{s}_N[row + b]")
    for s in cell.states:
        code.add(depth + 1, f"old_{s} = all_{s}[before + b]", f"new_{s} = all_{s}[B + row + b]")
    for k in range(len(writer.mixes)):
        code.add(depth + 1, f"v{k}_row, m{k} = v{k}_N[row + b], m{k}_N[row + b]")
    code.add(depth + 1, "for j in range(P):")


def _backward(writer: _Writer) -> Iterator[str]:
    code, cell = writer.code, writer.cell
    code.lines = []
    arguments = ["H", "P", "batch_T", "x_N", "bias_x",
                 *_arrays(writer, "panels_{}r", "p_{}_Np", "panels_m{}m", "m{}_Nm", "all_{}s", "own_{}o"),
                 "kept_N", "d_out_N", *_arrays(writer, "d_{}_Bs"), "d_x_N",
                 *_arrays(writer, "d_p_{}_Np", "d_m{}_Nm", "d_v{}_Bm", "d_own_{}o")]  # fmt: skip
    code.add(0, HEAD, f"def backward({', '.join(arguments)}):")
    code.add(1, "B = batch_T[0]", "row = len(x_N)")
    code.add(1, "for t in range(len(batch_T) - 1, -1, -1):")
    code.add(2, "n = batch_T[t]", "row -= n", "before = B + row - batch_T[t - 1] if t else 0")
    first = cell.states[0]
    code.add(2, "for b in range(n if len(d_out_N) else 0):")
    code.add(3, f"d_h, d_out = d_{first}_B[b], d_out_N[row + b]")
    code.add(3, "for j in range(P):")
    code.add(4, "d_h[j] = d_h[j] + d_out[j]")
    known = writer.loads() | {id(e): f"kept[{i} * P + j]" for i, e in enumerate(writer.kept)}
    for k in reversed(range(len(writer.mixes))):
        _rows_back(writer, 2)
        names = writer.units(4, [writer.at_mix[k]], known)
        code.add(4, f"d_m{k}[j] = {writer.value(writer.at_mix[k], names)}")
        code.add(2, f"products.set_blocks(d_m{k}_N[row:row + n], panels_m{k}, d_v{k}_B[:n], H, P)")
    _rows_back(writer, 2)
    names = writer.units(4, writer.back_roots(), known)
    for block, name in enumerate(cell.gates):
        code.add(4, f"d_x[{block} * P + j] = {writer.value(writer.gradient(writer.trace.x[name]), names)}")
    for s, products in cell.recurrent.items():
        for block, name in enumerate([] if writer.sums[s] else products):
            gradient = writer.gradient(writer.trace.h[name])
            code.add(4, f"d_p_{s}[{block} * P + j] = {writer.value(gradient, names)}")
    for name in writer.unit_own:
        gradient = writer.gradient(writer.trace.own[name])
        if isinstance(gradient, Expression):
            code.add(4, f"d_own_{name}[j] = d_own_{name}[j] + {writer.value(gradient, names)}")
    for s in cell.states:
        code.add(4, f"d_{s}[j] = {writer.value(writer.gradient(writer.trace.state[s]), names)}")
    for s in cell.recurrent:
        source = "d_x_N" if writer.sums[s] else f"d_p_{s}_N"
        code.add(2, f"products.add_blocks({source}[row:row + n], panels_{s}, d_{s}_B[:n], H, P)")
    yield from code.lines


def _rows_back(writer: _Writer, depth: int) -> None:
    code, cell = writer.code, writer.cell
    code.add(depth, "for b in range(n):")
    code.add(depth + 1, "x = x_N[row + b]", "kept = kept_N[row + b]", "d_x = d_x_N[row + b]")
    for s in (s for s in cell.recurrent if not writer.sums[s]):
        code.add(depth + 1, f"p_{s}, d_p_{s} = p_{s}_N[row + b], d_p_{s}_N[row + b]")
    for s in cell.states:
        code.add(depth + 1, f"old_{s}, d_{s} = all_{s}[before + b], d_{s}_B[b]")
    for k in range(len(writer.mixes)):
        code.add(depth + 1, f"m{k}, d_m{k}, d_v{k} = m{k}_N[row + b], d_m{k}_N[row + b], d_v{k}_B[b]")
    code.add(depth + 1, "for j in range(P):")
