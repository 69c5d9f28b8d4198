"""Integrated gradients: how much of a text's logit each of its tokens accounts for."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnlab.core.errors import RnnlabError
from rnnlab.data.encoded_text import EncodedText
from rnnlab.models.base import SequenceModel
from rnnlab.probes.in_float64 import in_float64

BASELINE = "zero vectors, which is what <pad> has, in place of all words"
RELATIVE, ABSOLUTE = 0.01, 0.001  # of the change of the logit, and of the logit
NODES, FIRST_SECTIONS, LAST_STEPS = 8, 4, 2**15
TOKENS_AT_ONCE = 2**15  # bounds the memory of a pass, which holds steps × tokens vectors


@dataclass(frozen=True)
class Attribution:
    """Each token's share of the way from the baseline's logit to the text's, both of one output.

    values: float64 (tokens,), in units of the logit; they add up to logit − baseline_logit within 1 % of it
    + 0.001. steps: points at which the gradient was taken.
    """

    values: NDArray[np.float64]
    baseline_logit: float
    logit: float
    steps: int

    def table(self, text: EncodedText) -> pd.DataFrame:
        """Returns a row per token; the logits and the number of steps are repeated in every row."""
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


def integrated_gradients(
    model: SequenceModel, text: EncodedText, *, output: int = 0, device: str
) -> Attribution:
    """Returns every token's integrated gradient from zero vectors (Sundararajan, Taly & Yan 2017).

    output: the number of the logit F. values[t] = x_t · ∫ ∂F/∂x_t (α x) dα, α from 0 to 1, summed over the
    vector's entries, in float64. The way is cut into sections, each integrated by Gauss and Legendre's rule
    and each complete on its own in theory; those that err most are halved until all errors together are
    within the bound. So a saturated net, whose logit leaps within a millionth of the way, is still measured.
    Raises RnnlabError if LAST_STEPS are not enough.
    """
    with in_float64(model) as double:
        way = _Way(double, text, output, device)
        start, end = way.logits(np.array([0.0, 1.0])).tolist()
        bound = RELATIVE * abs(end - start) + ABSOLUTE
        sections = way.sections(np.arange(FIRST_SECTIONS) / FIRST_SECTIONS, 1 / FIRST_SECTIONS)
        while sum(section.error for section in sections) > bound:
            steps = len(sections) * NODES
            if steps > LAST_STEPS:
                raise RnnlabError(
                    f"integrated gradients: after {steps:,} steps the attributions may still err by "
                    f"{sum(section.error for section in sections):.4f} of the logit"
                )
            sections = _refined(sections, way, bound)
        values = np.sum([section.values for section in sections], axis=0)
        return Attribution(values, start, end, len(sections) * NODES)


class _Section(NamedTuple):
    """A part of the way, α from `start` to `start + length`, and by how much its values miss completeness."""

    start: float
    length: float
    values: NDArray[np.float64]
    error: float


class _Way:
    """The straight way from zero vectors to those of a text: α x, α from 0 to 1."""

    def __init__(self, model: SequenceModel, text: EncodedText, output: int, device: str) -> None:
        from captum.attr import IntegratedGradients  # late: it takes seconds to import

        self.model, self.output = model.requires_grad_(False), output
        self.vectors = self.model.embedding(torch.from_numpy(text.ids).long().to(device))
        self.integrated = IntegratedGradients(self._forward)

    def logits(self, alphas: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns the logit at each α."""
        logits: NDArray[np.float64] = self._forward(self._points(alphas)).cpu().numpy()
        return logits

    def sections(self, starts: NDArray[np.float64], length: float | NDArray[np.float64]) -> list[_Section]:
        """Returns the integrated sections that begin at `starts`."""
        begin, end = self._points(starts), self._points(starts + length)
        shares = self.integrated.attribute(end.requires_grad_(), begin, n_steps=NODES, method="gausslegendre")
        values = shares.detach().sum(dim=2).cpu().numpy()
        errors = np.abs(values.sum(axis=1) - (self.logits(starts + length) - self.logits(starts)))
        lengths = np.broadcast_to(length, starts.shape)
        return [_Section(*parts) for parts in zip(starts, lengths, values, errors.tolist(), strict=True)]

    def _points(self, alphas: NDArray[np.float64]) -> Tensor:
        return torch.from_numpy(alphas).to(self.vectors)[:, None, None] * self.vectors

    def _forward(self, points: Tensor) -> Tensor:
        return self.model.forward_vectors(points, torch.full((len(points),), points.shape[1]))[:, self.output]


def _refined(sections: list[_Section], way: _Way, bound: float) -> list[_Section]:
    """Returns the sections with the worst halved: those above their share of the bound, as memory allows."""
    ranked = sorted(sections, key=lambda section: -section.error)
    above = sum(section.error > bound / len(sections) for section in sections)
    number = min(above, max(1, TOKENS_AT_ONCE // (2 * NODES * len(way.vectors))))
    halves = np.array([section.length / 2 for section in ranked[:number]])
    starts = np.array([section.start for section in ranked[:number]])
    return [
        *ranked[number:],
        *way.sections(np.concatenate([starts, starts + halves]), np.concatenate([halves, halves])),
    ]
