"""A head on few texts, forward and back: its work is done before NumPy's calls are.

B texts, D numbers that the head reads of each, K units of its hidden layer, O outputs. Its weights are those
of the hidden layer, weight and bias, and of the output, weight and bias; without such a layer those of the
output alone. Numbers in brackets are equations of
docs/from-scratch.md.
"""

from typing import Any

import numpy as np

from rnnlab.kernels.jit import compiled, compiled_on_disk

ALL, SPARSE = np.bool_(False), np.bool_(True)  # of plain ones the compiler would make a function each


@compiled
def _output(hidden: Any, weight: Any, bias: Any) -> Any:
    """Returns the logits (B, O) of the hidden layer (B, K)."""
    logits = np.empty((len(hidden), len(bias)), hidden.dtype)
    for b in range(len(hidden)):
        for o in range(len(bias)):
            total = bias[o]
            for k in range(hidden.shape[1]):
                total += hidden[b, k] * weight[o, k]
            logits[b, o] = total
    return logits


@compiled_on_disk
def linear_head_forward(read: Any, weights: Any) -> Any:
    """Returns the logits (B, O) of what a head without a hidden layer reads (B, D)."""
    return _output(read, *weights)


@compiled_on_disk
def head_forward(read: Any, weights: Any) -> Any:
    """Returns the logits (B, O) of what the head reads (B, D), and its hidden layer (B, K)."""
    weight, bias, output_weight, output_bias = weights
    weight_DK = weight.T.copy()
    hidden = np.empty((len(read), len(bias)), read.dtype)
    for b in range(len(read)):
        for k in range(len(bias)):
            hidden[b, k] = bias[k]
        for d in range(read.shape[1]):
            value = read[b, d]
            for k in range(len(bias)):
                hidden[b, k] += value * weight_DK[d, k]  # (38)
        for k in range(len(bias)):
            y = hidden[b, k]
            hidden[b, k] = y if y > 0 or y != y else 0  # as NumPy's maximum: NaN stays NaN
    return _output(hidden, output_weight, output_bias), hidden


@compiled
def _linear_backward(d_y: Any, x: Any, weight: Any, bias: Any, sparse: bool) -> Any:
    """Returns the gradients of x (B, I), weight (O, I) and bias (O,) from that of y (B, O).

    sparse: whether many numbers of that are zero, and so skipped.
    """
    d_x, d_weight, d_bias = np.zeros_like(x), np.zeros_like(weight), np.zeros_like(bias)
    for b in range(len(x)):
        for o in range(len(weight)):
            d = d_y[b, o]
            if d != 0 or not sparse:
                d_bias[o] += d
                for i in range(x.shape[1]):
                    d_weight[o, i] += d * x[b, i]  # (39)
                    d_x[b, i] += d * weight[o, i]
    return d_x, d_weight, d_bias


@compiled_on_disk
def linear_head_backward(d_logits: Any, read: Any, weights: Any) -> Any:
    """Returns the gradient of what a head without a hidden layer read, and those of its weights."""
    d_read, d_weight, d_bias = _linear_backward(d_logits, read, weights[0], weights[1], ALL)
    return d_read, (d_weight, d_bias)


@compiled_on_disk
def head_backward(d_logits: Any, hidden: Any, read: Any, weights: Any) -> Any:
    """Returns the gradient of what the head read, and those of its weights."""
    weight, bias, output_weight, output_bias = weights
    d_hidden, d_output_weight, d_output_bias = _linear_backward(
        d_logits, hidden, output_weight, output_bias, ALL
    )
    for b in range(hidden.shape[0]):
        for k in range(hidden.shape[1]):
            if hidden[b, k] <= 0:
                d_hidden[b, k] = 0
    d_read, d_weight, d_bias = _linear_backward(d_hidden, read, weight, bias, SPARSE)
    return d_read, (d_weight, d_bias, d_output_weight, d_output_bias)
