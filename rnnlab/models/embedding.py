"""The table of word vectors that every model starts from."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


def make_embedding(
    *,
    vocabulary_size: int,
    embedding_dim: int,
    vectors: Float[Tensor, "vocabulary embedding"] | None,
    zero_rows: list[int],
    freeze: bool,
) -> nn.Embedding:
    """Returns an embedding of `vectors`, or without them torch's own, drawn from N(0, 1).

    As in PyTorch, given vectors draw no random numbers (`nn.Embedding.from_pretrained`).
    zero_rows: ids whose vectors start as zeros (padding and the inserted tokens).
    """
    if vectors is not None:
        embedding = nn.Embedding.from_pretrained(vectors.clone(), freeze=freeze)
    else:
        embedding = nn.Embedding(vocabulary_size, embedding_dim)
        embedding.weight.requires_grad_(not freeze)
    with torch.no_grad():
        embedding.weight[zero_rows] = 0.0
    return embedding
