"""Makes what a configuration describes, in plain typed arguments."""

from importlib.util import find_spec
from typing import Any

import torch
from torch import nn

from rnnlab.core.batch import Split, Stream
from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.core.metrics import higher_is_better
from rnnlab.core.profile import span
from rnnlab.core.seeds import seed_everything
from rnnlab.data.labels import is_class_token
from rnnlab.data.vectors import Vectors
from rnnlab.data.vocabulary import PAD_ID, Vocabulary
from rnnlab.experiment.memory import check_model
from rnnlab.experiment.schema import NUMPY_ENGINES, Config
from rnnlab.models.base import Embedding, Features, SequenceModel
from rnnlab.models.embedding import make_embedding
from rnnlab.models.make import answers_every_step, is_module, make_model
from rnnlab.probes.base import Probe
from rnnlab.tasks.base import InputOutputSizes, Task
from rnnlab.training.averaging import Averaging
from rnnlab.training.engine import Engine, MakeEngine, PaddedEngine, TorchEngine
from rnnlab.training.loop import Scheduler, TrainingState
from rnnlab.training.optimizers import untraced
from rnnlab.training.plan import Epochs, Plan, Steps
from rnnlab.training.scratch_engine import ScratchEngine, check_derivable, make_net

DEFAULT_EMBEDDING_DIM = 50
ONE_LOGIT = InputOutputSizes(output_size=1)


def fused_engine(model: nn.Module, optimizer: torch.optim.Optimizer) -> Engine:
    """Returns the engine with compiled scans; Numba, which takes time, is imported only here."""
    with span("Numba and compiled scans"):
        from rnnlab.training.fused_engine import FusedEngine

        return FusedEngine(model, optimizer)


ENGINES: dict[str, MakeEngine] = {
    "torch": TorchEngine,
    "padded": PaddedEngine,
    "scratch": ScratchEngine,
    "fused": fused_engine,
}


def build_model(
    config: Config,
    vocabulary: Vocabulary | None,
    vectors: Vectors | None,
    sizes: InputOutputSizes = ONE_LOGIT,
    *,
    to_train: bool = False,
) -> SequenceModel:
    """Returns the model with the initial parameters that follow from `config.seed`.

    to_train: whether memory has to suffice for that, too; raises InputError if it does not.

    Right after seeding, the modules are made in the order embedding, recurrent layer, hidden Linear,
    output Linear, as float32, and then cast to the training precision.
    """
    target = config.model
    if sizes.every_step and not answers_every_step(target.cls):
        raise InputError(f"model: {target.class_name} answers once a sequence, the task asks at every step")
    pooling = target.settings.get("pooling", "last")
    if sizes.every_step and pooling != "last":
        raise InputError(
            f"model.pooling: task={config.task.class_name.lower()} asks at every step, so that no states are "
            f"pooled; expected last, found {pooling!r}"
        )
    dim = config.data.embedding_dim or DEFAULT_EMBEDDING_DIM
    dim = dim if vectors is None else vectors.matrix.shape[1]
    check_model(config, sizes, dim, len(vocabulary or ()), trained=to_train)
    seed_everything(config.seed)
    embedding = build_embedding(config, vocabulary, vectors, sizes)
    model = make_model(
        target.cls,
        target.settings,
        embedding=embedding,
        output_size=sizes.output_size,
        every_step=sizes.every_step,
    )
    return model.to(getattr(torch, config.training.precision))


def build_embedding(
    config: Config, vocabulary: Vocabulary | None, vectors: Vectors | None, sizes: InputOutputSizes
) -> Embedding:
    """Returns the table of word vectors, or what passes numbers on."""
    if vocabulary is None:
        assert sizes.features is not None
        return Features(sizes.features)
    return make_embedding(
        vocabulary_size=len(vocabulary),
        embedding_dim=config.data.embedding_dim or DEFAULT_EMBEDDING_DIM,
        vectors=None if vectors is None else torch.from_numpy(vectors.matrix),
        zero_rows=[PAD_ID, *(vocabulary[word] for word in vocabulary.words if is_class_token(word))],
        freeze=config.freeze,
        std=config.data.embedding_std,
        ngram_rows=config.data.ngram_buckets if config.data.ngrams > 1 else 0,
    )


