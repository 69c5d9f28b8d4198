"""The type checker behind every function of rnnlab while testing."""

import warnings
from collections.abc import Callable
from io import TextIOBase
from typing import Any, Self, TextIO

from beartype import BeartypeConf, FrozenDict, beartype
from beartype.roar import BeartypeDecorHintPep585DeprecationWarning

# Decorated one by one, a method does not know its class, so that what it returns as Self stays unchecked.
# pytest's stand-ins for standard output have no name and no mode, which TextIO asks for.
overrides: Any = FrozenDict({Self: Any, TextIO: TextIOBase})
check = beartype(conf=BeartypeConf(hint_overrides=overrides, is_pep484_tower=True))


def check_types(function: Callable[..., Any]) -> Callable[..., Any]:
    """Returns `function` with its arguments and its result checked at every call."""
    with warnings.catch_warnings():
        # OmegaConf's containers are made of what typing calls deprecated.
        warnings.simplefilter("ignore", BeartypeDecorHintPep585DeprecationWarning)
        return check(function)
