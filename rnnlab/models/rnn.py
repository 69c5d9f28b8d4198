"""The Elman network: one tanh or relu of input and previous state a step."""

from typing import Literal

from torch import nn

from rnnlab.models.base import Embedding, Probability, Size
from rnnlab.models.initialise import Init
from rnnlab.models.recurrent import RecurrentModel, between_layers


class RNN(RecurrentModel):
    """Elman network, h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh) (Elman 1990)."""

    def __init__(
        self,
        *,
        embedding: Embedding,
        output_size: int,
        hidden_size: Size = 50,
        num_layers: Size = 1,
        bidirectional: bool = False,
        nonlinearity: Literal["tanh", "relu"] = "tanh",
        head_size: Size | None = 20,
        dropout: Probability = 0.0,
        init: Init = "default",
        every_step: bool = False,
    ) -> None:
        recurrent = nn.RNN(
            embedding.embedding_dim,
            hidden_size,
            num_layers,
            nonlinearity=nonlinearity,
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
