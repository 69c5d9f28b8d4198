"""Starting values for weights, each drawn from an explicit generator; shapes are (out, in) as in torch."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import DTypeLike

from rnnlab.cells.activations import Array
from rnnlab.cells.base import Cell

Initialiser = Callable[[tuple[int, int], np.random.Generator], Array]


def from_global_stream() -> np.random.Generator:
    """Returns a generator that follows from NumPy's global stream, that of `np.random.seed`."""
    return np.random.default_rng(np.random.randint(2**31))


def glorot(shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Uniform in ±sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio 2010)."""
    bound = math.sqrt(6 / sum(shape))
    return rng.uniform(-bound, bound, shape)


def glorot_normal(shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Normal with variance 2 / (fan_in + fan_out) (Glorot & Bengio 2010)."""
    return math.sqrt(2 / sum(shape)) * rng.standard_normal(shape)


def lecun(shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Uniform in ±sqrt(3 / fan_in), variance 1 / fan_in (LeCun et al. 1998)."""
    bound = math.sqrt(3 / shape[1])
    return rng.uniform(-bound, bound, shape)


def he(shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Uniform in ±sqrt(6 / fan_in), variance 2 / fan_in (He et al. 2015)."""
    bound = math.sqrt(6 / shape[1])
    return rng.uniform(-bound, bound, shape)


def torch_uniform(shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Uniform in ±1 / sqrt(fan_in), what torch.nn.Linear starts with."""
    bound = 1 / math.sqrt(shape[1])
    return rng.uniform(-bound, bound, shape)


def normal(shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Standard normal."""
    return rng.standard_normal(shape)


def orthogonal(shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Rows or columns, whichever are fewer, orthonormal and uniformly distributed (Saxe et al. 2014)."""
    q, r = np.linalg.qr(rng.standard_normal((max(shape), min(shape))))
    q = q * np.where(np.diag(r) < 0, -1, 1)  # without this the distribution depends on qr's sign convention
    return q if shape[0] >= shape[1] else q.T


def identity_matrix(shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Ones on the diagonal (Le et al. 2015, for the recurrent weights of a relu net); draws nothing."""
    return np.eye(*shape)


def recurrent_parameters(
    cell: Cell,
    input_size: int,
    hidden_size: int,
    *,
    rng: np.random.Generator,
    num_layers: int = 1,
    bidirectional: bool = False,
    dtype: DTypeLike = np.float64,
    input_init: Initialiser | None = None,
    recurrent_init: Initialiser | None = None,
) -> dict[str, Array]:
    """Returns a layer's parameters by torch's names; the initialisers fill each gate's block by itself.

    None is torch's own start, uniform in ±1 / sqrt(hidden_size). Biases start so too if both are None,
    otherwise at zero. What the cell starts otherwise is set last.
    """

    def torchs_own(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return np.asarray(rng.uniform(-1, 1, shape) / math.sqrt(hidden_size))

    def drawn(name: str, shape: tuple[int, ...]) -> Array:
        if name.startswith("weight_"):
            init = (input_init if name == "weight_ih" else recurrent_init) or torchs_own
            blocks = [init((hidden_size, shape[1]), rng) for _ in cell.blocks(name)]
            return np.concatenate(blocks).astype(dtype)
        scale = 1 if (input_init is None and recurrent_init is None) or not name.startswith("bias_") else 0
        return np.asarray(scale * torchs_own(shape, rng), dtype)

    parameters: dict[str, Array] = {}
    for layer in range(num_layers):
        width = input_size if layer == 0 else hidden_size * (2 if bidirectional else 1)
        for suffix in [f"_l{layer}", f"_l{layer}_reverse"][: 2 if bidirectional else 1]:
            own = {name: drawn(name, shape) for name, shape in cell.shapes(width, hidden_size).items()}
            cell.start(own, rng)
            parameters |= {name + suffix: array for name, array in own.items()}
    return parameters


def linear_parameters(
    name: str,
    input_size: int,
    output_size: int,
    *,
    rng: np.random.Generator,
    dtype: DTypeLike = np.float64,
    init: Initialiser | None = None,
) -> dict[str, Array]:
    """Returns `NAME.weight` (out, in) and `NAME.bias` (out,): torch's own start, or `init` and zeros."""
    weight = (init or torch_uniform)((output_size, input_size), rng).astype(dtype)
    bound = 1 / math.sqrt(input_size) if init is None else 0
    return {f"{name}.weight": weight, f"{name}.bias": rng.uniform(-bound, bound, output_size).astype(dtype)}
