"""SGD, Adam, AdamW and RMSprop over dicts of arrays, changed in place, equal to torch.optim's step by step.

Numbers in brackets are equations of docs/from-scratch.md.
"""

import math
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np

from rnnlab.cells.activations import Array
from rnnlab.core.errors import did_you_mean
from rnnlab.scratch.heads import RowGradient, whole


@runtime_checkable
class Optimizer(Protocol):
    """Changes parameters by their gradients."""

    def step(self, gradients: Mapping[str, Array | RowGradient]) -> None:
        """Takes one step; parameters without a gradient stay as they are."""

    def state(self, name: str) -> dict[str, Array]:
        """Returns under torch's names what is kept of a parameter that has taken a step: arrays that go on
        being changed in place.
        """

    def load_state(self, name: str, arrays: Mapping[str, Array]) -> None:
        """Goes on from what `state` once returned of a parameter."""


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

    def step(self, gradients: Mapping[str, Array | RowGradient]) -> None:
        """Changes every parameter that has a gradient, in place."""
        for name, given in gradients.items():
            self.update(name, given)

    def update(self, name: str, given: Array | RowGradient) -> None:
        """Changes one parameter by its gradient, in place."""
        parameter = self.parameters[name]
        if isinstance(given, RowGradient) and not (self.momentum or self.weight_decay):
            given.subtract_from(parameter, self.lr)  # (48); other rows stay as they are
            return
        gradient = whole(given)
        d = gradient + self.weight_decay * parameter if self.weight_decay else gradient  # (46)
        if self.momentum:
            if name in self.velocities:
                velocity = self.velocities[name]
                velocity *= self.momentum
                velocity += (1 - self.dampening) * d  # (47)
            else:
                velocity = self.velocities[name] = d.copy()
            d = d + self.momentum * velocity if self.nesterov else velocity
        parameter -= self.lr * d  # (48)

    def state(self, name: str) -> dict[str, Array]:
        """Returns the velocity, if there is a momentum."""
        return {"momentum_buffer": self.velocities[name]} if name in self.velocities else {}

    def load_state(self, name: str, arrays: Mapping[str, Array]) -> None:
        """Copies the velocity, if there is one."""
        if "momentum_buffer" in arrays:
            self.velocities[name] = arrays["momentum_buffer"].copy()


class Adam:
    """Adam (Kingma & Ba 2015) with torch's L2 weight decay, or one beside the gradient as in AdamW."""

    def __init__(
        self,
        parameters: dict[str, Array],
        *,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
    ) -> None:
        self.parameters = _floats(parameters)
        self.lr, self.betas, self.eps = lr, betas, eps
        self.weight_decay, self.decoupled_weight_decay = weight_decay, decoupled_weight_decay
        self.means = {name: np.zeros_like(p) for name, p in parameters.items()}
        self.squares = {name: np.zeros_like(p) for name, p in parameters.items()}
        self.steps = {name: np.zeros((), np.float32) for name in parameters}

    def step(self, gradients: Mapping[str, Array | RowGradient]) -> None:
        """Changes every parameter that has a gradient, in place."""
        for name, given in gradients.items():
            self.steps[name] += 1
            self.update(name, given)

    def update(self, name: str, given: Array | RowGradient) -> None:
        """Changes one parameter by its gradient, in place."""
        beta_1, beta_2 = self.betas
        steps, gradient = int(self.steps[name]), whole(given)  # moments fade in all rows
        parameter, mean, square = self.parameters[name], self.means[name], self.squares[name]
        if self.decoupled_weight_decay:
            parameter *= 1 - self.lr * self.weight_decay  # (69)
        elif self.weight_decay:
            gradient = gradient + self.weight_decay * parameter  # (46)
        mean += (1 - beta_1) * (gradient - mean)  # (49)
        square += (1 - beta_2) * (gradient * gradient - square)  # (50)
        mean_scale, root_scale = 1 - beta_1**steps, math.sqrt(1 - beta_2**steps)
        parameter -= self.lr / mean_scale * mean / (np.sqrt(square) / root_scale + self.eps)  # (51)

    def state(self, name: str) -> dict[str, Array]:
        """Returns the number of steps and both moments."""
        moments = {"exp_avg": self.means[name], "exp_avg_sq": self.squares[name]}
        return {"step": self.steps[name], **moments}

    def load_state(self, name: str, arrays: Mapping[str, Array]) -> None:
        """Copies the number of steps and both moments."""
        _copy_into(self.state(name), arrays)


