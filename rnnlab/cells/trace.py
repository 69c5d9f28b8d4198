"""A cell's step, followed with symbols: what it computes from what, and how gradients go back through it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rnnlab.cells.base import Cell, Kept, Numbers, StepBack
from rnnlab.cells.expressions import Expression, evaluate, operations, reverse, shown
from rnnlab.core.errors import InputError


@dataclass(frozen=True)
class Trace:
    """One step in symbols.

    x, h, state, own: what the step was given, by name; mixes: its products in the middle, in their order;
    kept: the values it kept, by name; new: the new states, by name. `kept` and `new` may be plain numbers.
    """

    x: Mapping[str, Expression]
    h: Mapping[str, Expression]
    state: Mapping[str, Expression]
    own: Mapping[str, Expression]
    mixes: tuple[Expression, ...]
    kept: Mapping[str, Any]
    new: Mapping[str, Any]

    def results(self, naming: str = "{}") -> list[tuple[str, Any]]:
        """Returns kept values and new states with their names, each after those it is computed from.

        naming: of states, as `{}_t`. A state that is also a kept value comes once, as the state.
        """
        new = {naming.format(name): result for name, result in self.new.items()}
        states = {id(result) for result in new.values() if isinstance(result, Expression)}
        kept = {name: result for name, result in self.kept.items() if id(result) not in states}
        # Sorting keeps the order of plain numbers, which are computed from nothing.
        return sorted({**kept, **new}.items(), key=lambda pair: getattr(pair[1], "number", 0))

    def step_back(
        self,
        d: Numbers,
        *,
        x: Kept,
        h: Kept,
        old: Kept,
        own: Kept,
        mixed: list[Any],
        mix_back: Callable[[int, Any, Any], Any],
    ) -> StepBack:
        """Returns what `Cell.step_back` does, derived: the operations computed again, then walked in reverse.

        x, h, old, own: what the step was given, as arrays by name; mixed: what each `mix` gave; mix_back:
        takes the number of a `mix`, its gradient and the value it was given, and returns that of the value.
        """
        given = {
            id(symbol): array
            for symbols, arrays in ((self.x, x), (self.h, h), (self.state, old), (self.own, own))
            for (name, symbol), array in zip(symbols.items(), arrays.values(), strict=True)
        }
        given |= {id(mix): array for mix, array in zip(self.mixes, mixed, strict=True)}
        number_of = {id(mix): number for number, mix in enumerate(self.mixes)}
        roots = [result for result in self.new.values() if isinstance(result, Expression)]
        values = evaluate([*roots, *self.mixes, *(mix.args[0] for mix in self.mixes)], given)
        seeds = [
            (result, getattr(d, name)) for name, result in self.new.items() if isinstance(result, Expression)
        ]
        gradients = reverse(
            seeds,
            lambda a: values[id(a)] if isinstance(a, Expression) else a,
            mix_back=lambda mix, gradient, mixed: mix_back(number_of[id(mix)], gradient, mixed),
        )

        x_back, h_back, state_back, own_back = (
            {name: gradients[id(s)] for name, s in symbols.items() if id(s) in gradients}
            for symbols in (self.x, self.h, self.state, self.own)
        )
        return StepBack(x=x_back, h=h_back, state=state_back, own=own_back)


def trace(cell: Cell) -> Trace:
    """Returns the cell's step in symbols; InputError, in one line, for a step that symbols cannot go
    through, and for a name of two products.
    """
    for ends in ("ih", *(f"{state}h" for state in cell.states)):
        cell.blocks(f"weight_{ends}")

    def symbols(names: Any) -> dict[str, Expression]:
        return {name: Expression("symbol", name=name) for name in names}

    x, state = symbols(cell.gates), symbols(cell.states)
    h = symbols(name for names in cell.recurrent.values() for name in names)
    own = symbols((*cell.unit_parameters, *cell.scalars))
    mixes: list[Expression] = []

    def mix(value: Any) -> Expression:
        if len(mixes) == len(cell.mixed):
            raise ValueError(f"calls mix more than {len(mixes)} times, the names in `mixed`")
        mixes.append(Expression("mix", value, name=_product(cell, cell.mixed[len(mixes)])))
        return mixes[-1]

    try:
        new, kept = cell.step(Numbers(**x), Numbers(**h), Numbers(**state), Numbers(**own), mix)
        if len(new) != len(cell.states):
            raise ValueError(f"gives {len(new)} states, expected {', '.join(cell.states)}")
        if len(mixes) < len(cell.mixed):
            raise ValueError(f"never calls mix for {cell.mixed[len(mixes)]!r}, a name in `mixed`")
        operations([*new, *kept.values()])
    except (TypeError, ValueError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"{cell.name}.step cannot be followed in symbols ({reason}); "
            "write it with arithmetic and the functions of rnnlab.cells"
        ) from None
    return Trace(x, h, state, own, tuple(mixes), kept, dict(zip(cell.states, new, strict=True)))


def _product(cell: Cell, name: str) -> str:
    """Returns how a product in the middle is written, with a gap for what is multiplied."""
    ends = f"{cell.states[0]}h"
    bias = f" + b_{ends}" if cell.recurrent_bias else ""
    return f"(W_{ends} · {{}}{bias})[{name}]"


def equations(cell: Cell) -> list[str]:
    """Returns the cell's step in writing, a line per value, such as `c_t = f ⊙ c_(t-1) + i ⊙ g`.

    x[forget] and h[forget] are the products of the input and of the old state for the gate `forget`.
    """
    found = trace(cell)
    names = {id(symbol): f"x[{name}]" for name, symbol in found.x.items()}
    for state, products in cell.recurrent.items():
        names |= {id(found.h[name]): f"{state}[{name}]" for name in products}
    names |= {id(symbol): f"{name}_(t-1)" for name, symbol in found.state.items()}
    lines = []
    for name, result in found.results("{}_t"):
        lines.append(f"{name} = {shown(result, names)}")
        if isinstance(result, Expression):
            names[id(result)] = name
    return lines
