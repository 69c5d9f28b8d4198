"""Which engine trains a net: what `engine=auto` takes, and what stands in where a chosen one cannot."""

import math
from importlib.util import find_spec
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from rnnlab.cells.trace import trace
from rnnlab.core.errors import InputError
from rnnlab.experiment.schema import NUMPY_ENGINES, Config, check_scratch
from rnnlab.models.base import SequenceModel
from rnnlab.models.padded import TORCH_LAYERS, without_padded
from rnnlab.scratch.losses import CRITERIA
from rnnlab.tasks.base import InputOutputSizes, Task
from rnnlab.training.engine_table import Kind, Name, Taken, Work, tables
from rnnlab.training.plan import Plan
from rnnlab.training.scratch_engine import known_cell, make_net

LOOKED_AT = 8
"""Batches of the first round whose lengths say how long texts are."""


class Training(NamedTuple):
    """What is to be trained, once it is made."""

    task: Task
    sizes: InputOutputSizes
    model: SequenceModel
    plan: Plan
    device: str


def choose_engine(config: Config, training: Training) -> tuple[Config, list[str]]:
    """Returns the configuration with the engine and the threads that train, and notes that say why.

    Raises InputError for a NumPy engine that was chosen for a task whose loss it does not know.
    """
    notes: list[str] = []
    if config.engine in NUMPY_ENGINES and (why := _unknown_loss(training)):
        raise InputError(f"engine={config.engine}: {why}; choose engine=torch")
    if config.engine == "padded" and (why := _not_padded(training)):
        config, notes = _with(config, "torch", 1), [f"engine=padded: {why}; torch's packed layers train"]
    if config.engine == "auto":
        config, notes = _fastest(config, training)
    return (_with(config, config.engine, 1) if config.training.threads is None else config), notes


def first_compilation(config: Config, model: SequenceModel) -> str | None:
    """Returns a note where the engine will compile the loops over time of a cell for the first time."""
    if config.engine != "fused" or not model.is_recurrent:
        return None
    from rnnlab.kernels.compiled import is_compiled  # which imports Numba

    cell = known_cell(model, "fused")
    if is_compiled(cell, config.training.precision):
        return None
    return f"compiling the loops over time of {cell.name} in {config.training.precision}, once: some seconds"


def _fastest(config: Config, training: Training) -> tuple[Config, list[str]]:
    """Returns the configuration with the fastest engine of the table that can train the net."""
    if training.device != "cpu":
        return _with(config, "torch", 1), ["engine=auto: torch trains (cuDNN), as there is a GPU"]
    not_fused = _not_fused(config, training)
    able: dict[Name, bool] = {
        "torch": True,
        "padded": _not_padded(training) is None,
        "fused": not_fused is None,
    }
    found, note = tables()
    work, threads = work_of(config, training), config.training.threads
    taken = (table.fastest(work, [name for name in able if able[name]], threads) for table in found)
    best = next((one for one in taken if one is not None), None)
    notes = [*([note] if note else []), _reason(best, not_fused)]
    return (_with(config, "torch", 1) if best is None else _with(config, best.engine, best.threads)), notes


def _reason(taken: Taken | None, not_fused: str | None) -> str:
    """Returns the note that says what was taken and why."""
    note = "engine=auto: torch trains"
    if taken is not None and (taken.engine != "torch" or not_fused is None):
        fast = "the fastest" if taken.engine == "torch" else f"{taken.times_torch:.1f} × as fast as torch"
        note = f"engine=auto: {taken.engine} trains, {fast} on the nearest net measured ({taken.row.text})"
    return f"{note}; fused cannot: {not_fused}" if not_fused else note


def work_of(config: Config, training: Training) -> Work:
    """Returns the kind and sizes of a training step, the lengths being those of the first batches."""
    model, layer = training.model, getattr(training.model, "recurrent", None)
    batches = list(islice(training.plan.batches(1), LOOKED_AT))
    lengths = [length for batch in batches for length in batch.lengths.tolist()]
    width = model.embedding.embedding_dim
    return Work(
        kind=kind_of(layer),
        input=width,
        hidden=getattr(layer, "hidden_size", width),
        layers=getattr(layer, "num_layers", 1),
        directions=2 if getattr(layer, "bidirectional", False) else 1,
        batch=max(len(batch.lengths) for batch in batches),
        length=round(sum(lengths) / len(lengths)),
        precision=config.training.precision,
    )


def kind_of(layer: nn.Module | None) -> Kind:
    """Returns under which kind the table has a recurrent layer, or the lack of one."""
    if layer is None:
        return "bag"
    return type(layer).__name__ if type(layer) in TORCH_LAYERS else "other"  # type: ignore[return-value]


def _not_padded(training: Training) -> str | None:
    """Returns why torch's layers cannot, or should not, train the net padded."""
    if training.device != "cpu":
        return "cuDNN takes packed texts as they are"
    return without_padded(training.model)


def _not_fused(config: Config, training: Training) -> str | None:
    """Returns why compiled scans cannot train the net, in a few words."""
    if find_spec("numba") is None:
        return "Numba is not installed (pip install numba)"
    try:
        check_scratch(config.model_copy(update={"engine": "fused"}))
        make_net(training.model, engine="fused")
        if training.model.is_recurrent:
            trace(known_cell(training.model, "fused"))
    except InputError as error:
        return str(error).split("; choose ")[0]  # the rest is advice for someone who chose the engine
    return _unknown_loss(training)


def _unknown_loss(training: Training) -> str | None:
    """Returns that a task's loss is another than its criterion's, the only one that the NumPy engines know.

    A task that measures more than its loss, in a way of its own, is asked about a batch and random logits.
    """
    task, sizes = training.task, training.sizes
    if type(task).measure is Task.measure:
        return None
    batch = next(iter(training.plan.batches(1)))
    steps = (batch.inputs.shape[1],) if sizes.every_step else ()
    logits = np.random.default_rng(0).standard_normal((len(batch.lengths), *steps, sizes.output_size))
    theirs = task.measure(torch.from_numpy(logits), batch.double().targets)["loss"].mean().item()
    if math.isclose(
        theirs, CRITERIA[task.criterion](logits, batch.double().targets.numpy()).value, rel_tol=1e-6
    ):
        return None
    return f"task={task.name} has a loss of its own, not that of its criterion {task.criterion}"


def _with(config: Config, engine: str, threads: int) -> Config:
    """Returns the configuration with this engine, and so many threads where none are set."""
    training = config.training.model_copy(update={"threads": config.training.threads or threads})
    return config.model_copy(update={"engine": engine, "training": training})
