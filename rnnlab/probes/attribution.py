"""Integrated gradients: how much of a text's logit each of its tokens accounts for."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnlab.core.errors import RnnlabError
from rnnlab.models.base import SequenceModel
from rnnlab.probes.prediction import EncodedText, in_float64

BASELINE = "zero vectors, which is what <pad> has, in place of all words"
FIRST_STEPS, LAST_STEPS = 32, 2**17
TOKENS_AT_ONCE = 2**15  # bounds the memory of a pass, which holds steps × tokens vectors


@dataclass(frozen=True)
class Attribution:
    """Each token's share of the way from the baseline's logit to the text's, both logits of `pos`.

    values: float64 (tokens,), in units of the logit; steps: points at which the gradient was taken.
    """

    values: NDArray[np.float64]
    baseline_logit: float
    logit: float
    steps: int

    @property
    def complete(self) -> bool:
        """Whether the values add up to the change of the logit, within 1 % of it + 0.001."""
        change = self.logit - self.baseline_logit
        return abs(self.values.sum() - change) <= 0.01 * abs(change) + 0.001

    def table(self, text: EncodedText) -> pd.DataFrame:
        """Returns a row a token; the logits and the number of steps are repeated in every row."""
        return pd.DataFrame(
            {
                "Position": range(1, len(self.values) + 1),
                "Token": text.tokens,
                "Attribution": self.values,
                "Known": text.known,
                "Baseline logit": self.baseline_logit,
                "Logit": self.logit,
                "Steps": self.steps,
            }
        )


def integrated_gradients(model: SequenceModel, text: EncodedText, *, device: str) -> Attribution:
    """Returns every token's integrated gradient (Sundararajan, Taly & Yan 2017) from zero vectors, in float64.

    values[t] = x_t · ∫ ∂F/∂x_t (α x) dα, α from 0 to 1, summed over the vector's entries. The integral is a
    sum over midpoints, whose number is doubled until the values are complete; a saturated net, whose logit
    rises in a small part of the way, needs many. Raises RnnlabError if LAST_STEPS are not enough.
    """
    exact = in_float64(model).requires_grad_(False)
    vectors = exact.embedding(torch.from_numpy(text.ids).long().to(device))[None]

    def logits(points: Tensor) -> Tensor:
        return exact.forward_vectors(points, torch.full((len(points),), points.shape[1]))[:, 0]

    # cuDNN's recurrent layers have no backward pass in evaluation mode.
    with torch.backends.cudnn.flags(enabled=False):
        start, end = (float(logits(points)) for points in (torch.zeros_like(vectors), vectors))
        steps = FIRST_STEPS
        while True:
            found = Attribution(_midpoint_sum(logits, vectors, steps), start, end, steps)
            if found.complete:
                return found
            if steps == LAST_STEPS:
                raise RnnlabError(
                    f"integrated gradients: after {steps:,} steps the attributions add up to "
                    f"{found.values.sum():.4f}, but the logit changes by {end - start:.4f}"
                )
            steps *= 2


def _midpoint_sum(logits: Callable[[Tensor], Tensor], vectors: Tensor, steps: int) -> NDArray[np.float64]:
    from captum.attr import IntegratedGradients  # late: it takes a second or more to import

    shares = IntegratedGradients(logits).attribute(
        vectors.requires_grad_(),
        n_steps=steps,
        # Captum's trapezoid divides by one point too many, which no number of steps makes up for.
        method="riemann_middle",
        internal_batch_size=max(1, TOKENS_AT_ONCE // vectors.shape[1]),
    )
    values: NDArray[np.float64] = shares.detach()[0].sum(dim=1).cpu().numpy()
    return values
