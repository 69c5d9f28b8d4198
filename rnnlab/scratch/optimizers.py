"""SGD and Adam over dicts of arrays, changed in place, equal to torch.optim's step by step."""

import math
from typing import Any, Protocol, runtime_checkable

import numpy as np

from rnnlab.cells.activations import Array
from rnnlab.core.errors import did_you_mean
from rnnlab.scratch.cell import Gradients


@runtime_checkable
class Optimizer(Protocol):
    """Changes parameters by their gradients."""

    def step(self, gradients: Gradients) -> None:
        """Takes one step; parameters without a gradient stay as they are."""


class SGD:
    """Stochastic gradient descent with torch's momentum, dampening, Nesterov and L2 weight decay."""

    def __init__(
        self,
        parameters: dict[str, Array],
        *,
        lr: float = 0.01,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("nesterov needs a momentum above 0 and no dampening")
        self.parameters = _floats(parameters)
        self.lr, self.momentum, self.dampening = lr, momentum, dampening
        self.weight_decay, self.nesterov = weight_decay, nesterov
        self.velocities: dict[str, Array] = {}

    def step(self, gradients: Gradients) -> None:
        """Changes every parameter that has a gradient, in place."""
        for name, gradient in gradients.items():
            parameter = self.parameters[name]
            d = gradient + self.weight_decay * parameter if self.weight_decay else gradient  # (46)
            if self.momentum:
                velocity = self.velocities.get(name)
                velocity = d if velocity is None else self.momentum * velocity + (1 - self.dampening) * d
                self.velocities[name] = velocity  # (47)
                d = d + self.momentum * velocity if self.nesterov else velocity
            parameter -= self.lr * d  # (48)


class Adam:
    """Adam (Kingma & Ba 2015) with torch's L2 weight decay."""

    def __init__(
        self,
        parameters: dict[str, Array],
        *,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        self.parameters = _floats(parameters)
        self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
        self.means = {name: np.zeros_like(p) for name, p in parameters.items()}
        self.squares = {name: np.zeros_like(p) for name, p in parameters.items()}
        self.steps = dict.fromkeys(parameters, 0)

    def step(self, gradients: Gradients) -> None:
        """Changes every parameter that has a gradient, in place."""
        beta_1, beta_2 = self.betas
        for name, gradient in gradients.items():
            parameter, mean, square = self.parameters[name], self.means[name], self.squares[name]
            d = gradient + self.weight_decay * parameter if self.weight_decay else gradient  # (46)
            self.steps[name] += 1
            mean += (1 - beta_1) * (d - mean)  # (49)
            square += (1 - beta_2) * (d * d - square)  # (50)
            mean_scale = 1 - beta_1 ** self.steps[name]
            root_scale = math.sqrt(1 - beta_2 ** self.steps[name])
            parameter -= self.lr / mean_scale * mean / (np.sqrt(square) / root_scale + self.eps)  # (51)


def _floats(parameters: dict[str, Array]) -> dict[str, Array]:
    """Returns the parameters; ValueError for integers, which no step in place can change."""
    for name, array in parameters.items():
        if not np.issubdtype(array.dtype, np.floating):
            raise ValueError(f"parameter {name} holds {array.dtype}, expected floats to train in place")
    return parameters


OPTIMIZERS: dict[str, Any] = {"sgd": SGD, "adam": Adam}


def make_optimizer(name: str, parameters: dict[str, Array], **settings: Any) -> Optimizer:
    """Returns the optimizer called `name`; ValueError for others and for settings it does not have."""
    if name not in OPTIMIZERS:
        raise ValueError(f"the scratch engine has sgd and adam, not {name!r}{did_you_mean(name, OPTIMIZERS)}")
    try:
        optimizer: Optimizer = OPTIMIZERS[name](parameters, **settings)
    except TypeError as error:
        raise ValueError(f"the scratch engine's {name}: {error}") from None
    return optimizer


def clip_by_norm(gradients: Gradients, max_norm: float) -> float:
    """Scales all gradients in place to a joint Euclidean norm of at most `max_norm`; returns the norm before.

    The factor is max_norm / (norm + 1e-6), as in torch.nn.utils.clip_grad_norm_.
    """
    norm = math.sqrt(sum(float((g * g).sum()) for g in gradients.values()))
    factor = max_norm / (norm + 1e-6)
    if factor < 1:
        for gradient in gradients.values():
            gradient *= factor
    return norm
