"""The same training in plain JAX: one jitted step over `lax.scan`, its gradients and its update in one.

T time, B batch, E embedding, H hidden, G gates. Lengths are rounded up to 16, so that few shapes are
compiled; steps in the padding leave the states as they are. What the input contributes to all steps is one
product before the scan, and old parameters are handed over, not copied.
"""

from functools import partial
from typing import Any

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp
from jax.nn import relu, sigmoid
from numpy.typing import NDArray

from rnnlab.bench.problem import Gradients, Problem

ROUND_UP = 16
jax.config.update("jax_platforms", "cpu")


def rnn(x: Any, h: Any, state: Any) -> Any:
    """Returns the state of a tanh net."""
    return (jnp.tanh(x + h),)


def gru(x: Any, h: Any, state: Any) -> Any:
    """Returns the state of a GRU, in torch's form."""
    x_r, x_z, x_n = jnp.split(x, 3, axis=-1)
    h_r, h_z, h_n = jnp.split(h, 3, axis=-1)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    return ((1 - z) * jnp.tanh(x_n + r * h_n) + z * state[0],)


def lstm(x: Any, h: Any, state: Any) -> Any:
    """Returns the states h and c of an LSTM."""
    i, f, g, o = jnp.split(x + h, 4, axis=-1)
    c = sigmoid(f) * state[1] + sigmoid(i) * jnp.tanh(g)
    return sigmoid(o) * jnp.tanh(c), c


def ugrnn(x: Any, h: Any, state: Any) -> Any:
    """Returns the state of an update gate RNN."""
    keep, new = jnp.split(x + h, 2, axis=-1)
    f = sigmoid(keep)
    return (f * state[0] + (1 - f) * jnp.tanh(new),)


CELLS = {"rnn": (rnn, 1), "gru": (gru, 1), "lstm": (lstm, 2), "ugrnn": (ugrnn, 1)}
"""Each cell's step and how many states it carries."""


def last_states(cell: str, parameters: Any, x_TBE: Any, lengths_B: Any, ending: str = "") -> Any:
    """Returns each text's last hidden state (B, H)."""
    step, states = CELLS[cell]
    w_ih, w_hh, b_ih, b_hh = (
        parameters[f"{name}_l0{ending}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    w_hh_HG = w_hh.T

    def body(state: Any, at: Any) -> tuple[Any, None]:
        x_BG, t = at
        new = step(x_BG, state[0] @ w_hh_HG + b_hh, state)
        inside_B1 = (t < lengths_B)[:, None]
        return tuple(jnp.where(inside_B1, n, old) for n, old in zip(new, state, strict=True)), None

    zeros_BH = jnp.zeros((x_TBE.shape[1], w_hh.shape[1]), x_TBE.dtype)
    x_TBG = x_TBE @ w_ih.T + b_ih
    state, _ = lax.scan(body, (zeros_BH,) * states, (x_TBG, jnp.arange(len(x_TBE))))
    return state[0]


def reverse(ids_TB: Any, lengths_B: Any) -> Any:
    """Returns the texts reversed within their lengths."""
    t_T1 = jnp.arange(len(ids_TB))[:, None]
    return jnp.take_along_axis(ids_TB, jnp.where(t_T1 < lengths_B, lengths_B - 1 - t_T1, t_T1), axis=0)


def loss(
    trained: Any, fixed: Any, ids_TB: Any, lengths_B: Any, labels_B: Any, *, cell: str, both: bool
) -> Any:
    """Returns the mean loss, and the logits beside it."""
    parameters = {**trained, **fixed}
    table_VE = parameters["embedding.weight"]
    of_layer = {name.removeprefix("recurrent."): p for name, p in parameters.items()}
    if cell == "mean":
        inside_TB = jnp.arange(len(ids_TB))[:, None] < lengths_B
        document = jnp.where(inside_TB[..., None], table_VE[ids_TB], 0).sum(axis=0) / lengths_B[:, None]
    else:
        document = last_states(cell, of_layer, table_VE[ids_TB], lengths_B)
        if both:
            x_TBE = table_VE[reverse(ids_TB, lengths_B)]
            back = last_states(cell, of_layer, x_TBE, lengths_B, "_reverse")
            document = jnp.concatenate([document, back], axis=1)
    hidden = relu(document @ parameters["head.hidden.weight"].T + parameters["head.hidden.bias"])
    logits_B = (hidden @ parameters["head.output.weight"].T + parameters["head.output.bias"])[:, 0]
    losses_B = jnp.maximum(logits_B, 0) - logits_B * labels_B + jnp.log1p(jnp.exp(-jnp.abs(logits_B)))
    return losses_B.mean(), logits_B


class PlainJax:
    """A training loop around one jitted step."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._parameters = {name: jnp.asarray(problem.parameters[name].copy()) for name in problem.trained}
        self._fixed = {
            name: jnp.asarray(array)
            for name, array in problem.parameters.items()
            if name not in self._parameters
        }
        assert problem.cell is not None
        of_batch = jax.value_and_grad(
            partial(loss, cell=problem.cell, both=problem.bidirectional), has_aux=True
        )

        @partial(jax.jit, donate_argnums=0)
        def step(trained: Any, fixed: Any, ids: Any, lengths: Any, labels: Any) -> Any:
            (mean, logits), gradients = of_batch(trained, fixed, ids, lengths, labels)
            trained = {name: p - problem.lr * gradients[name] for name, p in trained.items()}
            return trained, mean, ((logits > 0) == (labels > 0.5)).sum()

        self._of_batch, self._step = jax.jit(of_batch), step

    def _batch(self, chosen: NDArray[np.int64]) -> tuple[Any, ...]:
        texts = [self._problem.texts[index] for index in chosen]
        lengths = np.array([len(text) for text in texts], dtype=np.int32)
        time = -(-int(lengths.max()) // ROUND_UP) * ROUND_UP
        ids_TB = np.zeros((time, len(texts)), dtype=np.int32)
        for column, text in enumerate(texts):
            ids_TB[: len(text), column] = text
        return ids_TB, lengths, self._problem.labels[chosen]

    def warm_up(self, orders: list[NDArray[np.int64]]) -> None:
        """Compiles the step for every shape that will come."""
        shapes = set()
        for order in orders:
            for chosen in self._problem.batches(order):
                batch = self._batch(chosen)
                if batch[0].shape not in shapes:
                    shapes.add(batch[0].shape)
                    copies = {name: p.copy() for name, p in self._parameters.items()}
                    jax.block_until_ready(self._step(copies, self._fixed, *batch))

    def epoch(self, order: NDArray[np.int64]) -> float:
        """Trains an epoch; its figures are not waited for before its end."""
        figures, sizes = [], []
        for chosen in self._problem.batches(order):
            self._parameters, mean, right = self._step(self._parameters, self._fixed, *self._batch(chosen))
            figures.append((mean, right))
            sizes.append(len(chosen))
        jax.block_until_ready(self._parameters)
        losses, _ = zip(*jax.device_get(figures), strict=True)
        return float(np.average(losses, weights=sizes))

    def gradients(self, chosen: NDArray[np.int64]) -> tuple[float, Gradients]:
        """Returns mean loss and gradients of one batch."""
        (mean, _), gradients = self._of_batch(self._parameters, self._fixed, *self._batch(chosen))
        return float(mean), {name: np.asarray(gradient) for name, gradient in gradients.items()}
