"""What RNN, LSTM and GRU share: one torch layer, read at its end or at every step."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rnnlab.models.base import Embedding, Head, Reading, SequenceModel, each
from rnnlab.models.initialise import Init, initialise


class RecurrentModel(SequenceModel):
    """A recurrent layer whose final hidden states, of every layer and direction, feed the head.

    With `every_step`, the top layer's outputs at every step (both directions side by side) feed it instead.
    Dropout falls on the outputs between stacked layers (torch's own) and on what the head reads.
    """

    def __init__(
        self,
        *,
        embedding: Embedding,
        recurrent: nn.RNNBase,
        head_size: int | None,
        output_size: int,
        dropout: float,
        every_step: bool = False,
        init: Init = "default",
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.recurrent = recurrent
        self.every_step = every_step
        directions = 2 if recurrent.bidirectional else 1
        read = directions * (1 if every_step else recurrent.num_layers)
        self.head = Head(recurrent.hidden_size * read, head_size, output_size)
        self.dropout = nn.Dropout(dropout)
        initialise(recurrent, self.head, init)

    def document(self, vectors: Reading) -> Float[Tensor, "batch vector"]:
        """Returns the final hidden states (batch, layers · directions · hidden), in torch's order of h_n."""
        _, final = self.recurrent(vectors)
        hidden = final[0] if isinstance(final, tuple) else final  # an LSTM also gives its cell states
        return self.dropout(torch.cat(hidden.unbind(0), dim=1))

    def outputs(self, vectors: Reading) -> Reading:
        """Returns the top layer's output at every step (directions · hidden)."""
        states, _ = self.recurrent(vectors)
        return each(self.dropout, states)


def between_layers(dropout: float, num_layers: int) -> float:
    """Returns the dropout to hand to a torch layer, which warns if it has no layer to fall between."""
    return dropout if num_layers > 1 else 0.0
