"""What RNN, LSTM and GRU share: the final states of one torch layer, side by side, as document vector."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from rnnlab.models.base import Head, SequenceModel


class RecurrentModel(SequenceModel):
    """A recurrent layer whose final hidden states, of every layer and direction, feed the head.

    Dropout falls on the outputs between stacked layers (torch's own) and on the document vector.
    """

    def __init__(
        self,
        *,
        embedding: nn.Embedding,
        recurrent: nn.RNNBase,
        head_size: int,
        output_size: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.recurrent = recurrent
        directions = 2 if recurrent.bidirectional else 1
        self.head = Head(recurrent.hidden_size * recurrent.num_layers * directions, head_size, output_size)
        self.dropout = nn.Dropout(dropout)

    def document(self, vectors: PackedSequence) -> Float[Tensor, "batch vector"]:
        """Returns the final hidden states (batch, layers · directions · hidden), in torch's order of h_n."""
        _, final = self.recurrent(vectors)
        hidden = final[0] if isinstance(final, tuple) else final  # an LSTM also gives its cell states
        return self.dropout(torch.cat(hidden.unbind(0), dim=1))


def between_layers(dropout: float, num_layers: int) -> float:
    """Returns the dropout to hand to a torch layer, which warns if it has no layer to fall between."""
    return dropout if num_layers > 1 else 0.0
