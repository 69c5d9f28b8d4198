"""The way back through a head of few rows; numbers in brackets are equations of docs/from-scratch.md."""

from typing import Any

import numpy as np

from rnnlab.kernels.jit import compiled, compiled_on_disk


@compiled_on_disk
def finish_head(hidden: Any, hidden_bias: Any, output_weight: Any, output_bias: Any) -> Any:
    """Makes the hidden layer (B, K) of its products with the weight, in place; returns the logits (B, O)."""
    logits = np.empty((len(hidden), len(output_weight)), hidden.dtype)
    for b in range(len(hidden)):
        for k in range(hidden.shape[1]):
            y = hidden[b, k] + hidden_bias[k]
            hidden[b, k] = y if y > 0 or y != y else 0  # as NumPy's maximum: NaN stays NaN
        for o in range(len(output_weight)):
            total = output_bias[o]
            for k in range(hidden.shape[1]):
                total += hidden[b, k] * output_weight[o, k]
            logits[b, o] = total
    return logits


@compiled
def linear_backward(d_y: Any, x: Any, weight: Any) -> Any:
    """Returns the gradients of x (B, I), weight (O, I) and bias (O,) from that of y (B, O)."""
    d_x, d_weight = np.zeros_like(x), np.zeros_like(weight)
    d_bias = np.zeros(len(weight), weight.dtype)
    for b in range(len(x)):
        for o in range(len(weight)):
            d = d_y[b, o]
            d_bias[o] += d
            for i in range(x.shape[1]):
                d_weight[o, i] += d * x[b, i]  # (39)
                d_x[b, i] += d * weight[o, i]
    return d_x, d_weight, d_bias


@compiled_on_disk
def head_backward(d_y: Any, hidden: Any, read: Any, output_weight: Any, hidden_weight: Any) -> Any:
    """Returns the gradient of what the head read, and of weight and bias of its output and hidden layer."""
    d_hidden, d_output_weight, d_output_bias = linear_backward(d_y, hidden, output_weight)
    for b in range(hidden.shape[0]):
        for k in range(hidden.shape[1]):
            if hidden[b, k] <= 0:
                d_hidden[b, k] = 0
    d_read, d_hidden_weight, d_hidden_bias = linear_backward(d_hidden, read, hidden_weight)
    return d_read, d_output_weight, d_output_bias, d_hidden_weight, d_hidden_bias
