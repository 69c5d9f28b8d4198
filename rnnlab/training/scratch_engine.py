"""The second engine: a training computed in NumPy by the nets of rnnlab.scratch."""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from rnnlab.cells import Cell
from rnnlab.cells.activations import Array
from rnnlab.cells.trace import trace
from rnnlab.core.batch import Batch, Objective
from rnnlab.core.errors import DivergenceError, InputError
from rnnlab.core.profile import span
from rnnlab.models.guest import name_of
from rnnlab.models.layer import cell_of
from rnnlab.scratch.cell import Gradients
from rnnlab.scratch.layer import Layer
from rnnlab.scratch.losses import CRITERIA, Criterion, Loss
from rnnlab.scratch.nets import NetCache, SequenceNet
from rnnlab.scratch.optimizers import OPTIMIZERS, clip_by_norm, make_optimizer
from rnnlab.training.engine import Engine, Measures, check_finite

# What grows beyond all bounds shows in the loss, as with torch; NumPy would print warnings as well.
unbounded = np.errstate(over="ignore", invalid="ignore")


class ScratchEngine(Engine):
    """Forward, loss, backward and update in NumPy, on the memory of a torch model and its optimizer.

    The model's parameters change in place and the optimizer's state is kept under torch's names, so that
    whoever reads them (checkpoints, probes) reads this training; the optimizer's settings are read before
    every step, so that schedules work. torch itself computes only the metrics beside the loss.

    Takes a BoE or recurrent model on the CPU, torch's optimizers of the names in `scratch.optimizers`, and
    any objective whose loss is among `scratch.losses.CRITERIA`. What dropout draws follows from torch's
    global stream, whose place checkpoints hold, but is not what torch's own dropout would draw.
    """

    name: ClassVar[str] = "scratch"
    layer_type: ClassVar[type[Layer]] = Layer
    net_type: ClassVar[type[SequenceNet]] = SequenceNet
    criteria: ClassVar[Mapping[str, Criterion]] = CRITERIA
    optimizers: ClassVar[Mapping[str, Any]] = OPTIMIZERS
    clip: ClassVar[Callable[..., float]] = staticmethod(clip_by_norm)

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        self._net = make_net(model, self.layer_type, self.net_type, engine=self.name)
        self._net.row_gradients = True  # for the optimizer; whoever explains a net wants them whole
        self._trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self._optimizer = optimizer
        name = type(optimizer).__name__.lower()
        self._settings = optimizer_settings(name)
        self._rule = make_optimizer(
            name,
            {name: self._net.parameters[name] for name in self._trained},
            self.optimizers,
            **{setting: optimizer.param_groups[0][setting] for setting in self._settings},
        )
        layer = self._net.recurrent
        self._drops = bool(self._net.dropout or (layer is not None and layer.dropout))
        # Changes nothing without gradients; a schedule would warn of an optimizer that never took a step.
        optimizer.step()

    def step(self, objective: Objective, batch: Batch, *, clip_norm: float | None) -> Measures:
        """Takes one optimizer step on the batch's mean loss; returns the measures before it."""
        logits, loss = self.train_on(objective, batch, clip_norm)
        return _measures(objective, batch, logits, loss)

    @unbounded
    def train_on(self, objective: Objective, batch: Batch, clip_norm: float | None) -> tuple[Array, float]:
        """Takes one optimizer step; returns the logits and the mean loss before it."""
        logits, loss, gradients = self.gradients_of(objective, batch)
        with span("update"):
            if clip_norm is not None:
                self.clip(gradients, clip_norm)
            group = self._optimizer.param_groups[0]
            for name in self._settings:
                setattr(self._rule, name, group[name])
            self._rule.step(gradients)
        if not self._optimizer.state:
            self._share_state()
        return logits, loss

    def gradients_of(self, objective: Objective, batch: Batch) -> tuple[Array, float, Gradients]:
        """Returns the logits, the mean loss and its gradients; DivergenceError where it is not finite."""
        with span("forward"):
            logits, cache = self._forward(batch, new_generator() if self._drops else None)
            loss = self._loss(objective, batch, logits)
            check_finite(loss.value)
        with span("backward"):
            return logits, loss.value, self._net.backward(loss.gradient, cache)

    def take_up(self, unmeasured: Mapping[str, Tensor]) -> None:
        """Goes on from what a checkpoint has put into model and optimizer."""
        kept = {name: self._optimizer.state.get(parameter) for name, parameter in self._trained.items()}
        if any(kept.values()):
            for name, tensors in kept.items():
                self._rule.load_state(name, {key: t.numpy() for key, t in (tensors or {}).items()})
            self._share_state()

    def _share_state(self) -> None:
        """Lets torch's optimizer and the rule hold the same memory from now on."""
        for name, parameter in self._trained.items():
            arrays = self._rule.state(name)
            self._optimizer.state[parameter] = {key: torch.from_numpy(arrays[key]) for key in arrays}

    @unbounded
    def measure(self, objective: Objective, batch: Batch) -> Measures:
        """Returns the task's measures of the batch."""
        logits, _ = self._forward(batch)
        return _measures(objective, batch, logits, self._loss(objective, batch, logits).value)

    def _forward(self, batch: Batch, rng: np.random.Generator | None = None) -> tuple[Array, NetCache]:
        try:
            return self._net.forward(batch.inputs.numpy(), batch.lengths.numpy(), rng=rng)
        except ValueError:
            vectors = self._net.parameters.get("embedding.weight")
            if vectors is not None and np.isnan(vectors).any():
                raise DivergenceError("the word vectors became NaN") from None
            raise

    def _loss(self, objective: Objective, batch: Batch, logits: Array) -> Loss:
        """Returns the mean loss of the task's criterion."""
        return self.criteria[objective.criterion](logits, batch.targets.numpy())


