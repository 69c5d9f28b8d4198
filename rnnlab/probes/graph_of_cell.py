"""One step of a cell, opened up: its formulas, and the derivatives of each, followed with symbols.

In the formulas `·` is the matrix product and `⊙` that of number by number; W_ih, W_hh, b_ih and b_hh are
torch's own, which hold the rows of all gates, and p₁[forget] are those of the gate `forget`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rnnlab.cells import Cell
from rnnlab.cells.expressions import Expression, reverse, shown
from rnnlab.cells.trace import Trace
from rnnlab.core.graph import ComputationGraph, Kind, Node

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
TAKEN = frozenset("wxEpqekmduvyL")
"""Letters that stand for something else in a graph; a cell's own value of such a name gets a prime."""


@dataclass(frozen=True)
class Reader:
    """A layer that reads in one direction, and the graph that its steps are added to.

    mark: what tells its symbols from those of others, as ⁽²⁾←; nothing where there are no others; leftward:
    whether the last step is read first.
    """

    graph: ComputationGraph
    cell: Cell
    trace: Trace
    hidden_size: int
    mark: str
    leftward: bool

    def symbol(self, name: str, step: int) -> str:
        """Returns the symbol of `name` at a step, as h⁽²⁾←₃."""
        return f"{name}{self.mark}{subscript(step)}"

    def read(self, vectors: Sequence[str]) -> list[str]:
        """Adds a step for each of `vectors`; returns the hidden states in their order.

        Reading starts from zeros, the states of step 0 or of the one after the last.
        """
        steps = range(1, len(vectors) + 1)
        stride = -1 if self.leftward else 1
        order = steps[::stride]
        for name in self.cell.states:
            symbol = self.symbol(_letter(name), order[0] - stride)
            self.graph.add(Node(symbol, "0", (self.hidden_size,), "constant", None, self.leftward), {})
        for step in order:
            _Step(self, step).add(vectors[step - 1], before=step - stride)
        return [self.symbol(_letter(self.cell.states[0]), step) for step in steps]


