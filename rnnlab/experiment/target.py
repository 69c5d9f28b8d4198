"""A class that a configuration names, and its settings, checked against the types of its constructor."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from pydantic import BaseModel, ValidationError
from torch import nn

from rnnlab.cells import Cell
from rnnlab.core.errors import InputError, did_you_mean, reason, shown
from rnnlab.experiment.modules import advice, module_of
from rnnlab.experiment.section import describe
from rnnlab.experiment.settings import settings_of_module, settings_schema
from rnnlab.models.base import SequenceModel
from rnnlab.models.make import AT_RUN_TIME as AT_RUN_TIME_OF_MODELS
from rnnlab.models.make import constructors
from rnnlab.probes.base import Probe
from rnnlab.tasks.base import Task

TARGET_MODULES = {  # where a `_target_` of each group may come from, beside modules that the user has named
    "task": ("rnnlab.tasks.",),
    "model": ("rnnlab.models.", "rnnlab.cells."),
    "optimizer": ("torch.optim.",),
    "scheduler": ("torch.optim.lr_scheduler.",),
    "probe": ("rnnlab.probes.",),
}
KINDS: dict[str, tuple[type, ...]] = {  # what a class of a module that the user has named has to be
    "task": (Task,),
    "model": (nn.Module, Cell),
    "optimizer": (torch.optim.Optimizer,),
    "scheduler": (torch.optim.lr_scheduler.LRScheduler,),
    "probe": (Probe,),
}
AT_RUN_TIME = {  # parameters of these classes that a configuration does not give
    "task": set[str](),
    "model": set(AT_RUN_TIME_OF_MODELS),
    "optimizer": {"params"},
    "scheduler": {"optimizer", "mode", "last_epoch"},
    "probe": set[str](),
}
MOVED = {  # what runs recorded when a model had a class for each cell, and texts two labels
    **{
        f"rnnlab.models.{name}.{name.upper()}": f"rnnlab.cells.{name}.{name.upper()}"
        for name in ("rnn", "lstm", "gru")
    },
    "rnnlab.tasks.sentiment.Sentiment": "rnnlab.tasks.classification.Classification",
}


@dataclass(frozen=True)
class Target:
    """A class by its dotted name, and those of its settings that a configuration gives.

    module: the user's or a plugin's that it comes from, None for a class of rnnlab's or torch's.
    """

    name: str
    cls: type
    settings: Mapping[str, Any]
    module: str | None = None

    @property
    def class_name(self) -> str:
        """The class's own name."""
        return self.cls.__name__

    def make(self, *args: Any, **at_run_time: Any) -> Any:
        """Returns an object of the class."""
        return self.cls(*args, **at_run_time, **self.settings)

    def values(self) -> dict[str, Any]:
        """Returns the target as a configuration has it."""
        return {"_target_": self.name, **self.settings}


def read_target(values: Any, group: str) -> Target:
    """Returns the target of a group of a configuration.

    Raises InputError for a class that is not there, not the group's or not to be imported, and for settings
    that it does not take.
    """
    if isinstance(values, Target):
        return values
    if not isinstance(values, dict):
        found = "null" if values is None else shown(values)
        raise InputError(f"{group}: expected a valid dictionary, found {found}")
    settings = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
    name, cls, schema = find_class(settings.pop("_target_", None), group)
    module = None if name.startswith(TARGET_MODULES[group]) else module_of(name)
    try:
        schema.model_validate(settings)
    except ValidationError as error:
        # A key may have come from a task's own choices: what it does not suit has to be named.
        message = describe(error, schema, prefix=(group,)).replace(
            "no such key", f"no such key of {cls.__name__}"
        )
        raise InputError(message) from None
    return Target(name, cls, settings, module)


def find_class(name: Any, group: str) -> tuple[str, type, type[BaseModel]]:
    """Returns the name and the class that `_target_` gives, and the schema of its settings.

    Raises InputError for a class that is not there, not the group's, not to be imported, or without types.
    """
    name = MOVED.get(name, name) if isinstance(name, str) else name
    allowed, key = TARGET_MODULES[group], f"{group}._target_"
    cls = import_class(name, allowed, key=key) if isinstance(name, str) else None
    if cls is None and isinstance(name, str) and (module := module_of(name)) is not None:
        cls = _class_of_module(name, module, group)
    if cls is None or not isinstance(name, str):
        expected = " or ".join(f"{prefix}…" for prefix in allowed)
        hint = _nearest(name, allowed) or advice(name) if isinstance(name, str) else ""
        raise InputError(f"{key}: expected the name of a class in {expected}, found {shown(name)}{hint}")
    if group == "model" and not issubclass(cls, (SequenceModel, Cell)) and issubclass(cls, nn.Module):
        return name, cls, settings_of_module(cls, key=f"{key}: {name}")
    return name, cls, settings_schema(constructors(cls), AT_RUN_TIME[group], key=f"{key}: {name}")


def _class_of_module(name: str, module: str, group: str) -> type:
    """Returns a class of a module that may be imported; raises InputError if it has none of that name, or
    one that is not of the group.
    """
    key, (home, _, class_name) = f"{group}._target_", name.rpartition(".")
    cls = import_class(name, (f"{module}.",), key=key)
    if cls is None:
        hint = _nearest(name, (f"{module}.",))
        raise InputError(f"{key}: {home} has no class {class_name} of its own{hint}")
    if not issubclass(cls, KINDS[group]):
        kinds = " or ".join(f"{kind.__module__.partition('.')[0]}'s {kind.__name__}" for kind in KINDS[group])
        raise InputError(f"{key}: expected a class of the kind of {kinds}, found {name}")
    return cls


def import_class(name: str, allowed: tuple[str, ...], *, key: str = "_target_") -> type | None:
    """Returns the class of that dotted name, or None; imports only modules that begin as in `allowed`.

    Raises InputError, beginning with `key`, for a module that is there but cannot be imported.
    """
    module_name, _, class_name = name.rpartition(".")
    if not f"{module_name}.".startswith(allowed):
        return None
    try:
        module = __import__(module_name, fromlist=[class_name])
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and f"{module_name}.".startswith(f"{error.name}."):
            return None
        raise InputError(f"{key}: {module_name} cannot be imported: {reason(error)}") from None
    found = getattr(module, class_name, None)
    # A class that is merely imported there (say, a module's `Path`) is not the group's own.
    return found if isinstance(found, type) and f"{found.__module__}.".startswith(allowed) else None


def _nearest(name: str, allowed: tuple[str, ...]) -> str:
    """Returns which class of its module a name may have meant, where that has been imported."""
    module_name, _, class_name = name.rpartition(".")
    module = sys.modules.get(module_name) if f"{module_name}.".startswith(allowed) else None
    own = (
        n for n, found in vars(module or object).items() if getattr(found, "__module__", "") == module_name
    )
    return did_you_mean(class_name, own)
