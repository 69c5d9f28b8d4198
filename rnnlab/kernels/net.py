"""The net of `rnnlab.scratch.nets` where small steps cost most: the bag and the head, without checks.

B batch, T time, E embedding, V words, D what the head reads, O outputs. Numbers in brackets are equations of
docs/from-scratch.md.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.cells.activations import Array
from rnnlab.kernels.bag import bag_gradients
from rnnlab.kernels.head import head_backward, head_forward, linear_head_backward, linear_head_forward
from rnnlab.kernels.rows import CompiledRowGradient, mean_of_words, rows_of_bag
from rnnlab.scratch.cell import Gradients
from rnnlab.scratch.checks import as_lengths, check_range
from rnnlab.scratch.dropout import drop, dropout_mask
from rnnlab.scratch.heads import RowGradient
from rnnlab.scratch.layer import Forward
from rnnlab.scratch.nets import HeadCache, NetCache, Prediction, SequenceNet

SMALL = 2**15
"""Multiplications that a loop has done before a library has begun."""


class CompiledNet(SequenceNet):
    """A `SequenceNet` of the same results, sooner."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._slots = np.empty(0, np.int64)
        names = ("hidden", "output") if self.has_hidden else ("output",)
        self._linears = {name: self._linear(name) for name in names}
        self._keys = {name: [f"{self.head_prefix}{name}.{p}" for p in ("weight", "bias")] for name in names}
        self._names = [key for keys in self._keys.values() for key in keys]
        self._head = tuple(p for linear in self._linears.values() for p in linear)
        plain = [p.ndim == 1 for p in self._head[1::2]]  # biases, which may have two axes
        small = all(plain) and all(p.flags.c_contiguous for p in self._head)
        self._few = SMALL // sum(p.size for p in self._head) if small else 0
        is_bag = self.recurrent is None and "embedding.weight" in self.parameters
        one_logit = self.has_hidden and len(self._head[-1]) == 1
        self.few_of_bag = self._few if is_bag and one_logit and not self.dropout else 0
        """Texts of which `small_bag` gives all at once."""

    def forward(
        self,
        inputs: ArrayLike,
        lengths: ArrayLike | None = None,
        *,
        rng: np.random.Generator | None = None,
    ) -> tuple[Array, NetCache]:
        """Returns logits and what `backward` needs; inputs and lengths are checked where they are read."""
        weight = self.parameters.get("embedding.weight")
        x, lengths_B = np.asarray(inputs), np.asarray(lengths)
        numbers = weight is None and self.recurrent is not None and x.ndim == 3 and x.dtype.kind == "f"
        words = weight is not None and x.ndim == 2
        if not (numbers or words) or lengths_B.shape != x.shape[:1]:
            return super().forward(inputs, lengths, rng=rng)
        read, recurrent, pooled = self.read(x, weight, lengths_B, rng)
        logits, head = self.head(read, rng)
        return logits, NetCache(x, recurrent, pooled, head)

    def small_bag(self, ids: Array, lengths_B: Array, labels_B: Array) -> Prediction | None:
        """Returns what a step of training on these texts needs, by binary cross-entropy.

        None where the texts are more than `few_of_bag`, which is 0 but for a bag with one logit and a hidden
        layer, or where something is wrong with them, which `forward` says.
        """
        if len(lengths_B) > self.few_of_bag:
            return None
        vectors = self.parameters["embedding.weight"]
        fits, loss, logits, d_read, found = bag_gradients(ids, lengths_B, labels_B, vectors, self._head)
        if not fits:
            return None
        gradients: dict[str, Any] = self._of_head(found)
        if not self.freeze:
            gradients["embedding.weight"] = self._rows_of_bag(ids, lengths_B, d_read, vectors)
        return Prediction(loss, logits, gradients)

    def read(
        self, x: Array, weight: Array | None, lengths_B: Array, rng: np.random.Generator | None = None
    ) -> tuple[Array, Forward | None, Any]:
        """Returns what the head reads and what `read_backward` needs; of a bag its lengths."""
        if self.recurrent is not None or weight is None:
            return super().read(x, weight, lengths_B, rng)
        m_BE = np.empty((len(x), weight.shape[1]), weight.dtype)
        if not mean_of_words(x, lengths_B, weight, m_BE):
            as_lengths(lengths_B, *x.shape)
            check_range("ids", x, 0, len(weight) - 1)
        return m_BE, None, lengths_B

    def read_backward(
        self, d_read: Array, cache: NetCache, weight: Array | None
    ) -> tuple[RowGradient | None, Gradients]:
        """Returns the gradient of the words' vectors and of the parameters of layer and attention."""
        if self.recurrent is not None or weight is None:
            return super().read_backward(d_read, cache, weight)
        return self._rows_of_bag(cache.inputs, cache.pooled, d_read, weight), {}

    def _rows_of_bag(self, ids: Array, lengths_B: Array, d_read: Array, weight: Array) -> RowGradient:
        if len(self._slots) < len(weight):
            self._slots = np.full(len(weight), -1)
        rows, sums = rows_of_bag(ids, lengths_B, d_read, self._slots)
        return CompiledRowGradient(rows, sums, weight.shape)

    def head(self, read: Array, rng: np.random.Generator | None = None) -> tuple[Array, HeadCache]:
        """Returns logits (..., O) of what the head reads (..., D), and what `head_backward` needs."""
        mask = dropout_mask(read, self.dropout, rng)
        read = hidden = drop(read, mask)
        if self._are_few(read, self._head[0].shape[1]):
            if self.has_hidden:
                logits, hidden = head_forward(read, self._head)
            else:
                logits = linear_head_forward(read, self._head)
            return logits, HeadCache(read, hidden, mask)
        if self.has_hidden:
            weight, bias = self._linears["hidden"]
            hidden = read @ weight.T  # (38)
            hidden += bias
            np.maximum(hidden, 0, out=hidden)
        weight, bias = self._linears["output"]
        logits = hidden @ weight.T
        logits += bias
        return logits, HeadCache(read, hidden, mask)

    def head_backward(self, d_logits: Array, cache: HeadCache) -> tuple[Array, Gradients]:
        """Returns the gradient of what the head read and of the head's parameters."""
        of_both = (
            self._are_few(cache.read, self._head[0].shape[1]),
            self._are_few(d_logits, len(self._head[-1])),
        )
        if all(of_both) and len(d_logits) == len(cache.read):
            if self.has_hidden:
                d_read, found = head_backward(d_logits, cache.hidden, cache.read, self._head)
            else:
                d_read, found = linear_head_backward(d_logits, cache.read, self._head)
            return drop(d_read, cache.mask), self._of_head(found)
        gradients: Gradients = {}
        d_y = d_logits
        if self.has_hidden:
            d_y = self._back("output", d_y, cache.hidden, gradients)
            d_y *= cache.hidden > 0
        d_read = self._back("hidden" if self.has_hidden else "output", d_y, cache.read, gradients)
        return drop(d_read, cache.mask), gradients

    def _are_few(self, rows: Array, width: int) -> bool:
        """Returns whether these are rows of that width of few texts, in the precision of the head."""
        fits = rows.ndim == 2 and len(rows) <= self._few and rows.shape[1] == width
        return fits and rows.dtype == self._head[0].dtype

    def _of_head(self, found: tuple[Array, ...]) -> Gradients:
        """Returns the gradients of the head's weights by name."""
        return dict(zip(self._names, found, strict=True))

    def _back(self, name: str, d_y: Array, x: Array, gradients: Gradients) -> Array:
        """Takes a linear map back; adds its gradients and returns that of x."""
        (weight, _), (of_weight, of_bias) = self._linears[name], self._keys[name]
        d_rows, x_rows = d_y, x
        if d_y.ndim > 2:
            d_rows, x_rows = d_y.reshape(-1, d_y.shape[-1]), x.reshape(-1, x.shape[-1])
        gradients[of_weight] = d_rows.T @ x_rows  # (39)
        gradients[of_bias] = np.add.reduce(d_rows, axis=0)
        return d_y @ weight
