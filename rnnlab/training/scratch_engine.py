"""The second engine: a training computed in NumPy by the nets of rnnlab.scratch."""

import inspect

import numpy as np
import torch
from torch import Tensor, nn

from rnnlab import scratch
from rnnlab.core.batch import Batch, Objective
from rnnlab.core.errors import DivergenceError
from rnnlab.models.boe import BoE
from rnnlab.models.recurrent import RecurrentModel
from rnnlab.scratch.activations import Array
from rnnlab.scratch.classifiers import BagOfEmbeddings, Classifier, ClassifierCache, RecurrentClassifier
from rnnlab.scratch.losses import binary_cross_entropy_with_logits
from rnnlab.scratch.optimizers import OPTIMIZERS, SGD, Adam, Optimizer, clip_by_norm, make_optimizer
from rnnlab.training.engine import Measures, check_finite

LAYERS = {"RNN": scratch.RNN, "LSTM": scratch.LSTM, "GRU": scratch.GRU}

# What grows beyond all bounds shows in the loss, as with torch; NumPy would print warnings as well.
unbounded = np.errstate(over="ignore", invalid="ignore")


class ScratchEngine:
    """Forward, loss, backward and update in NumPy, on the memory of a torch model and its optimizer.

    The model's parameters change in place and the optimizer's state is kept under torch's names, so that
    whoever reads them (checkpoints, probes) reads this training; the optimizer's settings are read before
    every step, so that schedules work. torch itself computes only the metrics beside the loss.

    Takes a BoE or recurrent model on the CPU, whose dropout it does not apply, and torch's SGD or Adam.
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
        logits_B, cache = self._forward(batch)
        loss = binary_cross_entropy_with_logits(logits_B, batch.targets.numpy())
        check_finite(loss.value)
        gradients = self._net.backward(loss.gradient, cache)
        if clip_norm is not None:
            clip_by_norm(gradients, clip_norm)
        for name in self._settings:
            setattr(self._rule, name, self._optimizer.param_groups[0][name])
        self._rule.step(gradients)
        for name, parameter in self._trained.items():
            self._optimizer.state[parameter] = torch_state(self._rule, name)
        return _measures(objective, batch, logits_B, loss.value)

    @unbounded
    def measure(self, objective: Objective, batch: Batch) -> Measures:
        """Returns the task's measures of the batch."""
        logits_B, _ = self._forward(batch)
        loss = binary_cross_entropy_with_logits(logits_B, batch.targets.numpy())
        return _measures(objective, batch, logits_B, loss.value)

    def _forward(self, batch: Batch) -> tuple[Array, ClassifierCache]:
        try:
            return self._net.forward(batch.inputs.numpy(), batch.lengths.numpy())
        except ValueError:
            if np.isnan(self._net.parameters["embedding.weight"]).any():
                raise DivergenceError("the word vectors became NaN") from None
            raise


def _measures(objective: Objective, batch: Batch, logits_B: Array, loss: float) -> Measures:
    """Returns the task's measures of the logits, with NumPy's mean loss as the loss of every unit."""
    measured = objective.measure(torch.from_numpy(logits_B)[:, None], batch.targets)
    return measured | {"loss": torch.full_like(measured["loss"], loss)}


def make_net(model: nn.Module) -> Classifier:
    """Returns the net of rnnlab.scratch that does what the model does, on the model's own memory."""
    parameters = {name: p.detach().numpy() for name, p in model.named_parameters()}
    if isinstance(model, BoE):
        return BagOfEmbeddings(parameters, freeze=not model.embedding.weight.requires_grad)
    if not isinstance(model, RecurrentModel):
        raise TypeError(f"model is a {type(model).__name__}, expected a BoE or RecurrentModel")
    layer = model.recurrent
    options = {"nonlinearity": layer.nonlinearity} if isinstance(layer, nn.RNN) else {}
    freeze = not model.embedding.weight.requires_grad
    return RecurrentClassifier(parameters, LAYERS[layer.mode.split("_")[0]], freeze=freeze, **options)


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
