"""Where the weights of a recurrent model start."""

from typing import Literal

import torch
from torch import Tensor, nn

Init = Literal["default", "identity", "orthogonal", "glorot", "glorot_normal", "normal"]


@torch.no_grad()
def initialise(recurrent: nn.Module, head: nn.Module, init: Init) -> None:
    """Sets the weights of a recurrent layer and its head in place; `default` leaves torch's own.

    Otherwise every bias is zero, and each gate's recurrent matrix the identity (Le, Jaitly & Hinton 2015)
    or orthogonal (Saxe, McClelland & Ganguli 2014), every other matrix uniform in ±√(3 / fan-in) (LeCun et
    al. 1998); or all matrices, gate by gate, are with `glorot` uniform in ±√(6 / (fan-in + fan-out)), with
    `glorot_normal` normal with variance 2 / (fan-in + fan-out) (Glorot & Bengio 2010), with `normal` standard
    normal. Draws from torch's global stream.
    """
    if init == "default":
        return
    for name, parameter in recurrent.named_parameters():
        if not name.startswith(("weight_", "bias_")):
            continue  # a cell's own parameters start as the cell says
        for gate in parameter.split(recurrent.hidden_size):
            _set(gate, _of_others(init) if name.startswith("weight_ih") else init)
    initialise_linear(head, init)


@torch.no_grad()
def initialise_linear(module: nn.Module, init: Init) -> None:
    """Sets weights and biases that no step repeats, as `initialise` says, in place."""
    if init == "default":
        return
    for parameter in module.parameters():
        _set(parameter, _of_others(init))


def _of_others(init: Init) -> str:
    return "lecun" if init in ("identity", "orthogonal") else init


def _set(parameter: Tensor, init: str) -> None:
    if parameter.is_meta:  # it has no numbers, and to find that out takes torch a second of imports
        return
    if parameter.ndim == 1:
        parameter.zero_()
    elif init == "identity":
        nn.init.eye_(parameter)
    elif init == "orthogonal":
        nn.init.orthogonal_(parameter)
    elif init == "glorot":
        nn.init.xavier_uniform_(parameter)
    elif init == "glorot_normal":
        nn.init.xavier_normal_(parameter)
    elif init == "normal":
        parameter.normal_()
    else:
        parameter.uniform_(-((3 / parameter.shape[1]) ** 0.5), (3 / parameter.shape[1]) ** 0.5)
