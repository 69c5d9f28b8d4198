"""What all models share: an embedding, a document vector, and a small head."""

from typing import Annotated

import torch
from annotated_types import Ge, Gt, Lt
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

Size = Annotated[int, Gt(0)]
Probability = Annotated[float, Ge(0.0), Lt(1.0)]


class Head(nn.Module):
    """Linear(input → head) + ReLU, then Linear(head → output)."""

    def __init__(self, input_size: int, head_size: int, output_size: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(input_size, head_size)
        self.output = nn.Linear(head_size, output_size)

    def forward(self, vectors: Float[Tensor, "batch vector"]) -> Float[Tensor, "batch outputs"]:
        """Returns logits."""
        return self.output(torch.relu(self.hidden(vectors)))


class SequenceModel(nn.Module):
    """A model that turns each sequence into one document vector and that into logits.

    The embedding is made by the caller, before the model, so that the modules draw their initial
    parameters in the order embedding, recurrent layer, hidden Linear, output Linear.
    """

    embedding: nn.Embedding
    head: Head

    def forward(
        self, ids: Int[Tensor, "batch time"], lengths: Int[Tensor, " batch"]
    ) -> Float[Tensor, "batch outputs"]:
        """Returns logits; `lengths` (1 ≤ length ≤ time, on the CPU) hides the padding."""
        packed = pack_padded_sequence(ids, lengths, batch_first=True, enforce_sorted=False)
        # Looking up only what is packed spares the padding a vector, and the gradient a detour.
        return self.head(self.document(packed._replace(data=self.embedding(packed.data))))

    def forward_vectors(
        self, vectors: Float[Tensor, "batch time embedding"], lengths: Int[Tensor, " batch"]
    ) -> Float[Tensor, "batch outputs"]:
        """Returns logits for word vectors in place of ids, so that a probe can vary the vectors."""
        return self.head(
            self.document(pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False))
        )

    def document(self, vectors: PackedSequence) -> Float[Tensor, "batch vector"]:
        """Returns one vector a sequence, from its packed word vectors (embedding each)."""
        raise NotImplementedError
