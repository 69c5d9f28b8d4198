"""The settings that a class takes, as a schema: the types of its constructor."""

import inspect
import warnings
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from pydantic import BaseModel, PydanticUserError, TypeAdapter, create_model

from rnnlab.core.errors import InputError
from rnnlab.experiment.section import Section
from rnnlab.models.make import AT_RUN_TIME, INPUT_SIZE, own_parameters
from rnnlab.models.recurrent import RecurrentModel


def settings_schema(
    makers: tuple[Callable[..., Any], ...], at_run_time: set[str], *, key: str
) -> type[BaseModel]:
    """Returns the settings that classes or functions take together, less those given at run time.

    Raises InputError, beginning with `key`, for a parameter of no type, or of one that yaml cannot hold.
    """
    return _schema(lambda: _typed_fields(makers, at_run_time, key), key)


def settings_of_module(module_class: type, *, key: str) -> type[BaseModel]:
    """Returns the settings of a torch module that is to be a model's recurrent part, and of the model.

    Of a parameter without a type any value will do; one of a type that yaml cannot hold keeps its default.
    Raises InputError, beginning with `key`, for a constructor to which no input size can be given.
    """
    own = own_parameters(module_class)
    if INPUT_SIZE not in own:
        raise InputError(
            f"{key}: expected a constructor with a parameter {INPUT_SIZE}, to be given the size of a vector; "
            f"found ({', '.join(own)})"
        )
    of_model = (RecurrentModel.around_module,)
    return _schema(
        lambda: _typed_fields(of_model, set(AT_RUN_TIME), key) | dict(_fields_of_module(module_class)), key
    )


def _schema(fields: Callable[[], dict[str, Any]], key: str) -> type[BaseModel]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a setting may be called as something of pydantic's
            return create_model("Settings", __base__=Section, **fields())
    except (NameError, PydanticUserError) as error:
        # Of pydantic's page of advice, the first sentence says which type it is.
        cause = str(error).split(". ")[0]
        raise InputError(f"{key} has settings that no configuration can hold ({cause})") from None


def _typed_fields(makers: tuple[Callable[..., Any], ...], at_run_time: set[str], key: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
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
    return fields


def _fields_of_module(module_class: type) -> Iterator[tuple[str, Any]]:
    for name, (parameter, owner) in own_parameters(module_class).items():
        try:
            hints = get_type_hints(owner.__init__, include_extras=True)  # type: ignore[misc]
            hint = _without_tensor(hints.get(name, Any))
            TypeAdapter(hint)
        except (NameError, TypeError, PydanticUserError):
            if parameter.default is not parameter.empty:
                continue
            hint = Any
        if name == INPUT_SIZE or name.startswith("_"):
            continue
        default = None if parameter.default is parameter.empty else parameter.default
        # What a class above its own wants, it may well give itself.
        needed = parameter.default is parameter.empty and (owner is module_class or name == "hidden_size")
        yield name, (hint, ... if needed else default)


def _without_tensor(hint: Any) -> Any:
    """Drops Tensor from `float | Tensor`: a configuration file holds plain numbers."""
    origin = get_origin(hint)
    if origin is Literal:  # whose arguments are values
        return hint
    arguments = [_without_tensor(a) for a in get_args(hint) if getattr(a, "__name__", "") != "Tensor"]
    if origin is tuple:
        return tuple[tuple(arguments)]  # type: ignore[misc]
    return arguments[0] if len(arguments) == 1 and origin is not Annotated else hint
