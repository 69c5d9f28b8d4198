"""A training state as one safetensors file: tensors by name, everything else as JSON under one key.

    model.NAME                     parameters
    optimizer.INDEX.NAME           per-parameter state, INDEX as in the optimizer's own state_dict
    average.INDEX                  with a running average of the parameters, the other of the two
    random.torch, random.cuda      states of torch's random streams
    sum.NAME, unmeasured.NAME      within a round: its running figures, what the engine has still to measure
    metadata "rnnlab"              JSON: epoch, batch, best, optimizer groups, schedule, counters

Equal states between rounds give equal bytes: no times, no paths, and one metadata key, since safetensors
writes several in no fixed order.
"""

import json
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from rnnlab.core.errors import InputError, brief
from rnnlab.core.files import atomic_path
from rnnlab.training.averages import Averages, Round, Seconds
from rnnlab.training.checkpoint_facts import VERSION, parse_facts
from rnnlab.training.loop import Scheduler, TrainingState


class Checkpoint(NamedTuple):
    """What a checkpoint's file holds: tensors by name, and facts as JSON."""

    tensors: dict[str, Tensor]
    facts: str

    @property
    def bytes(self) -> int:
        """The size of the tensors."""
        return sum(tensor.nbytes for tensor in self.tensors.values())

    def copied(self) -> "Checkpoint":
        """Returns the same with copies of the tensors, which stay as they are while the training goes on."""
        return self._replace(tensors={name: value.clone() for name, value in self.tensors.items()})


def capture(state: TrainingState) -> Checkpoint:
    """Returns what a checkpoint of `state` holds, whose tensors are those of the state itself."""
    tensors = {f"model.{name}": value for name, value in state.model.state_dict().items()}
    optimizer = state.optimizer.state_dict()
    plain_state: dict[str, Any] = {}
    for index, values in optimizer["state"].items():
        for name, value in values.items():
            if isinstance(value, Tensor):
                tensors[f"optimizer.{index}.{name}"] = value
            else:
                plain_state[f"{index}.{name}"] = value
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
    if state.averaging is not None:
        tensors |= {f"average.{index}": value for index, value in enumerate(state.averaging.average)}
        facts["average_steps"] = state.averaging.steps
    if state.batch:
        averages = state.round.averages
        tensors |= {f"sum.{name}": value for name, value in averages.sums.items()}
        tensors |= {f"unmeasured.{name}": value for name, value in state.engine.unmeasured().items()}
        facts |= {"counts": averages.counts, "seconds": state.round.taken()}
    if on_gpu := sorted(name for name, value in tensors.items() if value.is_cuda):
        facts["cuda"] = on_gpu
        tensors["random.cuda"] = torch.cuda.get_rng_state()
    tensors["random.torch"] = torch.get_rng_state()
    return Checkpoint(tensors, json.dumps(facts, sort_keys=True))


def write_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Writes a checkpoint to `path`, atomically."""
    tensors = {name: value.contiguous() for name, value in checkpoint.tensors.items()}
    with atomic_path(path) as temporary:
        try:
            save_file(tensors, temporary, metadata={"rnnlab": checkpoint.facts})
        except SafetensorError as error:
            if (number := re.search(r"os error (\d+)", str(error))) is None:
                raise
            raise OSError(int(number[1]), os.strerror(int(number[1])), str(path)) from error


def save_checkpoint(state: TrainingState, path: Path) -> None:
    """Writes `state` to `path`, atomically."""
    write_checkpoint(capture(state), path)


def read_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Returns a checkpoint's tensors by name and its JSON facts; raises InputError for any other file."""
    facts = read_facts(path)
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, OSError) as error:
        raise _no_checkpoint(path, error) from None
    return tensors, facts


def read_facts(path: Path) -> dict[str, Any]:
    """Returns a checkpoint's JSON facts alone; raises InputError for any other file."""
    if not path.is_file():
        raise InputError(f"{path}: no such checkpoint")
    try:
        with safe_open(path, framework="pt") as file:
            return parse_facts((file.metadata() or {})["rnnlab"], path)
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise _no_checkpoint(path, error) from None


