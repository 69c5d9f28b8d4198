"""The type and range of every configuration value, checked once, after Hydra has composed them."""

import inspect
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Len, Lt
from pydantic import BaseModel, ConfigDict, PydanticUserError, ValidationError, create_model

from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.models.make import AT_RUN_TIME as AT_RUN_TIME_OF_MODELS
from rnnlab.models.make import constructors
from rnnlab.scratch.optimizers import OPTIMIZERS

Positive = Annotated[int, Gt(0)]
TARGET_MODULES = {  # where a `_target_` of each group may come from; nothing else is imported
    "task": ("rnnlab.tasks.",),
    "model": ("rnnlab.models.", "rnnlab.cells."),
    "optimizer": ("torch.optim.",),
    "scheduler": ("torch.optim.lr_scheduler.",),
    "probe": ("rnnlab.probes.",),
}
MOVED = {  # what runs recorded when a model had a class for each cell
    f"rnnlab.models.{name}.{name.upper()}": f"rnnlab.cells.{name}.{name.upper()}"
    for name in ("rnn", "lstm", "gru")
}
AT_RUN_TIME = {  # parameters of these classes that a configuration does not give
    "task": set[str](),
    "model": set(AT_RUN_TIME_OF_MODELS),
    "optimizer": {"params"},
    "scheduler": {"optimizer", "mode", "last_epoch"},
    "probe": set[str](),
}


class Section(BaseModel):
    """A part of the configuration in which unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class DataConfig(Section):
    """Which texts, and how they become numbers (`configs/data/base.yaml` has the meanings)."""

    train: str | None = None
    valid: str | None = None
    test: str | None = None
    vectors: str | None = None
    embedding_dim: Positive | None = None
    valid_fraction: Annotated[float, Ge(0.0), Lt(1.0)] = 0.0
    tokenizer: Literal["spacy", "whitespace"] = "spacy"
    vocabulary: Literal["rnnlab", "torchtext"] = "rnnlab"
    min_count: Positive = 1
    max_vocabulary: Positive | None = None
    max_length: Positive | None = None
    strip_html: bool = True
    cache: str


class TrainingConfig(Section):
    """How long, on what, and in which numbers."""

    epochs: Positive | None
    steps: Positive | None = None
    validate_every: Positive | None = None
    batch_size: Positive
    device: Literal["auto", "cpu", "cuda"]
    precision: Literal["float32", "float64"]
    monitor: str
    patience: Positive | None
    clip_norm: Annotated[float, Gt(0.0)] | None
    threads: Positive
    flush_denormal: bool


class ProbeConfig(Section):
    """Which probes look at the net while it trains (each from `configs/probe/`), and how often."""

    every: Annotated[int, Ge(0)]
    active: dict[str, dict[str, Any]]


class Config(Section):
    """Everything that defines a run; a group's dict holds a `_target_` and its settings."""

    task: dict[str, Any]
    data: DataConfig
    model: dict[str, Any]
    optimizer: dict[str, Any]
    scheduler: dict[str, Any]
    insert: Literal["none", "start", "middle", "end"]
    freeze: bool
    seed: Annotated[int, Ge(0), Lt(2**63)]
    engine: Literal["torch", "scratch"]
    training: TrainingConfig
    probe: ProbeConfig
    similarity: list[Annotated[list[str], Len(2, 2)]]


def validate(values: dict[str, Any]) -> Config:
    """Returns the checked configuration; raises InputError naming the first wrong key."""
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        raise InputError(describe(error, Config)) from None
    for group in ("task", "model", "optimizer", "scheduler"):
        load_target(getattr(config, group), group)
    for settings in config.probe.active.values():
        load_target(settings, "probe")
    if config.engine == "scratch":
        _check_scratch(config)
    return config


def _check_scratch(config: Config) -> None:
    """Raises InputError for a choice that the NumPy engine does not have, whatever its other keys say."""
    if config.training.device == "cuda":
        raise InputError(
            "training.device: engine=scratch computes on the CPU; expected cpu or auto, found 'cuda'"
        )
    if dropout := config.model.get("dropout"):
        raise InputError(f"model.dropout: engine=scratch has no dropout; expected 0, found {dropout}")
    optimizer, settings = load_target(config.optimizer, "optimizer")
    rule = OPTIMIZERS.get(optimizer.__name__.lower())
    if rule is None:
        raise InputError(
            f"optimizer: engine=scratch has sgd and adam, found {optimizer.__name__}; "
            "choose optimizer=sgd or optimizer=adam"
        )
    known, defaults = inspect.signature(rule).parameters, inspect.signature(optimizer).parameters
    for name, value in settings.items():
        if name not in known and value != defaults[name].default:
            possible = ", ".join(setting for setting in known if setting != "parameters")
            raise InputError(
                f"optimizer.{name}: engine=scratch has only {possible}; "
                f"expected {defaults[name].default}, found {value!r}"
            )


