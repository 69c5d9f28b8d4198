"""The type and range of every configuration value, checked once, after Hydra has composed them."""

import inspect
from functools import partial
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Len, Lt
from pydantic import PlainSerializer, PlainValidator, ValidationError

from rnnlab.core.errors import InputError
from rnnlab.data.tokenizers import Keep, TokenizerName
from rnnlab.experiment.modules import fingerprint_of
from rnnlab.experiment.section import Section, describe
from rnnlab.experiment.target import Target, read_target
from rnnlab.models.base import Size
from rnnlab.scratch.optimizers import OPTIMIZERS

Positive = Annotated[int, Gt(0), Lt(2**63)]
NUMPY_ENGINES = ("scratch", "fused")
AsValues = PlainSerializer(Target.values)
TaskTarget = Annotated[Target, PlainValidator(partial(read_target, group="task")), AsValues]
ModelTarget = Annotated[Target, PlainValidator(partial(read_target, group="model")), AsValues]
OptimizerTarget = Annotated[Target, PlainValidator(partial(read_target, group="optimizer")), AsValues]
SchedulerTarget = Annotated[Target, PlainValidator(partial(read_target, group="scheduler")), AsValues]
ProbeTarget = Annotated[Target, PlainValidator(partial(read_target, group="probe")), AsValues]


class DataConfig(Section):
    """Which texts, and how they become numbers (`configs/data/base.yaml` has the meanings)."""

    train: str | None = None
    valid: str | None = None
    test: str | None = None
    vectors: str | None = None
    embedding_dim: Size | None = None
    embedding_std: Annotated[float, Gt(0.0)] = 1.0
    valid_fraction: Annotated[float, Ge(0.0), Lt(1.0)] = 0.0
    tokenizer: TokenizerName = "spacy"
    lower_first: bool = False
    vocabulary: Literal["rnnlab", "torchtext"] = "rnnlab"
    min_count: Positive = 1
    max_vocabulary: Positive | None = None
    max_length: Positive | None = None
    keep: Keep = "first"
    strip_html: bool = True
    ngrams: Annotated[int, Gt(0), Le(100)] = 1
    ngram_buckets: Positive = 500_000
    cache: str


class TrainingConfig(Section):
    """How long, on what, and in which numbers."""

    epochs: Positive | None
    steps: Positive | None = None
    validate_every: Positive | None = None
    batch_size: Positive | None
    batch_by_length: bool = False
    word_dropout: Annotated[float, Ge(0.0), Lt(1.0)] = 0.0
    average: Annotated[float, Gt(0.0), Lt(1.0)] | None = None
    device: Literal["auto", "cpu", "cuda"]
    precision: Literal["float32", "float64"]
    monitor: str
    patience: Positive | None
    max_minutes: Annotated[float, Gt(0.0)] | None = None
    """No round is begun that would end later."""
    clip_norm: Annotated[float, Gt(0.0)] | None
    checkpoint_every: Positive | None = None
    """Batches between two checkpoints within an epoch."""
    checkpoint_minutes: Annotated[float, Gt(0.0)] | None = None
    """Minutes between two checkpoints within an epoch."""
    evaluate_train: bool = False
    """Evaluate the training examples after each epoch, too: `train_after_*` of metrics.csv."""
    print_every: Positive | None = None
    """Epochs or steps between two rows on the terminal; None: every row that metrics.csv gets."""
    threads: Annotated[int, Gt(0), Le(1024)] | None
    """Of the CPU; None: as many as pay, by the table that `engine=auto` goes by."""
    flush_denormal: bool


class ProbeConfig(Section):
    """Which probes look at the net while it trains (each from `configs/probe/`), and how often.

    every: rounds between looks, beside those before training and at its end; 0: these two alone; None: never.
    """

    every: Annotated[int, Ge(0), Lt(2**63)] | None
    active: dict[str, ProbeTarget]


class Config(Section):
    """Everything that defines a run."""

    task: TaskTarget
    data: DataConfig
    model: ModelTarget
    optimizer: OptimizerTarget
    scheduler: SchedulerTarget
    insert: Literal["none", "start", "middle", "end"]
    freeze: bool
    seed: Annotated[int, Ge(0), Lt(2**63)]
    engine: Literal["auto", "torch", "padded", "scratch", "fused"]
    training: TrainingConfig
    probe: ProbeConfig
    similarity: list[Annotated[list[str], Len(2, 2)]]

    @property
    def modules(self) -> dict[str, dict[str, str | None]]:
        """The modules beside rnnlab's own, the user's or a plugin's, with each class that it names and the
        SHA-256 of that class's file, None where there is none.
        """
        targets = [self.task, self.model, self.optimizer, self.scheduler, *self.probe.active.values()]
        found: dict[str, dict[str, str | None]] = {}
        for target in targets:
            if target.module is not None:
                found.setdefault(target.module, {})[target.name] = fingerprint_of(target.cls)
        return found


def validate(values: dict[str, Any]) -> Config:
    """Returns the checked configuration; raises InputError naming the first wrong key."""
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        raise InputError(describe(error, Config)) from None
    if config.engine in NUMPY_ENGINES:
        check_scratch(config)
    return config


def check_scratch(config: Config) -> None:
    """Raises InputError for a choice that the NumPy engines do not have, whatever their other keys say."""
    engine = f"engine={config.engine}"
    if config.training.device == "cuda":
        raise InputError(f"training.device: {engine} computes on the CPU; expected cpu or auto, found 'cuda'")
    optimizer = config.optimizer
    torchs = optimizer.cls.__module__.startswith("torch.optim.")
    rule = OPTIMIZERS.get(optimizer.class_name.lower()) if torchs else None
    if rule is None:
        raise InputError(
            f"optimizer: {engine} has {', '.join(OPTIMIZERS)}, found {optimizer.class_name}; "
            "choose one of them or engine=torch"
        )
    known, defaults = inspect.signature(rule).parameters, inspect.signature(optimizer.cls).parameters
    for name, value in optimizer.settings.items():
        if name not in known and value != defaults[name].default:
            possible = ", ".join(setting for setting in known if setting != "parameters")
            raise InputError(
                f"optimizer.{name}: {engine} has only {possible}; "
                f"expected {defaults[name].default}, found {value!r}"
            )