def build_task(config: Config) -> Task:
    """Returns the task; raises InputError if `training.monitor` is none of its metrics."""
    task: Task = _try("task", config.task.make)
    monitors = [f"{split}_{metric}" for split in ("train", "valid") for metric in task.metrics]
    monitor = config.training.monitor
    if monitor not in monitors:
        hint = did_you_mean(monitor, monitors)
        raise InputError(f"training.monitor: expected one of {', '.join(monitors)}, found {monitor!r}{hint}")
    return task


def build_optimizer(config: Config, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    """Returns the configured torch optimizer over `parameters`."""
    return untraced(config.optimizer.cls)(parameters, **config.optimizer.settings)


def build_scheduler(config: Config, optimizer: torch.optim.Optimizer) -> Scheduler:
    """Returns the configured learning-rate schedule; one on plateau follows training.monitor."""
    mode = {}
    if issubclass(config.scheduler.cls, torch.optim.lr_scheduler.ReduceLROnPlateau):
        mode["mode"] = "max" if higher_is_better(config.training.monitor) else "min"
    scheduler: Scheduler = config.scheduler.make(optimizer, **mode)
    return scheduler


def build_state(config: Config, model: nn.Module) -> TrainingState:
    """Returns the state of a training that is about to begin, over the parameters that are not frozen."""
    optimizer = build_optimizer(config, [p for p in model.parameters() if p.requires_grad])
    scheduler = build_scheduler(config, optimizer)
    decay = config.training.average
    averaging = None if decay is None else Averaging(model, decay)
    return TrainingState(model, optimizer, scheduler, averaging=averaging, make_engine=ENGINES[config.engine])


def build_probes(config: Config) -> dict[str, Probe]:
    """Returns the chosen probes by name."""
    return {name: target.make() for name, target in config.probe.active.items()}


def build_device(config: Config) -> str:
    """Returns `cpu` or `cuda`; raises InputError for a GPU that is not there."""
    available = torch.cuda.is_available()
    if config.training.device == "cuda" and not available:
        raise InputError("training.device: found 'cuda', but PyTorch sees no GPU; use cpu or auto")
    on_cpu = config.training.device == "cpu" or config.engine in NUMPY_ENGINES
    return "cuda" if available and not on_cpu else "cpu"


def check_buildable(config: Config) -> None:
    """Raises InputError for what only making things shows: torch knows the ranges of its own settings."""
    task = build_task(config)
    check_fit(config, task)
    if task.draws_examples:
        check_steps(config)
    build_device(config)
    check_model(config, ONE_LOGIT, config.data.embedding_dim or DEFAULT_EMBEDDING_DIM, trained=True)
    if config.engine == "fused" and find_spec("numba") is None:
        raise InputError(
            "engine=fused needs Numba (pip install numba); choose engine=torch or engine=scratch"
        )
    cls, settings = config.model.cls, config.model.settings
    # What a torch module says of its sizes, it says of those that the data gives it.
    numpy = config.engine in NUMPY_ENGINES
    if numpy or not is_module(cls):
        embedding = nn.Embedding(2, config.data.embedding_dim or DEFAULT_EMBEDDING_DIM)
        model = _try("model", lambda: make_model(cls, settings, embedding=embedding, output_size=1))
        if numpy:
            make_net(model, engine=config.engine)
            check_derivable(model, config.engine)
    parameter = nn.Parameter(torch.zeros(1))
    parameter.grad = torch.zeros(1)
    optimizer = _try("optimizer", lambda: build_optimizer(config, [parameter]))
    scheduler = _try("scheduler", lambda: build_scheduler(config, optimizer))
    _try("optimizer", optimizer.step)
    plateau = isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau)
    _try("scheduler", lambda: scheduler.step(*([0.0] if plateau else [])))


