"""Calls of a torch module of anybody's, and what all layers around one have in common."""

import inspect
from typing import Any

import torch
from torch import Tensor, nn

from rnnlab.core.errors import InputError, RnnlabError, reason

States = tuple[Tensor, ...]


class Guest(nn.Module):
    """What is around a module of anybody's."""

    def _apply(self, *args: Any, **options: Any) -> Any:
        """Moves and converts tensors that are attributes of the module and no more, too."""
        for module in self.modules():
            for name, value in vars(module).items():
                if isinstance(value, Tensor):
                    vars(module)[name] = args[0](value)
        return super()._apply(*args, **options)


def call(module: nn.Module, x: Tensor, state: Any) -> Any:
    """Returns what a module gives; what it raises becomes an InputError with its line.

    Tensors that it makes itself, as zeros to begin with, are of the type of its inputs.
    """
    before = torch.get_default_dtype()
    try:
        torch.set_default_dtype(x.dtype)
        return module(x, state)
    except RnnlabError:
        raise
    except Exception as error:
        raise InputError(f"{type(module).__name__}: {reason(error, file_of(module))}") from error
    finally:
        torch.set_default_dtype(before)


def check_shapes(module: nn.Module, found: States, expected: list[tuple[int, ...]]) -> None:
    """Raises InputError for tensors of other shapes than the module gave when it was made."""
    shapes = [tuple(tensor.shape) for tensor in found]
    if shapes != expected:
        raise InputError(f"{type(module).__name__}: expected tensors of shapes {expected}, found {shapes}")


def states_of(state: Any) -> tuple[Any, ...]:
    """Returns a state, a tensor or a tuple of them, as a tuple."""
    return tuple(state) if isinstance(state, (tuple, list)) else (state,)


def file_of(module: nn.Module) -> str | None:
    """Returns the file that a module's class stands in, if there is one."""
    try:
        return inspect.getsourcefile(type(module))
    except (TypeError, OSError):
        return None


def choose(flags: Tensor, yes: States, no: States, *, at: int = 0) -> States:
    """Returns for each text, counted by dimension `at`, the states of `yes` where flagged, else of `no`."""
    return tuple(
        torch.where(flags.reshape(*[1] * at, -1, *[1] * (a.ndim - at - 1)), a, b)
        for a, b in zip(yes, no, strict=True)
    )
