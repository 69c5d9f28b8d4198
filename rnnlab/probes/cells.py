"""One step of an RNN, an LSTM and a GRU, opened up: torch's formulas, and the derivatives of each.

In the formulas `·` is the matrix product and `⊙` that of number by number; W_ih, W_hh, b_ih and b_hh are
torch's own, which hold the rows of all gates, and a₁[f] are those of gate f.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from rnnlab.core.graph import ComputationGraph, Kind, Node

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Reader:
    """A layer that reads in one direction, and the graph that its steps are added to.

    mark: what tells its symbols from those of others, as ⁽²⁾←; nothing where there are no others; leftward:
    whether the last step is read first.
    """

    graph: ComputationGraph
    recurrent: nn.RNNBase
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
        shape = (self.recurrent.hidden_size,)
        for name in ("h", "c") if isinstance(self.recurrent, nn.LSTM) else ("h",):
            symbol = self.symbol(name, order[0] - stride)
            self.graph.add(Node(symbol, "0", shape, "constant", None, self.leftward), {})
        add_cell = {nn.RNN: _add_rnn, nn.LSTM: _add_lstm, nn.GRU: _add_gru}[type(self.recurrent)]
        for step in order:
            add_cell(_Step(self, vectors[step - 1], step, before=step - stride))
        return [self.symbol("h", step) for step in steps]


@dataclass(frozen=True)
class _Step:
    """One step of a reader, which reads `x` after the step `before`."""

    reader: Reader
    x: str
    step: int
    before: int

    def named(self, names: str) -> list[str]:
        return [self.reader.symbol(name, self.step) for name in names]

    def last(self, name: str) -> str:
        return self.reader.symbol(name, self.before)

    def product(self, weights: str, vector: str) -> str:
        mark = self.reader.mark
        return f"W_{weights}{mark} · {vector} + b_{weights}{mark}"

    def transposed(self, weights: str) -> str:
        return f"W_{weights}{self.reader.mark}ᵀ"

    def add(
        self, name: str, formula: str, factors: dict[str, str], *, kind: Kind = "operation", gates: int = 1
    ) -> str:
        """Adds a node of hidden_size numbers for each of `gates`."""
        reader = self.reader
        shape = (gates * reader.recurrent.hidden_size,)
        symbol = reader.symbol(name, self.step)
        return reader.graph.add(Node(symbol, formula, shape, kind, self.step, reader.leftward), factors)

    def add_sum(self, *, gates: int = 1) -> str:
        h = self.last("h")
        formula = f"{self.product('ih', self.x)} + {self.product('hh', h)}"
        factors = {self.x: self.transposed("ih"), h: self.transposed("hh")}
        return self.add("a", formula, factors, gates=gates)


def _add_rnn(step: _Step) -> None:
    """Elman (1990), with tanh or relu."""
    nonlinearity = str(step.reader.recurrent.nonlinearity)
    a = step.add_sum()
    (h,) = step.named("h")
    slope = f"1 − {h}²" if nonlinearity == "tanh" else f"({a} > 0)"
    step.add("h", f"{nonlinearity}({a})", {a: slope}, kind="state")


def _add_lstm(step: _Step) -> None:
    """Hochreiter & Schmidhuber (1997), with the forget gate of Gers et al. (2000)."""
    a = step.add_sum(gates=4)
    i, f, g, o, s = step.named("ifgos")
    last = step.last("c")
    step.add("f", f"σ({a}[f])", {a: _slope_of_gate(f)})
    step.add("i", f"σ({a}[i])", {a: _slope_of_gate(i)})
    step.add("g", f"tanh({a}[g])", {a: f"1 − {g}²"})
    step.add("o", f"σ({a}[o])", {a: _slope_of_gate(o)})
    c = step.add("c", f"{f} ⊙ {last} + {i} ⊙ {g}", {last: f, f: last, i: g, g: i}, kind="state")
    step.add("s", f"tanh({c})", {c: f"1 − {s}²"})
    step.add("h", f"{o} ⊙ {s}", {o: s, s: o}, kind="state")


def _add_gru(step: _Step) -> None:
    """Cho et al. (2014), in torch's form: the reset gate multiplies after the recurrent product."""
    r, z, n = step.named("rzn")
    last = step.last("h")
    p = step.add("p", step.product("ih", step.x), {step.x: step.transposed("ih")}, gates=3)
    q = step.add("q", step.product("hh", last), {last: step.transposed("hh")}, gates=3)
    for name, gate in (("r", r), ("z", z)):
        slope = _slope_of_gate(gate)
        step.add(name, f"σ({p}[{name}] + {q}[{name}])", {p: slope, q: slope})
    slope = f"1 − {n}²"
    factors = {p: slope, q: f"({slope}) ⊙ {r}", r: f"({slope}) ⊙ {q}[n]"}
    step.add("n", f"tanh({p}[n] + {r} ⊙ {q}[n])", factors)
    factors = {last: z, z: f"{last} − {n}", n: f"1 − {z}"}
    step.add("h", f"(1 − {z}) ⊙ {n} + {z} ⊙ {last}", factors, kind="state")


def _slope_of_gate(gate: str) -> str:
    return f"{gate} ⊙ (1 − {gate})"


def subscript(number: int) -> str:
    """Returns a number as a subscript, as ₁₂."""
    return str(number).translate(SUBSCRIPTS)


def level(layer: int) -> str:
    """Returns a layer's number as a mark, as ⁽²⁾."""
    return f"⁽{str(layer).translate(SUPERSCRIPTS)}⁾"
