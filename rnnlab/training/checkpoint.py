"""A training state as one safetensors file: tensors by name, everything else as JSON under one key.

    model.NAME                     parameters
    optimizer.INDEX.NAME           per-parameter state, INDEX as in the optimizer's own state_dict
    random.torch, random.cuda      states of torch's random streams
    metadata "rnnlab"              JSON: epoch, batch, best, optimizer groups, schedule, counters

Equal states give equal bytes: no times, no paths, and one metadata key, since safetensors writes
several in no fixed order.
"""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from rnnlab.core.errors import InputError
from rnnlab.core.files import atomic_path
from rnnlab.training.loop import TrainingState

VERSION = 1


def save_checkpoint(state: TrainingState, path: Path) -> None:
    """Writes `state` to `path`, atomically."""
    tensors = {f"model.{name}": value for name, value in state.model.state_dict().items()}
    optimizer = state.optimizer.state_dict()
    plain_state: dict[str, Any] = {}
    for index, values in optimizer["state"].items():
        for name, value in values.items():
            if isinstance(value, Tensor):
                tensors[f"optimizer.{index}.{name}"] = value
            else:
                plain_state[f"{index}.{name}"] = value
    tensors["random.torch"] = torch.get_rng_state()
    if any(value.is_cuda for value in tensors.values()):
        tensors["random.cuda"] = torch.cuda.get_rng_state()
    facts = {
        "version": VERSION,
        "epoch": state.epoch,
        "batch": state.batch,
        "best": state.best,
        "best_epoch": state.best_epoch,
        "optimizer_groups": optimizer["param_groups"],
        "optimizer_state": plain_state,
        "scheduler": state.scheduler.state_dict(),
    }
    metadata = {"rnnlab": json.dumps(facts, sort_keys=True)}
    with atomic_path(path) as temporary:
        save_file({name: value.contiguous() for name, value in tensors.items()}, temporary, metadata=metadata)


def read_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Returns a checkpoint's tensors by name and its JSON facts; raises InputError for any other file."""
    if not path.is_file():
        raise InputError(f"{path}: no such checkpoint")
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads((file.metadata() or {})["rnnlab"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise InputError(f"{path}: expected an rnnlab checkpoint in safetensors form ({error})") from None
    if facts.get("version") != VERSION:
        raise InputError(f"{path}: expected checkpoint version {VERSION}, found {facts.get('version')}")
    return tensors, facts


def load_model(model: torch.nn.Module, path: Path) -> dict[str, Any]:
    """Copies a checkpoint's parameters into `model` and returns its facts; raises InputError on a misfit."""
    tensors, facts = read_checkpoint(path)
    expected = model.state_dict()
    ours = [name for name in tensors if name.startswith("model.")]
    found = {name.removeprefix("model."): tensors[name] for name in ours}
    for name in sorted(expected.keys() | found.keys()):
        shapes = [tuple(part[name].shape) if name in part else "none" for part in (expected, found)]
        if shapes[0] != shapes[1]:
            raise InputError(f"{path}: {name}: expected shape {shapes[0]}, found {shapes[1]}")
    model.load_state_dict(found)
    return facts
