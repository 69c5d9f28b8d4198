"""A small bag of embeddings, forward, loss and back in one call: it takes no longer than a call of NumPy.

B texts, T words, E numbers of a vector, K units of the head's hidden layer. Numbers in brackets are equations
of docs/from-scratch.md.
"""

from typing import Any

import numpy as np

from rnnlab.kernels.jit import compiled, compiled_on_disk
from rnnlab.kernels.losses import binary_cross_entropy
from rnnlab.kernels.rows import mean_of_words


@compiled
def head(read: Any, weights: Any, hidden: Any, logits: Any) -> None:
    """Writes the hidden layer (B, K) and the logits (B, 1) of what the head reads (B, E)."""
    weight, bias, output_weight, output_bias = weights
    weight_EK = weight.T.copy()
    for b in range(len(read)):
        for k in range(len(bias)):
            hidden[b, k] = bias[k]
        for e in range(read.shape[1]):
            value = read[b, e]
            for k in range(len(bias)):
                hidden[b, k] += value * weight_EK[e, k]  # (38)
        total = output_bias[0]
        for k in range(len(bias)):
            y = hidden[b, k]
            hidden[b, k] = y if y > 0 or y != y else 0  # as NumPy's maximum: NaN stays NaN
            total += hidden[b, k] * output_weight[0, k]
        logits[b, 0] = total


@compiled_on_disk
def bag_gradients(ids_BT: Any, lengths_B: Any, labels_B: Any, vectors_VE: Any, weights: Any) -> Any:
    """Returns whether all words have a vector and all lengths fit; if so, the mean loss, the logits (B, 1),
    and the gradients of the means (B, E) and of the weights.

    weights: of the head, its hidden layer's weight and bias, its output's weight and bias.
    """
    weight, bias, output_weight, output_bias = weights
    texts, width, units = len(lengths_B), vectors_VE.shape[1], len(bias)
    read, hidden = np.empty((texts, width), weight.dtype), np.empty((texts, units), weight.dtype)
    logits, d_logits = np.empty((texts, 1), weight.dtype), np.empty((texts, 1), weight.dtype)
    d_read, d_weight = np.zeros_like(read), np.zeros_like(weight)
    d_bias, d_output_weight = np.zeros_like(bias), np.zeros_like(output_weight)
    d_output_bias = np.zeros_like(output_bias)
    loss = 0.0
    fits = mean_of_words(ids_BT, lengths_B, vectors_VE, read)
    if fits:
        head(read, weights, hidden, logits)
        loss = binary_cross_entropy(logits, labels_B, d_logits)
        for b in range(texts):
            d = d_logits[b, 0]
            d_output_bias[0] += d
            for k in range(units):
                d_output_weight[0, k] += d * hidden[b, k]  # (39)
                if hidden[b, k] > 0:
                    d_k = d * output_weight[0, k]
                    d_bias[k] += d_k
                    for e in range(width):
                        d_weight[k, e] += d_k * read[b, e]
                        d_read[b, e] += d_k * weight[k, e]
    return fits, loss, logits, d_read, (d_weight, d_bias, d_output_weight, d_output_bias)
