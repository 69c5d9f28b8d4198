"""From the states of a sequence to one vector, and back; padding has no part in it.

B batch, T time, D numbers a step. Parameters of the attention are called hidden.weight (D, D), hidden.bias
(D,) and query.weight (1, D). Numbers in brackets are equations of docs/from-scratch.md.
"""

from typing import Any, NamedTuple

import numpy as np

from rnnlab.cells.activations import Array
from rnnlab.scratch.cell import Gradients
from rnnlab.scratch.heads import linear, linear_backward
from rnnlab.scratch.losses import softmax

POOLINGS = ("last", "mean", "max", "mean_max", "attention")


class AttentionCache(NamedTuple):
    """What `attention_backward` needs: the states, what they answer to the query with, and the weights."""

    h_BTD: Array
    u_BTD: Array
    alpha_BT: Array


def mean(h_BTD: Array, real_BT: Array) -> tuple[Array, Array]:
    """Returns the mean over a sequence's own steps (B, D), and each step's share of it (B, T, 1)."""
    share_BT1 = (real_BT / real_BT.sum(axis=1, keepdims=True)).astype(h_BTD.dtype)[:, :, None]
    return (share_BT1 * h_BTD).sum(axis=1), share_BT1  # (52)


def mean_backward(d_m_BD: Array, share_BT1: Array) -> Array:
    """Returns the gradient of the steps (B, T, D)."""
    return d_m_BD[:, None] * share_BT1  # (53)


def largest(h_BTD: Array, real_BT: Array) -> tuple[Array, Array]:
    """Returns each number's maximum over the steps (B, D), and the first step that has it (B, 1, D)."""
    place_B1D = np.where(real_BT[:, :, None], h_BTD, -np.inf).argmax(axis=1)[:, None]
    return np.take_along_axis(h_BTD, place_B1D, axis=1)[:, 0], place_B1D  # (54)


def largest_backward(d_m_BD: Array, place_B1D: Array, time: int) -> Array:
    """Returns the gradient of the steps (B, T, D)."""
    batch, width = d_m_BD.shape
    d_h_BTD = np.zeros((batch, time, width), d_m_BD.dtype)
    np.put_along_axis(d_h_BTD, place_B1D, d_m_BD[:, None], axis=1)  # (55)
    return d_h_BTD


def attention(h_BTD: Array, real_BT: Array, parameters: dict[str, Array]) -> tuple[Array, AttentionCache]:
    """Returns the mean weighted by how well each step answers the query (B, D), and what it is made of."""
    u_BTD = np.tanh(linear(h_BTD, parameters["hidden.weight"], parameters["hidden.bias"]))  # (56)
    s_BT = u_BTD @ parameters["query.weight"][0]  # (57)
    alpha_BT = softmax(np.where(real_BT, s_BT, -np.inf))  # (58)
    return (alpha_BT[:, :, None] * h_BTD).sum(axis=1), AttentionCache(h_BTD, u_BTD, alpha_BT)  # (59)


def attention_backward(
    d_m_BD: Array, cache: AttentionCache, parameters: dict[str, Array]
) -> tuple[Array, Gradients]:
    """Returns the gradient of the steps (B, T, D) and of the attention's parameters."""
    h_BTD, u_BTD, alpha_BT = cache
    d_alpha_BT = (h_BTD * d_m_BD[:, None]).sum(axis=2)  # (60)
    d_s_BT = alpha_BT * (d_alpha_BT - (alpha_BT * d_alpha_BT).sum(axis=1, keepdims=True))  # (61)
    d_query_D = (d_s_BT[:, :, None] * u_BTD).sum(axis=(0, 1))  # (62)
    d_a_BTD = d_s_BT[:, :, None] * parameters["query.weight"][0] * (1 - u_BTD**2)  # (63)
    d_h_BTD, d_weight, d_bias = linear_backward(d_a_BTD, h_BTD, parameters["hidden.weight"])
    gradients = {"hidden.weight": d_weight, "hidden.bias": d_bias, "query.weight": d_query_D[None]}
    return d_h_BTD + alpha_BT[:, :, None] * d_m_BD[:, None], gradients  # (64)


def pool(pooling: str, h_BTD: Array, real_BT: Array, parameters: dict[str, Array]) -> tuple[Array, Any]:
    """Returns one vector a sequence (B, D), (B, 2 D) of `mean_max`, and what `pool_backward` needs.

    Not for `last`.
    """
    if pooling == "mean_max":
        (m_BD, share_BT1), (k_BD, place_B1D) = mean(h_BTD, real_BT), largest(h_BTD, real_BT)
        return np.concatenate([m_BD, k_BD], axis=1), (share_BT1, place_B1D)  # (73)
    if pooling == "mean":
        return mean(h_BTD, real_BT)
    return largest(h_BTD, real_BT) if pooling == "max" else attention(h_BTD, real_BT, parameters)


def pool_backward(
    pooling: str, d_m_BD: Array, cache: Any, time: int, parameters: dict[str, Array]
) -> tuple[Array, Gradients]:
    """Returns the gradient of the steps (B, T, D) and of the attention's parameters, if it has some."""
    if pooling == "attention":
        return attention_backward(d_m_BD, cache, parameters)
    if pooling == "mean_max":
        (share_BT1, place_B1D), (d_mean_BD, d_largest_BD) = cache, np.split(d_m_BD, 2, axis=1)
        return mean_backward(d_mean_BD, share_BT1) + largest_backward(
            d_largest_BD, place_B1D, time
        ), {}  # (74)
    d_h_BTD = mean_backward(d_m_BD, cache) if pooling == "mean" else largest_backward(d_m_BD, cache, time)
    return d_h_BTD, {}
