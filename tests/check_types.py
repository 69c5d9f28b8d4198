"""The type checker behind every function of rnnlab while testing: beartype, and of arrays jaxtyping's shapes.

jaxtyping alone would look for shapes in every function, also where no array goes in or out, and compile a
function within another anew at every call of that one: tests took several times as long. Local functions and
classes are not checked.
"""

import dataclasses
import inspect
import warnings
from collections.abc import Callable
from functools import partial, wraps
from io import TextIOBase
from typing import Any, Self, TextIO, TypeVar, get_args, get_type_hints

import jaxtyping
from beartype import BeartypeConf, FrozenDict, beartype
from beartype.roar import BeartypeDecorHintPep585DeprecationWarning

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

# Decorated one by one, a method does not know its class, so that what it returns as Self stays unchecked.
# pytest's stand-ins for standard output have no name and no mode, which TextIO asks for.
overrides: Any = FrozenDict({Self: Any, TextIO: TextIOBase})
check = beartype(conf=BeartypeConf(hint_overrides=overrides, is_pep484_tower=True))
check_shapes = jaxtyping.jaxtyped


def install() -> None:
    """Has everything checked that is imported of rnnlab from now on."""
    jaxtyping.jaxtyped = checked
    jaxtyping.install_import_hook("rnnlab", f"{__name__}.check_types")


def check_types(function: Callable[..., Any]) -> Callable[..., Any]:
    """Returns `function` with its arguments and its result checked at every call."""
    with warnings.catch_warnings():
        # OmegaConf's containers are made of what typing calls deprecated.
        warnings.simplefilter("ignore", BeartypeDecorHintPep585DeprecationWarning)
        return check(function)


def checked(function: Decorated | None = None, *, typechecker: Any) -> Any:
    """Returns a function, or a dataclass, that is checked unless it is local, or jaxtyping is told not to."""
    if function is None:
        return partial(checked, typechecker=typechecker)
    if "<locals>" in function.__qualname__:  # made anew at every call of what it stands in
        return function
    if inspect.isclass(function):
        if dataclasses.is_dataclass(function) and not hasattr(function.__init__, "__wrapped__"):
            function.__init__ = checked(function.__init__, typechecker=typechecker)
        return function
    if _has_shapes(function):
        return check_shapes(function, typechecker=typechecker)
    strict = check_types(function)

    @wraps(function)
    def either(*args: Any, **kwargs: Any) -> Any:
        return (function if jaxtyping.config.jaxtyping_disable else strict)(*args, **kwargs)

    return either


def _has_shapes(function: Callable[..., Any]) -> bool:
    """Returns whether an array's shape stands in the signature, or may do so."""
    try:
        return any(map(_is_shape, get_type_hints(function, include_extras=True).values()))
    except Exception:  # names that are known to type checkers alone, of which jaxtyping makes the best
        return True


def _is_shape(hint: Any) -> bool:
    if inspect.isclass(hint) and issubclass(hint, jaxtyping.AbstractArray):
        return True
    return any(map(_is_shape, [*get_args(hint), *filter(None, [getattr(hint, "__value__", None)])]))
