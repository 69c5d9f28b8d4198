"""Is a review positive or negative?"""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


class Sentiment:
    """Binary classification of texts: one logit each, binary cross-entropy, accuracy over texts."""

    metrics: tuple[str, ...] = ("acc", "loss")
    output_size = 1
    classes = ("neg", "pos")

    def measure(
        self, logits: Float[Tensor, "batch 1"], targets: Float[Tensor, " batch"]
    ) -> dict[str, Float[Tensor, " batch"]]:
        """Returns per text the loss −ln p(right class), in nats, and whether p > 0.5 is the right class."""
        scores = logits.squeeze(1)
        loss = functional.binary_cross_entropy_with_logits(scores, targets, reduction="none")
        right = (scores > 0) == (targets > 0.5)  # a logit above 0 is a probability above 0.5
        return {"acc": right.to(loss.dtype), "loss": loss}

    def probabilities(self, logits: Float[Tensor, "batch 1"]) -> Float[Tensor, " batch"]:
        """Returns the probability, 0 to 1, that each text is positive."""
        return logits.squeeze(1).sigmoid()
