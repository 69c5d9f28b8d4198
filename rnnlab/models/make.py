"""From a class that a configuration names to a model: a model's own class, or the model around a cell's."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from rnnlab.cells import Cell
from rnnlab.core.errors import InputError, RnnlabError, reason
from rnnlab.models.base import Embedding, SequenceModel
from rnnlab.models.recurrent import RecurrentModel

AT_RUN_TIME = frozenset({"cell", "make", "state_size", "embedding", "output_size", "every_step"})
"""Arguments that a configuration does not give."""
INPUT_SIZE = "input_size"
"""What a torch module's constructor has to call the size of its inputs, which no configuration gives."""


def constructors(target: type) -> tuple[Callable[..., Any], ...]:
    """Returns what takes the settings of a model: its constructor, or those of its cell or module and of the
    model around it.
    """
    if is_module(target):
        return (target, RecurrentModel.around_module)
    return (target, RecurrentModel.around) if issubclass(target, Cell) else (target,)


def is_module(target: type) -> bool:
    """Returns whether the class is a torch module that is to be a model's recurrent part."""
    return issubclass(target, nn.Module) and not issubclass(target, SequenceModel)


def own_parameters(module_class: type) -> dict[str, tuple[inspect.Parameter, type]]:
    """Returns the parameters of a torch module's constructor, and the class whose constructor has each.

    Where it passes any keywords on (`**kwargs`), those of the next class above are taken for its own, too.
    """
    found: dict[str, tuple[inspect.Parameter, type]] = {}
    for above in module_class.__mro__:
        if above is nn.Module:
            break
        if "__init__" not in vars(above):
            continue
        _, *parameters = inspect.signature(vars(above)["__init__"]).parameters.values()
        variable = [p for p in parameters if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        for parameter in parameters:
            if parameter not in variable and parameter.kind != parameter.POSITIONAL_ONLY:
                found.setdefault(parameter.name, (parameter, above))
        if all(parameter.kind == parameter.VAR_POSITIONAL for parameter in variable):
            break
    return found


def answers_every_step(target: type) -> bool:
    """Returns whether the model can give an output at every step."""
    return any("every_step" in inspect.signature(made).parameters for made in constructors(target))


def make_model(
    target: type,
    settings: Mapping[str, Any],
    *,
    embedding: Embedding,
    output_size: int,
    every_step: bool = False,
) -> SequenceModel:
    """Returns the model of a SequenceModel's, a Cell's or a torch module's class with these settings."""
    given: dict[str, Any] = {"embedding": embedding, "output_size": output_size}
    given |= {"every_step": True} if every_step else {}
    if is_module(target):
        return _around_module(target, settings, given)
    cell = make_cell(target, settings)
    if cell is None:
        model: SequenceModel = target(**given, **settings)
        return model
    of_cell = inspect.signature(target).parameters
    of_model = {name: value for name, value in settings.items() if name not in of_cell}
    return RecurrentModel.around(cell, **given, **of_model)


def make_cell(target: type, settings: Mapping[str, Any]) -> Cell | None:
    """Returns the cell of a Cell's class with those of the settings that are its own, None for another
    class.
    """
    if not issubclass(target, Cell):
        return None
    of_cell = inspect.signature(target).parameters
    return target(**{name: value for name, value in settings.items() if name in of_cell})


def _around_module(target: type, settings: Mapping[str, Any], given: Mapping[str, Any]) -> SequenceModel:
    of_module = own_parameters(target)
    own = {name: value for name, value in settings.items() if name in of_module}

    def make(input_size: int) -> nn.Module:
        try:
            module: nn.Module = target(**{INPUT_SIZE: input_size}, **own)
        except RnnlabError:
            raise
        except Exception as error:
            raise InputError(f"model: {target.__name__}: {reason(error)}") from error
        return module

    of_model = {name: value for name, value in settings.items() if name not in of_module}
    sizes = [value for value in own.values() if isinstance(value, int) and not isinstance(value, bool)]
    state_size = own.get("hidden_size", sizes[0] if sizes else None)
    return RecurrentModel.around_module(make, state_size=state_size, **given, **of_model)
