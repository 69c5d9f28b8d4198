"""One batch through a recurrent layer and back: the compiled layer, torch's packed and padded, and JAX.

T time, B batch, E input, H hidden. Only each text's last state has a loss; the gradients of the input and of
all parameters are asked for, as in a layer above trained word vectors or another layer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.utils.rnn import pack_padded_sequence

from rnnlab.bench.contestants import FUSED, JAX, PACKED, PADDED
from rnnlab.bench.plain_torch import LAYERS
from rnnlab.bench.problem import Gradients
from rnnlab.cells import Cell
from rnnlab.cells.gru import GRU
from rnnlab.cells.lstm import LSTM
from rnnlab.cells.rnn import RNN

CELLS: dict[str, type[Cell]] = {"rnn": RNN, "gru": GRU, "lstm": LSTM}
Pass = Callable[[], Gradients]
"""Goes through the layer and back; returns the gradients by torch's names and of the input, `x` (B, T, E)."""


@dataclass(frozen=True)
class LayerBatch:
    """A layer's input, parameters and the gradient that arrives at the last states, the same for all."""

    cell: str
    x_BTE: NDArray[np.float32]
    lengths_B: NDArray[np.int64]
    parameters: dict[str, NDArray[np.float32]]
    d_last_BH: NDArray[np.float32]

    @classmethod
    def drawn(
        cls, cell: str, *, inputs: int, hidden: int, batch: int = 64, shortest: int = 50, longest: int = 200
    ) -> "LayerBatch":
        """Returns a batch of texts with lengths spread evenly between two, and torch's own start."""
        torch.manual_seed(1)
        lengths = torch.linspace(longest, shortest, batch).long()
        x = torch.randn(batch, longest, inputs) * (torch.arange(longest)[:, None] < lengths[:, None, None])
        layer = LAYERS[cell](inputs, hidden)
        return cls(
            cell,
            x.numpy(),
            lengths.numpy(),
            {name: p.detach().numpy() for name, p in layer.named_parameters()},
            torch.randn(batch, hidden).numpy(),
        )

    @property
    def flops(self) -> int:
        """Additions and multiplications of the matrix products, forward and back."""
        weights = sum(array.size for array in self.parameters.values() if array.ndim > 1)
        return 6 * int(self.lengths_B.sum()) * weights


def passes(batch: LayerBatch) -> dict[str, Pass]:
    """Returns everybody's pass, prepared as far as it is the same for all batches."""
    found = {FUSED: fused(batch)} if find_spec("numba") else {}
    found |= {PACKED: by_torch(batch, packed=True), PADDED: by_torch(batch, packed=False)}
    return found | ({JAX: by_jax(batch)} if find_spec("jax") else {})


def fused(batch: LayerBatch) -> Pass:
    """Returns the compiled layer's pass."""
    from rnnlab.kernels.layer import CompiledLayer

    parameters = {name: array.copy() for name, array in batch.parameters.items()}
    layer = CompiledLayer(parameters, cell=CELLS[batch.cell](), batch_first=True)

    def run() -> Gradients:
        forward = layer.forward(batch.x_BTE, lengths=batch.lengths_B)
        back = layer.backward(forward.cache, d_h_n=batch.d_last_BH[None])
        return {**back.parameters, "x": back.x}

    return run


def by_torch(batch: LayerBatch, *, packed: bool) -> Pass:
    """Returns the pass of torch's layer: packed, or over the padding with the state picked at the end."""
    inputs, hidden = batch.x_BTE.shape[2], batch.d_last_BH.shape[1]
    layer = LAYERS[batch.cell](inputs, hidden, batch_first=True)
    layer.load_state_dict({name: torch.from_numpy(array) for name, array in batch.parameters.items()})
    x = torch.from_numpy(batch.x_BTE.copy()).requires_grad_()
    lengths, d_last = torch.from_numpy(batch.lengths_B), torch.from_numpy(batch.d_last_BH)
    rows, last = torch.arange(len(lengths)), lengths - 1

    def run() -> Gradients:
        layer.zero_grad()
        x.grad = None
        if packed:
            _, final = layer(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
            hidden = (final[0] if isinstance(final, tuple) else final)[0]
        else:
            hidden = layer(x)[0][rows, last]
        hidden.backward(d_last)
        named = [("x", x), *layer.named_parameters()]
        return {name: p.grad.numpy() for name, p in named if p.grad is not None}

    return run


def by_jax(batch: LayerBatch) -> Pass:
    """Returns the jitted pass of a scan, the texts padded to a multiple of 16 steps."""
    import jax
    from jax import numpy as jnp

    from rnnlab.bench.plain_jax import ROUND_UP, last_states

    time = batch.x_BTE.shape[1]
    x = jnp.asarray(np.pad(batch.x_BTE, ((0, 0), (0, -time % ROUND_UP), (0, 0))))
    parameters = {name: jnp.asarray(array) for name, array in batch.parameters.items()}

    def loss(parameters: dict[str, jax.Array], x_BTE: jax.Array) -> jax.Array:
        states = last_states(batch.cell, parameters, x_BTE.swapaxes(0, 1), batch.lengths_B)
        return (states * batch.d_last_BH).sum()

    both = jax.jit(jax.grad(loss, argnums=(0, 1)))

    def run() -> Gradients:
        d_parameters, d_x = jax.block_until_ready(both(parameters, x))
        return {**{name: np.asarray(d) for name, d in d_parameters.items()}, "x": np.asarray(d_x)[:, :time]}

    return run
