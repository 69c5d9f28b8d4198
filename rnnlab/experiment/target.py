"""A class that a configuration names, and its settings, checked against the types of its constructor."""

import inspect
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, PydanticUserError, ValidationError, create_model

from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.experiment.section import Section, describe
from rnnlab.models.make import AT_RUN_TIME as AT_RUN_TIME_OF_MODELS
from rnnlab.models.make import constructors

TARGET_MODULES = {  # where a `_target_` of each group may come from; nothing else is imported
    "task": ("rnnlab.tasks.",),
    "model": ("rnnlab.models.", "rnnlab.cells."),
    "optimizer": ("torch.optim.",),
    "scheduler": ("torch.optim.lr_scheduler.",),
    "probe": ("rnnlab.probes.",),
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
    """A class by its dotted name, and those of its settings that a configuration gives."""

    name: str
    cls: type
    settings: Mapping[str, Any]

    @property
    def class_name(self) -> str:
        """The class's own name."""
        return self.cls.__name__

    def make(self, *args: Any, **at_run_time: Any) -> Any:
        """Returns an object of the class."""
        return self.cls(*args, **at_run_time, **self.settings)

    def with_settings(self, **changed: Any) -> "Target":
        """Returns the target with some settings changed, unchecked."""
        return replace(self, settings={**self.settings, **changed})

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
        found = "null" if values is None else repr(values)
        raise InputError(f"{group}: expected a valid dictionary, found {found}")
    settings = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
    name, cls, schema = find_class(settings.pop("_target_", None), group)
    try:
        schema.model_validate(settings)
    except ValidationError as error:
        # A key may have come from a task's own choices: what it does not suit has to be named.
        message = describe(error, schema, prefix=(group,)).replace(
            "no such key", f"no such key of {cls.__name__}"
        )
        raise InputError(message) from None
    return Target(name, cls, settings)


def find_class(name: Any, group: str) -> tuple[str, type, type[BaseModel]]:
    """Returns the name and the class that `_target_` gives, and the schema of its settings.

    Raises InputError for a class that is not there, not the group's, not to be imported, or without types.
    """
    name = MOVED.get(name, name) if isinstance(name, str) else name
    allowed, key = TARGET_MODULES[group], f"{group}._target_"
    cls = import_class(name, allowed, key=key) if isinstance(name, str) else None
    if cls is None or not isinstance(name, str):
        expected = " or ".join(f"{prefix}…" for prefix in allowed)
        hint = _nearest(name, allowed) if isinstance(name, str) else ""
        raise InputError(f"{key}: expected the name of a class in {expected}, found {name!r}{hint}")
    return name, cls, settings_schema(constructors(cls), AT_RUN_TIME[group], key=f"{key}: {name}")


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
        raise InputError(f"{key}: {module_name} cannot be imported: {_reason(error)}") from None
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


def _reason(error: Exception) -> str:
    """Returns what went wrong in a module, and in which line."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "<frozen" not in frame.filename]
    where = "" if isinstance(error, SyntaxError) else f" ({frames[-1].filename}, line {frames[-1].lineno})"
    return f"{type(error).__name__}: {' '.join(str(error).split())}{where}"


def settings_schema(
    makers: tuple[Callable[..., Any], ...], at_run_time: set[str], *, key: str
) -> type[BaseModel]:
    """Returns the settings that classes or functions take together, less those given at run time.

    Raises InputError, beginning with `key`, for a parameter of no type, or of one that yaml cannot hold.
    """
    fields: dict[str, Any] = {}
    try:
        for maker in makers:
            # Of a class, the types stand at its constructor.
            typed = maker.__init__ if isinstance(maker, type) else maker  # type: ignore[misc]
            hints = get_type_hints(typed, include_extras=True)
            for name, parameter in inspect.signature(maker).parameters.items():
                if name in at_run_time:
                    continue
                if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                    raise InputError(f"{key}: takes {parameter}; expected each setting by its own name")
                if name not in hints:
                    raise InputError(f"{key}: {name} has no type; expected one, as in {name}: int")
                default = ... if parameter.default is parameter.empty else parameter.default
                fields[name] = (_without_tensor(hints[name]), default)
        return create_model("Settings", __base__=Section, **fields)
    except (NameError, PydanticUserError) as error:
        # Of pydantic's page of advice, the first sentence says which type it is.
        reason = str(error).split(". ")[0]
        raise InputError(f"{key} has settings that no configuration can hold ({reason})") from None


def _without_tensor(hint: Any) -> Any:
    """Drops Tensor from `float | Tensor`: a configuration file holds plain numbers."""
    arguments = [_without_tensor(a) for a in get_args(hint) if getattr(a, "__name__", "") != "Tensor"]
    origin = get_origin(hint)
    if origin is tuple:
        return tuple[tuple(arguments)]  # type: ignore[misc]
    return arguments[0] if len(arguments) == 1 and origin is not Annotated else hint