def load_target(values: dict[str, Any], group: str) -> tuple[type, dict[str, Any]]:
    """Returns the class that `_target_` names and its settings, checked against its signature.

    Its settings are the parameters of its constructor, less those given at run time.
    """
    settings = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
    target = settings.pop("_target_", None)
    target = MOVED.get(target, target) if isinstance(target, str) else target
    allowed = TARGET_MODULES[group]
    cls = import_class(target, allowed) if isinstance(target, str) else None
    if cls is None:
        expected = " or ".join(f"{prefix}…" for prefix in allowed)
        raise InputError(f"{group}._target_: expected the name of a class in {expected}, found {target!r}")
    try:
        schema = _settings_schema(cls, AT_RUN_TIME[group])
    except (NameError, PydanticUserError):
        raise InputError(f"{group}._target_: {target} has settings that no configuration can hold") from None
    try:
        schema.model_validate(settings)
    except ValidationError as error:
        # A key may have come from a task's own choices: what it does not suit has to be named.
        message = describe(error, schema, prefix=(group,)).replace(
            "no such key", f"no such key of {cls.__name__}"
        )
        raise InputError(message) from None
    return cls, settings


def import_class(name: str, allowed: tuple[str, ...]) -> type | None:
    """Returns the class of that dotted name, or None; imports only modules that begin as in `allowed`."""
    module_name, _, class_name = name.rpartition(".")
    if not f"{module_name}.".startswith(allowed):
        return None
    try:
        module = __import__(module_name, fromlist=[class_name])
    except ImportError:
        return None
    found = getattr(module, class_name, None)
    # A class that is merely imported there (say, a module's `Path`) is not the group's own.
    return found if isinstance(found, type) and f"{found.__module__}.".startswith(allowed) else None


def _settings_schema(cls: type, at_run_time: set[str]) -> type[BaseModel]:
    fields: dict[str, Any] = {}
    for made in constructors(cls):
        hints = get_type_hints(
            getattr(made, "__init__", made) if isinstance(made, type) else made, include_extras=True
        )
        fields |= {
            name: (
                _without_tensor(hints[name]),
                ... if parameter.default is parameter.empty else parameter.default,
            )
            for name, parameter in inspect.signature(made).parameters.items()
            if name not in at_run_time
        }
    return create_model(cls.__name__, __base__=Section, **fields)


def _without_tensor(hint: Any) -> Any:
    """Drops Tensor from `float | Tensor`: a configuration file holds plain numbers."""
    arguments = [_without_tensor(a) for a in get_args(hint) if getattr(a, "__name__", "") != "Tensor"]
    origin = get_origin(hint)
    if origin is tuple:
        return tuple[tuple(arguments)]  # type: ignore[misc]
    return arguments[0] if len(arguments) == 1 and origin is not Annotated else hint


def describe(error: ValidationError, schema: type[BaseModel], prefix: tuple[str, ...] = ()) -> str:
    """Returns one line for the first fault: the key, what was expected and what was found."""
    fault = error.errors()[0]
    path = [str(part) for part in fault["loc"]]
    key = ".".join([*prefix, *path])
    if fault["type"] == "extra_forbidden":
        return f"{key}: no such key{did_you_mean(path[-1], known_keys(schema, path[:-1]))}"
    if fault["type"] == "missing":
        return f"{key}: a value is needed"
    expected = (fault["msg"][0].lower() + fault["msg"][1:]).removeprefix("input should be ")
    found = "null" if fault["input"] is None else repr(fault["input"])
    return f"{key}: expected {expected}, found {found}"


def known_keys(schema: type[BaseModel], path: list[str]) -> list[str]:
    """Returns the keys of the section at `path` below `schema`."""
    for part in path:
        annotation = schema.model_fields[part].annotation
        assert isinstance(annotation, type) and issubclass(annotation, BaseModel)
        schema = annotation
    return list(schema.model_fields)
