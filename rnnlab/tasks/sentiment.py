"""Is a review positive or negative?"""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


class Sentiment:
    """Binary classification of texts: one logit each, binary cross-entropy, accuracy over texts."""

    metrics = ("acc", "loss")
    output_size = 1
    classes = ("neg", "pos")

    def measure(
        self, logits: Float[Tensor, "batch 1"], targets: Float[Tensor, " batch"]
    ) -> dict[str, Float[Tensor, " batch"]]:
        """Returns per text the loss −ln p(right class), in nats, and whether p > 0.5 is the right class."""
        loss = functional.binary_cross_entropy_with_logits(logits.squeeze(1), targets, reduction="none")
        # round takes 0.5 to 0, and only what is above it to 1
        right = self.probabilities(logits.detach()).round() == targets
        return {"acc": right.to(loss.dtype), "loss": loss}

    def probabilities(self, logits: Float[Tensor, "batch 1"]) -> Float[Tensor, " batch"]:
        """Returns the probability, 0 to 1, that each text is positive."""
        return logits.squeeze(1).sigmoid()
