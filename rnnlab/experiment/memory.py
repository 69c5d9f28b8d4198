"""Whether what a configuration describes fits into memory, the machine's or a GPU's, told before anything is
allocated there.

Counted is only what there has to be at the least, so that nothing is refused that could be trained.
"""

from collections.abc import Iterable

import torch
from torch import nn

from rnnlab.core.batch import Split
from rnnlab.core.memory import require
from rnnlab.experiment.schema import Config
from rnnlab.models.base import Embedding, Features, SequenceModel
from rnnlab.models.make import make_model
from rnnlab.tasks.base import InputOutputSizes, Task, TaskData

STATES_PER_PARAMETER = {
    "Adam": 2,
    "AdamW": 2,
    "Adamax": 2,
    "NAdam": 2,
    "RAdam": 2,
    "RMSprop": 1,
    "Adagrad": 1,
}
"""Numbers that an optimizer keeps of each parameter."""
INTEGER = 8
"""Bytes of a token's id in a batch."""


def check_model(
    config: Config, sizes: InputOutputSizes, embedding_dim: int, words: int = 2, *, trained: bool
) -> None:
    """Raises InputError for a net that cannot be in memory: its parameters, and if it is to be trained their
    gradients and what the optimizer keeps of them.

    words: of the vocabulary; few where it is not known yet.
    """
    data = config.data
    rows = words + (data.ngram_buckets if data.ngrams > 1 else 0)
    model = outline(config, sizes, embedding_dim, rows)
    if model is not None:
        _check_net(config, model, words, trained=trained)


def check_gpu(config: Config, task: Task, task_data: TaskData, model: SequenceModel) -> None:
    """Raises InputError for a net that cannot be trained in the memory of the GPU, or a batch that cannot be
    there beside it; what others use of it does not count, as it may be free again in a moment.
    """
    total = torch.cuda.mem_get_info()[1]
    words = len(task_data.vocabulary or ())
    net = _check_net(config, model, words, trained=True, of_gpu=total)
    check_batches(config, task, task_data, model, beside=net, of_gpu=total)


def _check_net(
    config: Config, model: SequenceModel, words: int, *, trained: bool, of_gpu: int | None = None
) -> int:
    """Returns the bytes of a net, if it is to be trained with all that is kept of it; see `check_model`."""
    data = config.data
    kept = STATES_PER_PARAMETER.get(config.optimizer.class_name, 0) + (config.training.average is not None)
    kept, gradients = (kept, 1) if trained else (0, 0)
    vectors = sum(p.numel() for p in model.embedding.parameters())
    others = sum(p.numel() for p in model.parameters()) - vectors
    # Of word vectors there are gradients only for those that occur.
    numbers = others * (1 + gradients + kept) + vectors * (1 if config.freeze else 1 + kept)
    wide = vectors > others
    keys = ["data.ngram_buckets"] * (data.ngrams > 1) + ["data.embedding_dim"]
    of_model = [f"model.{name}" for name in ("hidden_size", "num_layers", "head_size", "bidirectional")]
    note = f", {words:,} words" if wide and words > 2 else ""
    size = numbers * _bytes(config)
    require(
        size,
        f"{_named(config, keys if wide else [*of_model, 'data.embedding_dim'])}{note}: the net"
        + ", its gradients and optimizer" * trained,
        of_gpu=of_gpu,
    )
    return size


def outline(config: Config, sizes: InputOutputSizes, embedding_dim: int, rows: int) -> SequenceModel | None:
    """Returns the model without any numbers in it; None where a part of it cannot be made so."""
    try:
        with torch.device("meta"):
            # With a weight, since drawing one without numbers would load torch's compiler.
            embedding: Embedding = (
                nn.Embedding(rows, embedding_dim, _weight=torch.empty(rows, embedding_dim))
                if sizes.features is None
                else Features(sizes.features)
            )
            return make_model(
                config.model.cls,
                config.model.settings,
                embedding=embedding,
                output_size=sizes.output_size,
                every_step=sizes.every_step,
            )
    except Exception:
        return None  # whoever makes it with numbers says what is wrong


def check_batches(
    config: Config,
    task: Task,
    task_data: TaskData,
    model: SequenceModel,
    *,
    beside: int = 0,
    of_gpu: int | None = None,
) -> None:
    """Raises InputError for batches whose inputs and states cannot be in memory at once.

    beside: bytes that are taken already; of_gpu: how many a GPU has, on which the batches are to be.
    """
    sizes, training = task_data.sizes, config.training
    width = INTEGER if sizes.features is None else sizes.features * _bytes(config)
    if model.is_recurrent:
        layer = model.recurrent
        directions = 2 if getattr(layer, "bidirectional", False) else 1
        states = getattr(layer, "hidden_size", 0) * getattr(layer, "num_layers", 1) * directions
        outputs = sizes.output_size if sizes.every_step else 0
        width += (model.embedding.embedding_dim + states + outputs) * _bytes(config)
    keys = ["training.batch_size", "task.length", "task.longest", "task.window", "data.max_length"]
    if isinstance(task_data.train, Split):
        steps = _steps(task_data.train, training.batch_size)
    else:
        steps = (training.batch_size or 1) * (getattr(task, "longest_input", None) or 1)
    keys += [f"model.{name}" for name in ("hidden_size", "num_layers")]
    what = "a batch and the net" if beside else "a batch"
    require(beside + steps * width, f"{_named(config, keys)}: {what}", of_gpu=of_gpu)


def _steps(split: Split, batch_size: int | None) -> int:
    """Returns how many steps the examples of a batch have together, about."""
    lengths = getattr(split, "lengths", None)
    if lengths is None or not len(split):
        return 0
    return int(min(batch_size or len(split), len(split)) * float(lengths.sum()) / len(split))


def _bytes(config: Config) -> int:
    return 4 if config.training.precision == "float32" else 8


def _named(config: Config, keys: Iterable[str]) -> str:
    """Returns those of the keys that have a value, with it."""
    found = []
    for key in keys:
        group, _, name = key.partition(".")
        section = getattr(config, group)
        settings = section.settings if group in ("model", "task") else section.model_dump()
        if (value := settings.get(name)) is not None and value is not False:
            found.append(f"{key}={value}")
    return ", ".join(found) or "training.batch_size=null"