def new_generator() -> np.random.Generator:
    """Returns a generator that follows from torch's global stream, which moves on by one number."""
    return np.random.default_rng(int(torch.randint(2**63 - 1, ())))


def _measures(objective: Objective, batch: Batch, logits: Array, loss: float) -> Measures:
    """Returns the task's measures of the logits, with NumPy's mean loss as the loss of every unit."""
    measured = objective.measure(torch.from_numpy(logits), batch.targets)
    return measured | {"loss": torch.full_like(measured["loss"], loss)}


def make_net(
    model: nn.Module,
    layer: type[Layer] = Layer,
    net: type[SequenceNet] = SequenceNet,
    *,
    engine: str = "scratch",
) -> SequenceNet:
    """Returns the net of rnnlab.scratch that does what the model does, on the model's own memory.

    layer, net: the kinds of its recurrent part and of the whole, `CompiledLayer` and `CompiledNet` for what
    is compiled; engine: what errors call it.
    """
    parameters = {name: p.detach().numpy() for name, p in model.named_parameters()}
    freeze = not all(p.requires_grad for name, p in model.named_parameters() if name == "embedding.weight")
    pooling = getattr(model, "pooling", "last")
    on_read = getattr(getattr(model, "dropout", None), "p", 0.0)
    if pooling == "mean" and not hasattr(model, "recurrent"):
        return net(parameters, None, dropout=on_read, freeze=freeze)
    cell, every_step = known_cell(model, engine), getattr(model, "every_step", False)
    return net(
        parameters,
        partial(layer, dropout=getattr(model.recurrent, "dropout", 0.0)),
        cell=cell,
        every_step=every_step,
        pooling=pooling,
        dropout=on_read,
        freeze=freeze,
    )


def known_cell(model: nn.Module, engine: str = "scratch") -> Cell:
    """Returns the equations of a model's layer `recurrent`; InputError where they, or the model's, are not
    known.
    """
    layer = getattr(model, "recurrent", None)
    cell = getattr(model, "cell", None) or (None if layer is None else cell_of(layer))
    unknown = model if layer is None or getattr(model, "pooling", "last") is None else layer
    if cell is None or unknown is model:
        raise InputError(
            f"engine={engine}: the equations of {name_of(unknown)} are not known; choose engine=torch"
        )
    return cell


def check_derivable(model: nn.Module, engine: str) -> None:
    """Raises InputError where the engine has to derive the step of the model's cell, and cannot."""
    if getattr(model, "recurrent", None) is None:
        return
    cell = known_cell(model, engine)
    if engine == "scratch" and cell.step_back is not None:
        return
    try:
        trace(cell)
    except InputError as error:
        raise InputError(f"engine={engine}: {error}, or choose engine=torch") from None


def optimizer_settings(name: str) -> list[str]:
    """Returns the settings that the scratch optimizer called `name` knows, such as lr."""
    return [setting for setting in inspect.signature(OPTIMIZERS[name]).parameters if setting != "parameters"]
