"""What can be minimized, and what is measured beside it."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional

from rnnlab.core.batch import UNCOUNTED, Criterion

Measures = dict[str, Tensor]
"""Values (units,) by name, each to be averaged over units; see `rnnlab.core.batch.Objective`."""


def binary_cross_entropy(logits: Tensor, targets: Tensor) -> Measures:
    """Returns loss −ln p(right class), in nats, and `acc`; logits (batch, 1), targets (batch,), 0 or 1."""
    scores = logits.squeeze(1)
    loss = functional.binary_cross_entropy_with_logits(scores, targets, reduction="none")
    right = (scores > 0) == (targets > 0.5)  # a logit above 0 is a probability above 0.5
    return {"acc": right.to(loss.dtype), "loss": loss}


def cross_entropy(logits: Tensor, targets: Tensor) -> Measures:
    """Returns loss −ln p(right class), in nats, and `acc`, of every class asked for.

    logits (batch, classes) and targets int64 (batch,), or (batch, time, classes) and (batch, time), where
    those equal to UNCOUNTED are left out.
    """
    counted = targets != UNCOUNTED
    chosen, wanted = logits[counted], targets[counted]
    loss = functional.cross_entropy(chosen, wanted, reduction="none")
    return {"acc": (chosen.argmax(dim=1) == wanted).to(loss.dtype), "loss": loss}


def classification(logits: Tensor, targets: Tensor) -> Measures:
    """Returns loss and `acc` of classes: of two by one logit (batch, 1), of more by one each."""
    return (binary_cross_entropy if logits.shape[1] == 1 else cross_entropy)(logits, targets)


def mean_squared_error(logits: Tensor, targets: Tensor) -> Measures:
    """Returns the squared error of every number, of predictions and targets of one shape; NaN is left out."""
    counted = ~targets.isnan()
    return {"loss": (logits[counted] - targets[counted]) ** 2}


CRITERIA: dict[Criterion, Callable[[Tensor, Tensor], Measures]] = {
    "classification": classification,
    "binary_cross_entropy": binary_cross_entropy,
    "cross_entropy": cross_entropy,
    "mean_squared_error": mean_squared_error,
}