@dataclass(frozen=True)
class _Step:
    """One step of a reader. names: the symbols of expressions by `id`; tails: the node that each belongs
    to.
    """

    reader: Reader
    step: int
    names: dict[int, str] = field(default_factory=dict)
    tails: dict[int, str] = field(default_factory=dict)

    def add(self, x: str, *, before: int) -> None:
        """Adds the products of `x` and of the states of the step `before`, and all that is computed from
        them.
        """
        cell, trace = self.reader.cell, self.reader.trace
        last = {name: self.reader.symbol(_letter(name), before) for name in cell.states}
        for name, before_it in last.items():
            self._name(trace.state[name], before_it, before_it)
        for name, parameter in trace.own.items():
            self.names[id(parameter)] = f"{name}{self.reader.mark}"
        self._add_products("p", "ih", x, {gate: trace.x[gate] for gate in cell.gates})
        for state, names in cell.recurrent.items():
            letter = "q" if state == cell.states[0] else f"q_{state}"
            self._add_products(letter, f"{state}h", last[state], {name: trace.h[name] for name in names})
        new = {id(result): name for name, result in trace.new.items()}
        mixes = {id(mix): number for number, mix in enumerate(trace.mixes)}
        waiting = [
            *trace.results(),
            *((name, mix) for name, mix in zip(cell.mixed, trace.mixes, strict=True)),
        ]
        for name, result in sorted(waiting, key=lambda pair: getattr(pair[1], "number", 0)):
            if id(result) in mixes:
                if id(result) not in self.tails:
                    self._add_mix(mixes[id(result)], result)
                if id(result) not in new:
                    continue
            if name not in trace.new and (not isinstance(result, Expression) or not result.args):
                continue  # a product under another name, or a plain number
            self._add_result(_letter(name), result, kind="state" if name in trace.new else "operation")

    def _add_products(self, letter: str, ends: str, value: str, products: dict[str, Expression]) -> None:
        if not products:
            return
        cell, mark = self.reader.cell, self.reader.mark
        bias = f" + b_{ends}{mark}" if (cell.input_bias if ends == "ih" else cell.recurrent_bias) else ""
        formula, factor = f"W_{ends}{mark} · {value}{bias}", f"W_{ends}{mark}ᵀ"
        if cell.mixed and ends == f"{cell.states[0]}h":  # the rows of the products in the middle stand below
            rows = f"[{', '.join(products)}]"
            formula, factor = (
                f"W_{ends}{mark}{rows} · {value}{bias}{rows if bias else ''}",
                f"W_{ends}{mark}{rows}ᵀ",
            )
        symbol = self._node(letter, formula, [(value, factor)], gates=len(products))
        for name, product in products.items():
            self._name(product, symbol if len(products) == 1 else f"{symbol}[{name}]", symbol)

    def _add_mix(self, number: int, mix: Expression) -> None:
        cell, mark, primes = self.reader.cell, self.reader.mark, "′" * number
        value = mix.args[0]
        if not isinstance(value, Expression) or id(value) not in self.tails:
            self._add_result(f"e{primes}", value, kind="operation")
        argument, ends = self.names[id(value)], f"{cell.states[0]}h"
        bias = f" + b_{ends}{mark}[{cell.mixed[number]}]" if cell.recurrent_bias else ""
        weight = f"W_{ends}{mark}[{cell.mixed[number]}]"
        symbol = self._node(f"k{primes}", f"{weight} · {argument}{bias}", [(argument, f"{weight}ᵀ")])
        self._name(mix, symbol, symbol)

    def _add_result(self, letter: str, result: object, *, kind: Kind) -> None:
        """Adds a value with its formula, and for each node that it is computed from the derivative."""
        symbol = self.reader.symbol(letter, self.step)
        if not isinstance(result, Expression):
            self._node(letter, shown(result, {}), [], kind=kind)
            return
        if id(result) in self.tails:  # a state that is another value as it is
            self._node(letter, self.names[id(result)], [(self.tails[id(result)], "1")], kind=kind)
            return
        leaves = [e for e in _below(result) if id(e) in self.tails]
        gradients = reverse([(result, 1)], lambda a: a, leaves=leaves)
        names = {**self.names, id(result): symbol}
        reached = [leaf for leaf in leaves if id(leaf) in gradients]
        tails = [self.tails[id(leaf)] for leaf in reached]
        factors = []
        for leaf, tail in zip(reached, tails, strict=True):
            factor = shown(gradients[id(leaf)], names, whole=False)
            if tails.count(tail) > 1:  # of one vector's products, each has a factor of its own
                factor = f"to {self.names[id(leaf)]}: {factor}"
            factors.append((tail, factor))
        self._node(letter, shown(result, self.names), factors, kind=kind)
        self._name(result, symbol, symbol)

    def _node(
        self,
        letter: str,
        formula: str,
        factors: Sequence[tuple[str, str]],
        *,
        kind: Kind = "operation",
        gates: int = 1,
    ) -> str:
        """Adds a node of hidden_size numbers for each of `gates`."""
        reader = self.reader
        symbol, shape = reader.symbol(letter, self.step), (gates * reader.hidden_size,)
        return reader.graph.add(Node(symbol, formula, shape, kind, self.step, reader.leftward), factors)

    def _name(self, expression: Expression, name: str, tail: str) -> None:
        self.names[id(expression)], self.tails[id(expression)] = name, tail


def _below(result: Expression) -> list[Expression]:
    """Returns the expressions that a result is computed from, in the order they were made."""
    found: dict[int, Expression] = {}
    waiting = [argument for argument in result.args if isinstance(argument, Expression)]
    while waiting:
        expression = waiting.pop()
        if id(expression) not in found:
            found[id(expression)] = expression
            waiting += [argument for argument in expression.args if isinstance(argument, Expression)]
    return sorted(found.values(), key=lambda expression: expression.number)


def _letter(name: str) -> str:
    return f"{name}′" if name in TAKEN else name


def subscript(number: int) -> str:
    """Returns a number as a subscript, as ₁₂."""
    return str(number).translate(SUBSCRIPTS)


def level(layer: int) -> str:
    """Returns a layer's number as a mark, as ⁽²⁾."""
    return f"⁽{str(layer).translate(SUPERSCRIPTS)}⁾"