def _no_checkpoint(path: Path, error: Exception) -> InputError:
    return InputError(f"{path}: expected an rnnlab checkpoint in safetensors form ({brief(error)})")


def load_model(model: torch.nn.Module, path: Path) -> dict[str, Any]:
    """Copies a checkpoint's parameters into `model` and returns its facts; raises InputError on a misfit."""
    tensors, facts = read_checkpoint(path)
    _load_parameters(model, tensors, path)
    return facts


def _load_parameters(model: torch.nn.Module, tensors: dict[str, Tensor], path: Path) -> None:
    expected = model.state_dict()
    found = _below(tensors, "model.")
    for name in sorted(expected.keys() | found.keys()):
        shapes = [tuple(part[name].shape) if name in part else "none" for part in (expected, found)]
        if shapes[0] != shapes[1]:
            raise InputError(f"{path}: {name}: expected shape {shapes[0]}, found {shapes[1]}")
    for name, value in found.items():
        kinds = [str(part.dtype).removeprefix("torch.") for part in (expected[name], value)]
        if kinds[0] != kinds[1]:
            raise InputError(f"{path}: {name}: expected numbers of {kinds[0]}, found {kinds[1]}")
    model.load_state_dict(found)


def restore_state(state: TrainingState, path: Path) -> None:
    """Puts a checkpoint into the state of a training that is about to begin, and torch's random streams to
    where they were; raises InputError for a file that is none, or is another training's.
    """
    tensors, facts = read_checkpoint(path)
    _load_parameters(state.model, tensors, path)
    tensors = {name: _as_it_was(name, value, facts) for name, value in tensors.items()}
    try:
        _restore_optimizer(state.optimizer, tensors, facts)
        _restore_scheduler(state.scheduler, facts["scheduler"])
        if state.averaging is not None:
            average = [tensors[f"average.{index}"] for index in range(len(state.averaging.average))]
            state.averaging.load(average, facts["average_steps"])
        state.epoch, state.batch, state.begun = facts["epoch"], facts["batch"], True
        state.best, state.best_epoch = facts["best"], facts["best_epoch"]
        if state.batch:
            averages = Averages(_below(tensors, "sum."), facts["counts"])
            state.round = Round(averages, Seconds(*facts["seconds"]))
        state.engine.take_up(_below(tensors, "unmeasured."))
        torch.set_rng_state(tensors["random.torch"])
        if "random.cuda" in tensors:
            torch.cuda.set_rng_state(tensors["random.cuda"])
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(f"{path}: does not hold all that going on needs ({reason})") from None


def _as_it_was(name: str, value: Tensor, facts: dict[str, Any]) -> Tensor:
    return value.to("cuda") if name in facts.get("cuda", ()) else value


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _restore_optimizer(
    optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor], facts: dict[str, Any]
) -> None:
    """Puts settings and state into an optimizer; its own load_state_dict would cast some to another type."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    optimizer.state.clear()
    for name, value in [*_below(tensors, "optimizer.").items(), *facts["optimizer_state"].items()]:
        index, _, key = name.partition(".")
        # Of its own memory: what is read lies in the file's.
        optimizer.state[parameters[int(index)]][key] = value.clone() if isinstance(value, Tensor) else value
    for group, recorded in zip(optimizer.param_groups, facts["optimizer_groups"], strict=True):
        known = group.keys() & recorded.keys() - {"params"}
        group |= {key: _like(group[key], recorded[key]) for key in known}


def _restore_scheduler(scheduler: Scheduler, recorded: dict[str, Any]) -> None:
    """Puts its state into a schedule; raises ValueError for what would stand in the place of a method."""
    if methods := [key for key in recorded if callable(getattr(type(scheduler), key, None))]:
        raise ValueError(f"the schedule's {methods[0]} is a method")
    scheduler.load_state_dict(_like(scheduler.state_dict(), recorded))


def _like(template: Any, value: Any) -> Any:
    """Returns what JSON gave with the types of the value that a new object has in its place."""
    if isinstance(template, dict):
        keys = {str(key): key for key in template}
        found = {keys.get(key, key): _like(template.get(keys.get(key, key)), v) for key, v in value.items()}
        return type(template)(found)
    if isinstance(template, tuple):
        return tuple(value)
    return value
