"""Long short-term memory: a cell that adds where an RNN multiplies."""

import torch
from torch import nn

from rnnlab.models.base import Embedding, Probability, Size
from rnnlab.models.initialise import Init
from rnnlab.models.recurrent import RecurrentModel, between_layers


class LSTM(RecurrentModel):
    """LSTM with forget gate (Hochreiter & Schmidhuber 1997; Gers et al. 2000); its hidden state is read.

    forget_bias: what the forget gates' biases start as, both of torch's together (Jozefowicz, Zaremba &
    Sutskever 2015 advise 1 or more); None leaves them as drawn, near 0, where half of a cell is forgotten
    at every step.
    """

    def __init__(
        self,
        *,
        embedding: Embedding,
        output_size: int,
        hidden_size: Size = 50,
        num_layers: Size = 1,
        bidirectional: bool = False,
        head_size: Size | None = 20,
        dropout: Probability = 0.0,
        init: Init = "default",
        forget_bias: float | None = None,
        every_step: bool = False,
    ) -> None:
        recurrent = nn.LSTM(
            embedding.embedding_dim,
            hidden_size,
            num_layers,
            dropout=between_layers(dropout, num_layers),
            bidirectional=bidirectional,
        )
        super().__init__(
            embedding=embedding,
            recurrent=recurrent,
            head_size=head_size,
            output_size=output_size,
            dropout=dropout,
            every_step=every_step,
            init=init,
        )
        if forget_bias is not None:
            set_forget_bias(recurrent, forget_bias)


@torch.no_grad()
def set_forget_bias(lstm: nn.LSTM, value: float) -> None:
    """Sets the forget gates' biases, of every layer and direction, in place."""
    forget = slice(lstm.hidden_size, 2 * lstm.hidden_size)  # the second of torch's blocks of rows
    for name, parameter in lstm.named_parameters():
        if "bias" in name:
            parameter[forget] = value if "bias_ih" in name else 0.0
