"""A cell's step in numbered lines, and below them the lines that take a gradient back through it, derived.

Of one text, whose vectors are columns: `W · x` is a product with a matrix, `a ⊙ b` one of number by number,
and `a ⊗ b` the matrix of all products of a number of a with one of b.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from rnnlab.cells.base import Cell
from rnnlab.cells.expressions import Expression, reverse, shown
from rnnlab.cells.trace import trace


class Line(NamedTuple):
    """An equation with its number; blocks: of a product, what its rows are called; through: the numbers of
    the equations that a gradient comes back through.
    """

    number: int
    text: str
    blocks: tuple[str, ...] = ()
    through: tuple[int, ...] = ()


class Derivative(NamedTuple):
    """The lines of a step, and of the way back through it.

    `d_y` is the derivative of the loss with respect to y. Given are those of the new states, as `d_h_t`; what
    a line adds to one of them (`+=`) belongs to it, and what it adds to that of a parameter is this step's.
    """

    forward: list[Line]
    back: list[Line]


def derivative(cell: Cell) -> Derivative:
    """Returns the cell's step and its derivative, line by line; InputError as `trace` raises it."""
    writer = _Writer(cell)
    writer.write_forward()
    writer.write_back()
    return Derivative(writer.forward, writer.back)


class _Writer:
    """Writes the lines of a cell.

    names, numbers: of values and symbols, by `id`, what they are called and which line gives them; values:
    those with a line of their own, in order; passed: the lines of states, by name; arrived: the gradient that
    has come back to each so far, and the lines that it came through; found: what gradients are called, by
    what is written of them.
    """

    def __init__(self, cell: Cell) -> None:
        self.cell, self.trace = cell, trace(cell)
        self.forward: list[Line] = []
        self.back: list[Line] = []
        self.names: dict[int, str] = {}
        self.numbers: dict[int, int] = {}
        self.values: list[Expression] = []
        self.passed: dict[str, int] = {}
        self.arrived: dict[int, tuple[Any, tuple[int, ...]]] = {}
        self.found: dict[str, str] = {}
        self.mix_names = {id(mix): n for mix, n in zip(self.trace.mixes, cell.mixed, strict=True)}
        self.products: list[tuple[str, str, str, Mapping[str, Expression]]] = [
            ("x", "ih", "x_t", {name: self.trace.x[name] for name in cell.gates})
        ]
        for s, names in cell.recurrent.items():
            self.products.append((s, f"{s}h", f"{s}_(t-1)", {name: self.trace.h[name] for name in names}))
        self.products = [product for product in self.products if product[3]]

    def write_forward(self) -> None:
        """Writes the products of input and old states, then every value after those it is computed from."""
        traced = self.trace
        self.names |= {id(symbol): name for name, symbol in traced.own.items()}
        self.names |= {id(symbol): f"{name}_(t-1)" for name, symbol in traced.state.items()}
        for name, ends, value, symbols in self.products:
            blocks = {id(symbol): f"{name}[{block}]" for block, symbol in symbols.items()}
            rows = self._rows(ends, symbols)
            text = f"{name} = W_{ends}{rows} · {value}{self._bias(ends, rows)}"
            number = self._add(self.forward, text, blocks=tuple(blocks.values()))
            self.names |= blocks
            self.numbers |= dict.fromkeys(blocks, number)
        states = {f"{name}_t" for name in self.cell.states}
        results = [*(("", mix) for mix in traced.mixes), *traced.results("{}_t")]
        for name, result in sorted(results, key=lambda pair: getattr(pair[1], "number", 0)):
            new = isinstance(result, Expression) and id(result) not in self.names
            if new and not name:
                self._write_mix(result)
            elif name in states or (name and new):
                self._write_value(name, result)

    def _write_mix(self, mix: Expression) -> None:
        value, ends, name = mix.args[0], f"{self.cell.states[0]}h", self.mix_names[id(mix)]
        if isinstance(value, Expression) and id(value) not in self.names:
            self._write_value(f"v[{name}]", value)
        text = f"mix[{name}] = W_{ends}[{name}] · {self._text(value)}{self._bias(ends, f'[{name}]')}"
        self._name(mix, f"mix[{name}]", self._add(self.forward, text))

    def _write_value(self, name: str, result: Any) -> None:
        """Writes the line of a value, or of a state that is another value or symbol, which keeps its name."""
        while name in self.names.values() or name in [product[0] for product in self.products]:
            name += "′"
        known = id(result) in self.names
        number = self._add(self.forward, f"{name} = {shown(result, self.names, whole=not known)}")
        if isinstance(result, Expression) and not known:
            self._name(result, name, number)
        self.passed[name.removesuffix("_t")] = number

    def write_back(self) -> None:
        """Writes the gradients of all values, the last first, then those of what the step was given."""
        given: dict[int, Expression] = {}
        for name, result in self.trace.new.items():
            symbol = Expression("symbol", name=f"d_{name}_t")
            if self.names.get(id(result)) == f"{name}_t":
                given[id(result)] = symbol
            else:  # another value, passed on
                self._send(result, symbol, (self.passed[name],))
        for value in reversed(self.values):
            gradient = self._write_gradient(value, given.get(id(value)))
            if gradient is None:
                continue  # a value that is only shown
            through = (self.numbers[id(value)],)
            if id(value) in self.mix_names:
                self._send(value.args[0], self._back_through_matrix(value, gradient), through)
                continue
            leaves = [other for other in self.values if other is not value]
            found = reverse([(value, gradient)], lambda a: a, leaves=leaves)
            for leaf in [*leaves, *self._symbols()]:
                if id(leaf) in found:
                    self._send(leaf, found[id(leaf)], through)
        self._write_gradients_of_products()
        self._write_gradients_of_states()
        self._write_gradients_of_parameters()

    def _write_gradient(self, value: Expression, given: Expression | None) -> Expression | None:
        """Writes the line of a value's gradient; returns what stands for it from there on, None for none."""
        arrived, through = self.arrived.get(id(value), (None, ()))
        if arrived is None:
            return given
        if given is not None:
            self._add(self.back, f"{given.name} += {self._text(arrived)}", through=through)
            return given
        symbol = Expression("symbol", name=f"d_{self.names[id(value)]}")
        self._add_gradient(symbol.name, arrived, through)
        return symbol

    def _write_gradients_of_products(self) -> None:
        for _, _, _, symbols in self.products:
            for symbol in symbols.values():
                name, (arrived, through) = (
                    f"d_{self.names[id(symbol)]}",
                    self.arrived.get(id(symbol), (0, ())),
                )
                self._add_gradient(name, arrived, through)

    def _write_gradients_of_states(self) -> None:
        """Writes those of the input and of the old states, which products have read as well."""
        back: dict[str, tuple[str, int]] = {}
        for name, ends, value, symbols in self.products:
            number = self.numbers[id(next(iter(symbols.values())))]
            back[value] = f"W_{ends}{self._rows(ends, symbols)}ᵀ · d_{name}", number
        self._add(self.back, f"d_x_t = {back['x_t'][0]}" if "x_t" in back else "d_x_t = 0",
                  through=(back["x_t"][1],) if "x_t" in back else ())  # fmt: skip
        for name, symbol in self.trace.state.items():
            arrived, through = self.arrived.get(id(symbol), (0, ()))
            old = f"{name}_(t-1)"
            parts = [self._text(arrived)] if isinstance(arrived, Expression) or old not in back else []
            if old in back:
                parts, through = [*parts, back[old][0]], (*through, back[old][1])
            self._add(self.back, f"d_{old} = {' + '.join(parts)}", through=through)

    def _write_gradients_of_parameters(self) -> None:
        for name, ends, value, symbols in self.products:
            rows, number = self._rows(ends, symbols), self.numbers[id(next(iter(symbols.values())))]
            self._add(self.back, f"d_W_{ends}{rows} += d_{name} ⊗ {value}", through=(number,))
            if self._bias(ends, rows):
                self._add(self.back, f"d_b_{ends}{rows} += d_{name}", through=(number,))
        for mix in self.trace.mixes:
            ends, block = f"{self.cell.states[0]}h", f"[{self.mix_names[id(mix)]}]"
            if id(mix) in self.arrived:
                number, value = self.numbers[id(mix)], self._text(mix.args[0])
                self._add(self.back, f"d_W_{ends}{block} += d_mix{block} ⊗ {value}", through=(number,))
                if self._bias(ends, block):
                    self._add(self.back, f"d_b_{ends}{block} += d_mix{block}", through=(number,))
        for name, symbol in self.trace.own.items():
            if id(symbol) in self.arrived:
                arrived, through = self.arrived[id(symbol)]
                text = f"Σ({self._text(arrived)})" if name in self.cell.scalars else self._text(arrived)
                self._add(self.back, f"d_{name} += {text}", through=through)

    def _add_gradient(self, name: str, arrived: Any, through: tuple[int, ...]) -> None:
        """Writes a gradient, which is called so from there on: that of x[new] is that of h[new], too."""
        text = self._text(arrived)
        self._add(self.back, f"{name} = {self.found.get(text, text)}", through=through)
        if isinstance(arrived, Expression) and arrived.operation != "symbol":
            self.found.setdefault(text, name)
            self.names.setdefault(id(arrived), name)

    def _back_through_matrix(self, mix: Expression, gradient: Any) -> Expression:
        return Expression(
            "mix", gradient, name=f"W_{self.cell.states[0]}h[{self.mix_names[id(mix)]}]ᵀ · {{}}"
        )

    def _send(self, to: Any, gradient: Any, through: tuple[int, ...]) -> None:
        if isinstance(to, Expression):
            known, before = self.arrived.get(id(to), (0, ()))
            self.arrived[id(to)] = known + gradient, (*before, *through)

    def _symbols(self) -> Iterable[Expression]:
        traced = self.trace
        return (s for group in (traced.x, traced.h, traced.state, traced.own) for s in group.values())

    def _rows(self, ends: str, names: Iterable[str]) -> str:
        """Returns which rows of a weight these are, nothing where they are all."""
        return f"[{', '.join(names)}]" if self.cell.mixed and ends == f"{self.cell.states[0]}h" else ""

    def _bias(self, ends: str, rows: str) -> str:
        has_bias = self.cell.input_bias if ends == "ih" else self.cell.recurrent_bias
        return f" + b_{ends}{rows}" if has_bias else ""

    def _name(self, value: Expression, name: str, number: int) -> None:
        self.names[id(value)], self.numbers[id(value)] = name, number
        self.values.append(value)

    def _text(self, value: Any) -> str:
        return shown(value, self.names, whole=False)

    def _add(
        self, lines: list[Line], text: str, *, blocks: tuple[str, ...] = (), through: tuple[int, ...] = ()
    ) -> int:
        lines.append(Line(len(self.forward) + len(self.back) + 1, text, blocks, through))
        return lines[-1].number
