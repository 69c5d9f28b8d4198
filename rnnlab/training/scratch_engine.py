"""The second engine: a training computed in NumPy by the nets of rnnlab.scratch."""

import inspect

import numpy as np
import torch
from torch import Tensor, nn

from rnnlab.cells import Cell
from rnnlab.cells.activations import Array
from rnnlab.core.batch import Batch, Objective
from rnnlab.core.errors import DivergenceError, InputError
from rnnlab.models.guest import name_of
from rnnlab.models.layer import cell_of
from rnnlab.scratch.layer import Layer
from rnnlab.scratch.losses import CRITERIA, Loss
from rnnlab.scratch.nets import NetCache, SequenceNet
from rnnlab.scratch.optimizers import OPTIMIZERS, SGD, Adam, Optimizer, clip_by_norm, make_optimizer
from rnnlab.training.engine import Measures, check_finite

# What grows beyond all bounds shows in the loss, as with torch; NumPy would print warnings as well.
unbounded = np.errstate(over="ignore", invalid="ignore")


class ScratchEngine:
    """Forward, loss, backward and update in NumPy, on the memory of a torch model and its optimizer.

    The model's parameters change in place and the optimizer's state is kept under torch's names, so that
    whoever reads them (checkpoints, probes) reads this training; the optimizer's settings are read before
    every step, so that schedules work. torch itself computes only the metrics beside the loss.

    Takes a BoE or recurrent model on the CPU, whose dropout it does not apply, torch's SGD or Adam, and any
    objective whose loss is among `scratch.losses.CRITERIA`.
    """

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        self._net = make_net(model)
        self._trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self._optimizer = optimizer
        name = type(optimizer).__name__.lower()
        self._rule = make_optimizer(name, {name: self._net.parameters[name] for name in self._trained})
        self._settings = optimizer_settings(name)
        # Changes nothing without gradients; a schedule would warn of an optimizer that never took a step.
        optimizer.step()

    @unbounded
    def step(self, objective: Objective, batch: Batch, *, clip_norm: float | None) -> Measures:
        """Takes one optimizer step on the batch's mean loss; returns the measures before it."""
        logits, cache = self._forward(batch)
        loss = _loss(objective, batch, logits)
        check_finite(loss.value)
        gradients = self._net.backward(loss.gradient, cache)
        if clip_norm is not None:
            clip_by_norm(gradients, clip_norm)
        for name in self._settings:
            setattr(self._rule, name, self._optimizer.param_groups[0][name])
        self._rule.step(gradients)
        for name, parameter in self._trained.items():
            self._optimizer.state[parameter] = torch_state(self._rule, name)
        return _measures(objective, batch, logits, loss.value)

    @unbounded
    def measure(self, objective: Objective, batch: Batch) -> Measures:
        """Returns the task's measures of the batch."""
        logits, _ = self._forward(batch)
        return _measures(objective, batch, logits, _loss(objective, batch, logits).value)

    def _forward(self, batch: Batch) -> tuple[Array, NetCache]:
        try:
            return self._net.forward(batch.inputs.numpy(), batch.lengths.numpy())
        except ValueError:
            vectors = self._net.parameters.get("embedding.weight")
            if vectors is not None and np.isnan(vectors).any():
                raise DivergenceError("the word vectors became NaN") from None
            raise


def _loss(objective: Objective, batch: Batch, logits: Array) -> Loss:
    """Returns the mean loss of the task's criterion."""
    return CRITERIA[objective.criterion](logits, batch.targets.numpy())


def _measures(objective: Objective, batch: Batch, logits: Array, loss: float) -> Measures:
    """Returns the task's measures of the logits, with NumPy's mean loss as the loss of every unit."""
    measured = objective.measure(torch.from_numpy(logits), batch.targets)
    return measured | {"loss": torch.full_like(measured["loss"], loss)}


def make_net(model: nn.Module) -> SequenceNet:
    """Returns the net of rnnlab.scratch that does what the model does, on the model's own memory."""
    parameters = {name: p.detach().numpy() for name, p in model.named_parameters()}
    freeze = not all(p.requires_grad for name, p in model.named_parameters() if name == "embedding.weight")
    pooling = getattr(model, "pooling", "last")
    if pooling == "mean" and not hasattr(model, "recurrent"):
        return SequenceNet(parameters, None, freeze=freeze)
    cell, every_step = known_cell(model), getattr(model, "every_step", False)
    return SequenceNet(parameters, Layer, cell=cell, every_step=every_step, pooling=pooling, freeze=freeze)


def known_cell(model: nn.Module) -> Cell:
    """Returns the equations of a model's layer `recurrent`; InputError where they, or the model's, are not
    known.
    """
    layer = getattr(model, "recurrent", None)
    cell = getattr(model, "cell", None) or (None if layer is None else cell_of(layer))
    unknown = model if layer is None or getattr(model, "pooling", "last") is None else layer
    if cell is None or unknown is model:
        raise InputError(
            f"engine=scratch: the equations of {name_of(unknown)} are not known; choose engine=torch"
        )
    return cell


def optimizer_settings(name: str) -> list[str]:
    """Returns the settings that the scratch optimizer called `name` (sgd, adam) knows, such as lr."""
    return [setting for setting in inspect.signature(OPTIMIZERS[name]).parameters if setting != "parameters"]


def torch_state(rule: Optimizer, name: str) -> dict[str, Tensor]:
    """Returns what torch's optimizer would hold of a parameter that has taken a step, sharing memory."""
    if isinstance(rule, Adam):
        moments = {"exp_avg": rule.means[name], "exp_avg_sq": rule.squares[name]}
        shared = {key: torch.from_numpy(array) for key, array in moments.items()}
        return {"step": torch.tensor(float(rule.steps[name])), **shared}
    if isinstance(rule, SGD) and rule.momentum:
        return {"momentum_buffer": torch.from_numpy(rule.velocities[name])}
    return {}
