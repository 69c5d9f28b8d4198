"""From a class that a configuration names to a model: a model's own class, or the model around a cell's."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from rnnlab.cells import Cell
from rnnlab.models.base import Embedding, SequenceModel
from rnnlab.models.recurrent import RecurrentModel

AT_RUN_TIME = frozenset({"cell", "embedding", "output_size", "every_step"})
"""Arguments that a configuration does not give."""


def constructors(target: type) -> tuple[Callable[..., Any], ...]:
    """Returns what takes the settings of a model: its constructor, or those of its cell and of the model
    around it.
    """
    return (target, RecurrentModel.around) if issubclass(target, Cell) else (target,)


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
    """Returns the model of a SequenceModel's or a Cell's class with these settings."""
    given: dict[str, Any] = {"embedding": embedding, "output_size": output_size}
    given |= {"every_step": True} if every_step else {}
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
