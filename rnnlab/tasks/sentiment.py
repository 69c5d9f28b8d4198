"""Is a review positive or negative?"""

from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from rnnlab.core.batch import Criterion
from rnnlab.tasks.base import InputOutputSizes, Task


class Sentiment(Task):
    """Binary classification of texts by one logit, above 0 for positive.

    Its texts are encoded once and kept in a cache, with the tokens that `insert` adds; config does that.
    """

    metrics: ClassVar[tuple[str, ...]] = ("acc", "loss")
    unit: ClassVar[str] = "texts"
    criterion: ClassVar[Criterion] = "binary_cross_entropy"
    sizes: ClassVar[InputOutputSizes] = InputOutputSizes(output_size=1)
    classes: ClassVar[tuple[str, ...]] = ("neg", "pos")

    def probabilities(self, logits: Float[Tensor, "batch 1"]) -> Float[Tensor, " batch"]:
        """Returns the probability, 0 to 1, that each text is positive."""
        return logits.squeeze(1).sigmoid()
