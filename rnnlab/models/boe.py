"""Bag of embeddings: the mean of the word vectors, which knows nothing of their order."""

from jaxtyping import Float, Int, Shaped
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from rnnlab.models.base import Embedding, Features, Head, Probability, SequenceModel, Sequences, Size


class BoE(SequenceModel):
    """Classifies the mean of a text's word vectors (an EmbeddingBag), dropout applied to that mean."""

    pooling = "mean"
    is_bag = True

    def __init__(
        self,
        *,
        embedding: Embedding,
        output_size: int,
        head_size: Size | None = 20,
        dropout: Probability = 0.0,
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.head = Head(embedding.embedding_dim, head_size, output_size)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, inputs: Shaped[Tensor, "batch time *features"], lengths: Int[Tensor, " batch"]
    ) -> Float[Tensor, "batch outputs"]:
        """Returns logits; EmbeddingBag takes the texts end to end, with the offset where each begins."""
        if isinstance(self.embedding, Features):
            return self.forward_vectors(inputs, lengths)
        flat = inputs.masked_select(inputs > 0)  # 0 is padding, and stands in no text
        offsets = (lengths.cumsum(0) - lengths).to(inputs.device)
        means = functional.embedding_bag(flat, self.embedding.weight, offsets, mode="mean")
        return self.head(self.dropout(means))

    def document(self, vectors: Sequences) -> Float[Tensor, "batch vector"]:
        """Returns the mean over each text's vectors."""
        if not isinstance(vectors, PackedSequence):
            return self.dropout(vectors.mean(dim=0))
        padded, lengths = pad_packed_sequence(vectors, batch_first=True)
        return self.dropout(padded.sum(dim=1) / lengths[:, None].to(padded))
