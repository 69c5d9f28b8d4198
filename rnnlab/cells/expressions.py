"""Symbols that remember what was computed from them: a `step` called with them is the list of its operations.

Each operation has its derivatives beside it, written once, as functions that symbols and arrays go through
alike: with symbols they give the factors that `rnnlab graph` writes beside its arrows, with arrays the
gradients that the NumPy engine computes for a cell that does not write its own.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rnnlab.cells import functions
from rnnlab.cells.functions import cos, maximum, sigmoid, sin

_count = itertools.count()
Partial = Callable[..., Any]


def _greater(a: Any, b: Any) -> Any:
    return a > b


def _not_less(a: Any, b: Any) -> Any:
    return a >= b


FORWARD: dict[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b,
    "−": lambda a, b: a - b,
    "⊙": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "^": lambda a, k: a**k,
    "neg": lambda a: -a,
    ">": _greater,
    "≥": _not_less,
    **functions.OF_ONE,
    "maximum": maximum,
}
"""What each operation computes."""

PARTIALS: dict[str, tuple[Partial, ...]] = {
    "+": (lambda y, a, b: 1, lambda y, a, b: 1),
    "−": (lambda y, a, b: 1, lambda y, a, b: -1),
    "⊙": (lambda y, a, b: b, lambda y, a, b: a),
    "/": (lambda y, a, b: 1 / b, lambda y, a, b: -y / b),
    "^": (lambda y, a, k: k * a ** (k - 1),),
    "neg": (lambda y, a: -1,),
    "tanh": (lambda y, a: 1 - y**2,),
    "sigmoid": (lambda y, a: y * (1 - y),),
    "relu": (lambda y, a: a > 0,),
    "exp": (lambda y, a: y,),
    "log": (lambda y, a: 1 / a,),
    "sqrt": (lambda y, a: 0.5 / y,),
    "cos": (lambda y, a: -sin(a),),
    "sin": (lambda y, a: cos(a),),
    "log_sigmoid": (lambda y, a: sigmoid(-a),),
    "maximum": (lambda y, a, b: a >= b, lambda y, a, b: b > a),
}
"""By operation, the derivative of its result y with respect to each argument."""


class Expression:
    """A symbol, or an operation on expressions and numbers.

    operation: a key of FORWARD, `symbol`, or `mix`; args: its arguments; name: a symbol's own; of a mix,
    how it is written, with a gap for its argument.
    """

    __slots__ = ("args", "name", "number", "operation")
    __array_ufunc__ = None  # NumPy leaves `array * expression` to us, and refuses np.tanh(expression)

    def __init__(self, operation: str, *args: Any, name: str = "") -> None:
        self.operation, self.args, self.name = operation, args, name
        self.number = next(_count)  # an expression is made after its arguments: the order to compute them in

    def __add__(self, other: Any) -> Any:
        return _add(self, other)

    def __radd__(self, other: Any) -> Any:
        return _add(other, self)

    def __sub__(self, other: Any) -> Any:
        return _subtract(self, other)

    def __rsub__(self, other: Any) -> Any:
        return _subtract(other, self)

    def __mul__(self, other: Any) -> Any:
        return _multiply(self, other)

    def __rmul__(self, other: Any) -> Any:
        return _multiply(other, self)

    def __truediv__(self, other: Any) -> Any:
        return self if _is(other, 1) else Expression("/", self, _number(other))

    def __rtruediv__(self, other: Any) -> Any:
        return Expression("/", _number(other), self)

    def __pow__(self, power: Any) -> Any:
        if not isinstance(power, int) or power < 1:
            raise TypeError(f"a power is to be a whole number above 0, found {power!r}")
        return self if power == 1 else Expression("^", self, power)

    def __neg__(self) -> Any:
        return self.args[0] if self.operation == "neg" else Expression("neg", self)

    def __gt__(self, other: Any) -> Any:
        return Expression(">", self, _number(other))

    def __lt__(self, other: Any) -> Any:
        return Expression(">", _number(other), self)

    def __ge__(self, other: Any) -> Any:
        return Expression("≥", self, _number(other))

    def __le__(self, other: Any) -> Any:
        return Expression("≥", _number(other), self)

    def __bool__(self) -> bool:
        raise TypeError("`if` and `and` cannot ask a number of a step; use maximum, relu or arithmetic")


for _name, _function in functions.OF_ONE.items():
    _function.register(Expression, lambda a, operation=_name: Expression(operation, a))
maximum.register(Expression, lambda a, b: Expression("maximum", a, _number(b)))


def _is(value: Any, number: float) -> bool:
    return isinstance(value, int | float) and value == number


def _number(value: Any) -> Any:
    if isinstance(value, Expression | int | float):
        return value
    raise TypeError(f"a step's numbers are meant to meet only numbers, found a {type(value).__name__}")


def _negated(value: Any) -> Any:
    """Returns what `value` is the negative of, or None."""
    if isinstance(value, Expression):
        return value.args[0] if value.operation == "neg" else None
    return -value if value < 0 else None


def _add(a: Any, b: Any) -> Any:
    if _is(a, 0) or _is(b, 0):
        return _number(b if _is(a, 0) else a)
    if isinstance(b, Expression) and b.operation == "neg":
        return _subtract(a, b.args[0])
    if isinstance(a, Expression) and a.operation == "neg":
        return _subtract(b, a.args[0])
    return Expression("+", _number(a), _number(b))


def _subtract(a: Any, b: Any) -> Any:
    if _is(b, 0):
        return a
    if _is(a, 0):
        return -b
    if (positive := _negated(_number(b))) is not None:
        return _add(a, positive)
    return Expression("−", _number(a), b)


def _multiply(a: Any, b: Any) -> Any:
    for number, other in ((a, b), (b, a)):
        if _is(number, 0):
            return 0
        if _is(number, 1):
            return other
        if _is(number, -1):
            return -other
    for x, y in ((a, b), (b, a)):
        if isinstance(x, Expression) and x.operation == "neg":
            return -_multiply(x.args[0], y) if x is a else -_multiply(y, x.args[0])
    return Expression("⊙", _number(a), _number(b))


def operations(roots: Iterable[Any], *, leaves: Iterable[Expression] = ()) -> list[Expression]:
    """Returns all expressions that the roots are computed from, arguments before results; not beyond
    `leaves`.
    """
    found: dict[int, Expression] = {}
    ends = {id(leaf) for leaf in leaves}
    waiting = [root for root in roots if isinstance(root, Expression)]
    while waiting:
        expression = waiting.pop()
        if id(expression) in found:
            continue
        found[id(expression)] = expression
        if id(expression) not in ends:
            waiting += [argument for argument in expression.args if isinstance(argument, Expression)]
    return sorted(found.values(), key=lambda expression: expression.number)


def evaluate(roots: Iterable[Any], given: Mapping[int, Any]) -> dict[int, Any]:
    """Returns the values of all operations by `id`; given: those of symbols and mixes."""
    values = dict(given)
    for expression in operations(roots):
        if id(expression) not in values:
            arguments = [values[id(a)] if isinstance(a, Expression) else a for a in expression.args]
            values[id(expression)] = FORWARD[expression.operation](*arguments)
    return values


def reverse(
    seeds: Iterable[tuple[Any, Any]],
    value: Callable[[Any], Any],
    *,
    leaves: Iterable[Expression] = (),
    mix_back: Callable[[Expression, Any, Any], Any] | None = None,
) -> dict[int, Any]:
    """Returns, by `id`, the gradient at every expression, given those at some results (reverse mode).

    seeds: results and the gradients there; value: what stands for an expression in the derivatives, itself
    (symbols) or its array; leaves: expressions beyond which it does not go; mix_back: takes a mix,
    the gradient there and the value that was mixed, and returns the gradient of that value.
    """
    seeds, leaves = list(seeds), list(leaves)
    gradients: dict[int, Any] = {}
    for expression, gradient in seeds:
        gradients[id(expression)] = gradients.get(id(expression), 0) + gradient
    ends = {id(leaf) for leaf in leaves}
    for expression in reversed(operations([root for root, _ in seeds], leaves=leaves)):
        gradient = gradients.get(id(expression), 0)
        if expression.operation == "symbol" or id(expression) in ends or _is(gradient, 0):
            continue
        arguments = [value(argument) for argument in expression.args]
        if expression.operation == "mix":
            assert mix_back is not None
            parts = [mix_back(expression, gradient, arguments[0])]
        else:
            y = value(expression)
            parts = [
                gradient * partial(y, *arguments) if isinstance(argument, Expression) else None
                for argument, partial in zip(
                    expression.args, PARTIALS.get(expression.operation, ()), strict=False
                )
            ]
        for argument, part in zip(expression.args, parts, strict=False):
            if isinstance(argument, Expression):
                known = gradients.get(id(argument))
                gradients[id(argument)] = part if known is None else known + part
    return gradients


PRECEDENCE = {"+": 1, "−": 1, "neg": 1, "⊙": 2, "/": 2, "^": 3}
SHOWN = {"sigmoid": "σ", "log": "ln", "log_sigmoid": "lnσ", "maximum": "max"}
POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def shown(expression: Any, names: Mapping[int, str], *, around: int = 0, whole: bool = True) -> str:
    """Returns an expression as text, such as `f ⊙ c₀ + i ⊙ g`.

    names: of expressions by `id`, which stand for themselves; but the expression itself is written out if
    `whole`. around: how strongly what stands around it binds.
    """
    if not isinstance(expression, Expression):
        return _shown_number(expression)
    name = names.get(id(expression))
    if name is not None and (not whole or expression.operation == "symbol"):
        return name
    if expression.operation == "symbol":
        return expression.name
    operation, args = expression.operation, expression.args
    if operation in (">", "≥"):
        return f"({_argument(args[0], names)} {operation} {_argument(args[1], names)})"
    if operation == "mix":
        return expression.name.format(_argument(args[0], names, 4))
    binds = PRECEDENCE.get(operation)
    if binds is None:
        inside = ", ".join(_argument(argument, names) for argument in args)
        return f"{SHOWN.get(operation, operation)}({inside})"
    if operation == "neg":
        text = f"−{_argument(args[0], names, 2)}"
    elif operation == "^":
        text = f"{_argument(args[0], names, 4)}{str(args[1]).translate(POWERS)}"
    else:
        # The right side of − and / binds more strongly than the left: a − (b − c).
        right = binds + (operation in ("−", "/"))
        text = f"{_argument(args[0], names, binds)} {operation} {_argument(args[1], names, right)}"
    return f"({text})" if binds < around else text


def _argument(expression: Any, names: Mapping[int, str], around: int = 0) -> str:
    return shown(expression, names, around=around, whole=False)


def _shown_number(value: float) -> str:
    text = f"{value:g}"
    if float(text) != value:  # what is printed can be computed with
        text = repr(float(value))
    return text.replace("-", "−")
