"""The source of what a cell's step computes at one unit, forward and back, and where its numbers stand.

H hidden, P hidden padded to whole vectors; j the unit. Values are those of `rnnlab.cells.expressions`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rnnlab.cells.base import Cell
from rnnlab.cells.expressions import Expression, operations, reverse
from rnnlab.cells.functions import OF_ONE
from rnnlab.cells.trace import trace

KEPT = set(OF_ONE) - {"relu"}
"""Operations whose results are kept from the way forward: they take longer to compute than to read."""
INFIX = {"+": "+", "−": "-", "⊙": "*", "/": "/"}


@dataclass
class Code:
    """Lines of source, and the constants that they name."""

    lines: list[str] = field(default_factory=list)
    constants: dict[str, str] = field(default_factory=dict)

    def add(self, depth: int, *lines: str) -> None:
        """Adds lines, indented so deep."""
        self.lines += ["    " * depth + line for line in lines]

    def number(self, value: float) -> str:
        """Returns the name of a constant of the scan's precision."""
        return self.constants.setdefault(repr(float(value)), f"C{len(self.constants)}")

    def argument(self, value: Any, names: Mapping[int, str]) -> str:
        """Returns the name of a value, or that of the number it is."""
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


class StepSource:
    """What the step of one cell computes at a unit, as lines of source."""

    def __init__(self, cell: Cell) -> None:
        self.cell, self.trace = cell, trace(cell)
        self.code = Code()
        self.mixes = list(self.trace.mixes)
        self.seeds = {s: Expression("symbol", name=f"d_{s}") for s in cell.states}
        self.back_through_mix = [Expression("symbol", name=f"d_v{k}") for k in range(len(self.mixes))]
        self.at_mix: list[Any] = [0] * len(self.mixes)
        self.gradients = self._reverse()
        self.kept = self._kept()
        self.places = self._places()
        self.sums = {s: self._sums(names) for s, names in cell.recurrent.items()}
        self.unit_own = [*cell.unit_parameters, *cell.scalars]

    def _reverse(self) -> dict[int, Any]:
        number_of = {id(mix): k for k, mix in enumerate(self.mixes)}

        def mix_back(mix: Expression, gradient: Any, argument: Any) -> Any:
            k = number_of[id(mix)]
            self.at_mix[k] = gradient
            return self.back_through_mix[k]

        new = self.trace.new
        seeds = [(new[s], seed) for s, seed in self.seeds.items() if isinstance(new[s], Expression)]
        return reverse(seeds, lambda expression: expression, mix_back=mix_back)

    def gradient(self, symbol: Expression) -> Any:
        """Returns the derivative of the step by a symbol, 0 where nothing depends on it."""
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

    def _places(self) -> dict[int, str]:
        """Returns where in the arrays of a row every kept result stands, at unit j.

        It takes the place of a product of the input that nothing else is computed from, if there is one: what
        is written over is in the processor's cache, and more memory is not.
        """
        forward = operations([*self.trace.new.values(), *self.mixes])
        back = operations([*self.back_roots(), *self.at_mix], leaves=self.kept)
        users: dict[int, list[Expression]] = {}
        for expression in {id(e): e for e in [*forward, *back]}.values():
            for argument in {id(argument) for argument in expression.args}:
                users.setdefault(argument, []).append(expression)
        kept, places = {id(e) for e in self.kept}, {}
        for block, name in enumerate(self.cell.gates):
            expression = self.trace.x[name]
            while id(expression) not in kept and len(users.get(id(expression), [])) == 1:
                (expression,) = users[id(expression)]
            if id(expression) in kept and id(expression) not in places:
                places[id(expression)] = f"x[{block} * P + j]"
        apart = [e for e in self.kept if id(e) not in places]
        return places | {id(e): f"kept[{i} * P + j]" for i, e in enumerate(apart)}

    def kept_apart(self) -> int:
        """Returns how many results are kept in an array of their own."""
        return sum(place.startswith("kept") for place in self.places.values())

    def _sums(self, names: tuple[str, ...]) -> list[Expression]:
        """Returns the sums x + h of the first products, as far as nothing else is done with either."""
        forward = operations([*self.trace.new.values(), *self.mixes])
        sums: list[Expression] = []
        for name, gate in zip(names, self.cell.gates, strict=False):
            if name != gate:
                break
            pair = {id(self.trace.x[name]), id(self.trace.h[name])}
            users = [e for e in forward if any(id(argument) in pair for argument in e.args)]
            if len(users) != 1 or users[0].operation != "+" or {id(a) for a in users[0].args} != pair:
                break
            sums += users
        return sums

    def joined(self) -> dict[str, int]:
        """Returns for each state how many of its products, the first, are only ever added to the input's."""
        return {s: len(sums) for s, sums in self.sums.items()}

    def apart(self, state: str) -> tuple[str, ...]:
        """Returns the names of a state's other products, which stand in an array of their own."""
        return self.cell.recurrent[state][len(self.sums[state]) :]

    def loads(self) -> dict[int, str]:
        """Returns where in the arrays of a row every symbol of the step stands, at unit j."""
        places: dict[int, str] = {}
        for block, name in enumerate(self.cell.gates):
            places[id(self.trace.x[name])] = f"x[{block} * P + j] + bias_x[{block} * P + j]"
        for s, names in self.cell.recurrent.items():
            for name, result in zip(names, self.sums[s], strict=False):
                places[id(result)] = places[id(self.trace.x[name])]
            for block, name in enumerate(self.apart(s)):
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
        """Returns how a result of the step is called in the source."""
        return self.code.argument(result, names)