def check_fit(config: Config, task: Task) -> None:
    """Raises InputError for a choice that means nothing to the task, or that its sizes rule out."""
    if task.causal and config.model.settings.get("bidirectional"):
        raise InputError(
            f"model: task={task.name} asks for what comes next, which a bidirectional net has read; "
            "expected model.bidirectional=false"
        )
    if config.insert != "none" and not task.uses_insert:
        raise InputError(
            f"insert: task={task.name} has no classes to mark; expected none, found {config.insert!r}"
        )
    for key, field in type(config.data).model_fields.items():
        value = getattr(config.data, key)
        if key not in task.reads and key != "cache" and value != field.default:
            raise InputError(f"data.{key}: task={task.name} makes no use of it; found {value!r}")
    if config.data.keep != "first" and config.data.max_length is None:
        raise InputError(
            f"data.keep: without data.max_length all are kept; expected first, found {config.data.keep!r}"
        )
    if config.data.vectors is not None and config.data.embedding_std != 1.0:
        raise InputError(
            f"data.embedding_std: data.vectors are the start; expected 1.0, found {config.data.embedding_std}"
        )
    if config.training.word_dropout and "embedding_dim" not in task.reads:
        raise InputError(
            f"training.word_dropout: task={task.name} has no words; "
            f"expected 0.0, found {config.training.word_dropout}"
        )
    _check_ngrams(config)
    if config.freeze and "embedding_dim" not in task.reads:
        raise InputError(f"freeze: task={task.name} has no word vectors; expected false, found true")


def _check_ngrams(config: Config) -> None:
    data, model = config.data, config.model.cls
    if data.ngrams == 1:
        if data.ngram_buckets != type(data).model_fields["ngram_buckets"].default:
            raise InputError("data.ngram_buckets: there are no n-grams; expected data.ngrams=2 or more")
        return
    if not getattr(model, "is_bag", False):
        raise InputError(
            f"data.ngrams: {config.model.class_name} reads words in order, where n-grams have no place; "
            f"expected 1, or model=boe, found {data.ngrams}"
        )
    if config.freeze:
        raise InputError("freeze: n-grams start as zeros and would stay so; expected false, found true")


def build_plan(config: Config, train: Split | Stream) -> Plan:
    """Returns how long to train on what; raises InputError where epochs and steps are mixed up."""
    training, task = config.training, config.task.class_name.lower()
    if isinstance(train, Stream):
        check_steps(config)
        assert training.steps and training.validate_every and training.batch_size
        return Steps(
            stream=train,
            total=training.steps,
            validate_every=training.validate_every,
            batch_size=training.batch_size,
        )
    for name in ("steps", "validate_every"):
        if (found := getattr(training, name)) is not None:
            raise InputError(
                f"training.{name}: task={task} has a finite training set and counts training.epochs; "
                f"expected null, found {found}"
            )
    if training.epochs is None:
        raise InputError("training.epochs: a value is needed; give it as training.epochs=…")
    batch_size = training.batch_size or len(train)
    return Epochs(
        split=train,
        epochs=training.epochs,
        batch_size=batch_size,
        seed=config.seed,
        by_length=training.batch_by_length,
        word_dropout=training.word_dropout,
    )


def check_steps(config: Config) -> None:
    """Raises InputError for what makes no sense where fresh examples are drawn without end."""
    training, task = config.training, config.task.class_name.lower()
    if training.epochs is not None:
        raise InputError(
            f"training.epochs: task={task} draws fresh examples and counts training.steps; "
            f"expected null, found {training.epochs}"
        )
    if training.batch_by_length:
        raise InputError(
            f"training.batch_by_length: task={task} draws its batches; expected false, found true"
        )
    if training.evaluate_train:
        raise InputError(
            f"training.evaluate_train: task={task} draws fresh examples without end; "
            "expected false, found true"
        )
    for name in ("steps", "validate_every", "batch_size"):
        if getattr(training, name) is None:
            raise InputError(f"training.{name}: a value is needed; give it as training.{name}=…")


def _try(group: str, make: Any) -> Any:
    try:
        return make()
    except (ValueError, TypeError, RuntimeError, AssertionError, ArithmeticError) as error:
        raise InputError(f"{group}: {' '.join(str(error).split())}") from None
