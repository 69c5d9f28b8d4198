"""Gated recurrent unit: an LSTM's cheaper neighbour."""

from torch import nn

from rnnlab.models.base import Embedding, Probability, Size
from rnnlab.models.initialise import Init
from rnnlab.models.recurrent import RecurrentModel, between_layers


class GRU(RecurrentModel):
    """GRU (Cho et al. 2014), in torch's form: the reset gate multiplies after the recurrent product."""

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
        every_step: bool = False,
    ) -> None:
        recurrent = nn.GRU(
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
