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
    ngram_rows: int = 0,
    std: float = 1.0,
) -> nn.Embedding:
    """Returns an embedding of `vectors`, or without them torch's own, drawn from N(0, std²).

    As in PyTorch, given vectors draw no random numbers (`nn.Embedding.from_pretrained`).
    zero_rows: ids whose vectors start as zeros (padding and the inserted tokens); ngram_rows: how many zero
    vectors of n-grams come after those of the words: one that was never met adds nothing.
    """
    if vectors is not None:
        embedding = nn.Embedding.from_pretrained(vectors.clone(), freeze=freeze)
    else:
        embedding = nn.Embedding(vocabulary_size, embedding_dim)
        with torch.no_grad():
            embedding.weight *= std
        embedding.weight.requires_grad_(not freeze)
    with torch.no_grad():
        embedding.weight[zero_rows] = 0.0
    if not ngram_rows:
        return embedding
    words = embedding.weight.detach()
    return nn.Embedding.from_pretrained(
        torch.cat([words, words.new_zeros(ngram_rows, words.shape[1])]), freeze=freeze
    )