class AdamW(Adam):
    """Adam whose weight decay is no part of the gradient (Loshchilov & Hutter 2019)."""

    def __init__(
        self,
        parameters: dict[str, Array],
        *,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(
            parameters, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, decoupled_weight_decay=True
        )


class RMSprop:
    """RMSprop (Tieleman & Hinton 2012; centered, Graves 2013) with torch's momentum and L2 weight decay."""

    def __init__(
        self,
        parameters: dict[str, Array],
        *,
        lr: float = 0.01,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ) -> None:
        self.parameters = _floats(parameters)
        self.lr, self.alpha, self.eps = lr, alpha, eps
        self.weight_decay, self.momentum, self.centered = weight_decay, momentum, centered
        self.squares = {name: np.zeros_like(p) for name, p in parameters.items()}
        self.means = {name: np.zeros_like(p) for name, p in parameters.items() if centered}
        self.velocities = {name: np.zeros_like(p) for name, p in parameters.items() if momentum}
        self.steps = {name: np.zeros((), np.float32) for name in parameters}

    def step(self, gradients: Mapping[str, Array | RowGradient]) -> None:
        """Changes every parameter that has a gradient, in place."""
        for name, given in gradients.items():
            gradient = whole(given)  # squares fade in all rows
            parameter, square = self.parameters[name], self.squares[name]
            d = gradient + self.weight_decay * parameter if self.weight_decay else gradient  # (46)
            self.steps[name] += 1
            square *= self.alpha
            square += (1 - self.alpha) * (d * d)  # (70)
            spread = square
            if self.centered:
                mean = self.means[name]
                mean += (1 - self.alpha) * (d - mean)
                spread = square - mean * mean  # (71)
            d = d / (np.sqrt(spread) + self.eps)
            if self.momentum:
                velocity = self.velocities[name]
                velocity *= self.momentum
                velocity += d  # (72)
                d = velocity
            parameter -= self.lr * d  # (48)

    def state(self, name: str) -> dict[str, Array]:
        """Returns the number of steps, the squares, and the means and the velocity if there are some."""
        kept = {"square_avg": self.squares, "momentum_buffer": self.velocities, "grad_avg": self.means}
        arrays = {key: of_all[name] for key, of_all in kept.items() if name in of_all}
        return {"step": self.steps[name], **arrays}

    def load_state(self, name: str, arrays: Mapping[str, Array]) -> None:
        """Copies the number of steps and all that is kept."""
        _copy_into(self.state(name), arrays)


def _copy_into(kept: Mapping[str, Array], arrays: Mapping[str, Array]) -> None:
    """Copies arrays into those of the same names; KeyError where one is missing, ValueError for a shape."""
    for key, array in kept.items():
        if array.shape != arrays[key].shape:
            raise ValueError(f"{key}: expected shape {array.shape}, found {arrays[key].shape}")
        array[...] = arrays[key]


def _floats(parameters: dict[str, Array]) -> dict[str, Array]:
    """Returns the parameters; ValueError for integers, which no step in place can change."""
    for name, array in parameters.items():
        if not np.issubdtype(array.dtype, np.floating):
            raise ValueError(f"parameter {name} holds {array.dtype}, expected floats to train in place")
    return parameters


OPTIMIZERS: dict[str, Any] = {"sgd": SGD, "adam": Adam, "adamw": AdamW, "rmsprop": RMSprop}


def make_optimizer(
    name: str, parameters: dict[str, Array], optimizers: Mapping[str, Any] = OPTIMIZERS, **settings: Any
) -> Optimizer:
    """Returns the one of the optimizers called `name`; ValueError for others and for settings it does not
    have.
    """
    if name not in optimizers:
        known, hint = ", ".join(optimizers), did_you_mean(name, optimizers)
        raise ValueError(f"the scratch engine has {known}, not {name!r}{hint}")
    try:
        optimizer: Optimizer = optimizers[name](parameters, **settings)
    except TypeError as error:
        raise ValueError(f"the scratch engine's {name}: {error}") from None
    return optimizer


def clip_by_norm(gradients: Mapping[str, Array | RowGradient], max_norm: float) -> float:
    """Scales all gradients in place to a joint Euclidean norm of at most `max_norm`; returns the norm before.

    The factor is max_norm / (norm + 1e-6), as in torch.nn.utils.clip_grad_norm_.
    """
    arrays = [g.values if isinstance(g, RowGradient) else g for g in gradients.values()]
    norm = math.sqrt(sum(float((array * array).sum()) for array in arrays))
    factor = max_norm / (norm + 1e-6)
    if factor < 1:
        for array in arrays:
            array *= factor
    return norm
