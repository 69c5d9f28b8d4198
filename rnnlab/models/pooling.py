"""From the states of a text to one vector, over the steps of the text itself and never its padding.

T steps of the longest text, B texts, D numbers a step: the hidden states of both directions side by side.
"""

from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

Pooling = Literal["last", "mean", "max", "mean_max", "attention"]


def vectors_of(pooling: Pooling) -> int:
    """Returns how many vectors of a state's size stand side by side in what is pooled."""
    return 2 if pooling == "mean_max" else 1


class Attention(nn.Module):
    """The weight of every step of a text: how well its state answers a query that is learned.

        uₜ = tanh(W hₜ + b),  αₜ = exp(v · uₜ) / Σₛ exp(v · uₛ)

    Yang et al. 2016, "Hierarchical Attention Networks for Document Classification", eqs. 5 and 6: the
    additive attention of Bahdanau, Cho & Bengio 2015 with a query v of its own, where theirs follows from a
    decoder's state. W is square.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(size, size)
        self.query = nn.Linear(size, 1, bias=False)

    def forward(self, states: Float[Tensor, "T B D"], real: Bool[Tensor, "T B"]) -> Float[Tensor, "T B"]:
        """Returns weights, which sum to one over the steps of a text and are zero in its padding."""
        scores: Tensor = self.query(torch.tanh(self.hidden(states)))[:, :, 0]
        return scores.masked_fill(~real, -torch.inf).softmax(dim=0)


def pool(
    states: Float[Tensor, "T B D"],
    real: Bool[Tensor, "T B"],
    pooling: Pooling,
    attention: Attention | None,
) -> Float[Tensor, "B pooled"]:
    """Returns the mean of a text's states, the largest of each unit, both side by side (`mean_max`, of the
    concat pooling of Howard & Ruder 2018), or their mean weighted by attention.

    Where steps are equally large, the first of them is the one that gets the gradient of a maximum.
    """
    if pooling == "mean_max":
        return torch.cat([pool(states, real, part, None) for part in ("mean", "max")], dim=1)
    padding = ~real[:, :, None]
    if pooling == "max":
        return states.masked_fill(padding, -torch.inf).max(dim=0).values
    states = states.masked_fill(padding, 0.0)  # zero times an infinite number would be none
    if pooling == "mean":
        weights = real.to(states) / real.sum(dim=0)
    else:
        assert pooling == "attention" and attention is not None
        weights = attention(states, real)
    return (weights[:, :, None] * states).sum(dim=0)
