"""The sequence model around any recurrent cell or layer, read at its end or at every step."""

from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor, nn

from rnnlab.cells import Cell
from rnnlab.models.base import (
    Embedding,
    Head,
    Layers,
    Probability,
    SequenceModel,
    Sequences,
    Size,
    apply,
    pack,
    unpack,
)
from rnnlab.models.guest import MakeModule, make_guest
from rnnlab.models.initialise import Init, initialise, initialise_linear
from rnnlab.models.layer import cell_of, layers_of, make_layer
from rnnlab.models.pooling import Attention, Pooling, pool, vectors_of


class RecurrentModel(SequenceModel):
    """A recurrent layer whose final hidden states, of every layer and direction, feed the head.

    With another `pooling` than `last`, the top layer's states at all steps (both directions side by side) are
    pooled into the one vector that feeds it; with `every_step`, each of them feeds it in its place.
    Dropout falls on the outputs between stacked layers and on what the head reads.
    """

    pooling: Pooling | None = "last"

    def __init__(
        self,
        *,
        embedding: Embedding,
        recurrent: Any,
        head_size: int | None,
        output_size: int,
        dropout: float,
        every_step: bool = False,
        init: Init = "default",
        pooling: Pooling = "last",
        cell: Cell | None = None,
    ) -> None:
        """Takes a layer called as `nn.LSTM` is; cell: its equations, by default those known of the layer."""
        super().__init__()
        if every_step and pooling != "last":
            raise ValueError(f"an answer at every step pools no states; expected last, found {pooling!r}")
        self._pooling: Pooling = pooling
        if self.pooling is not None:  # a class that reads the states in a way of its own goes on saying so
            self.pooling = pooling
        self.cell = cell_of(recurrent) if cell is None else cell
        self.embedding = embedding
        self.recurrent = recurrent
        self.every_step = every_step
        states = recurrent.hidden_size * (2 if recurrent.bidirectional else 1)
        width = states * recurrent.num_layers
        if every_step or pooling != "last":
            width = getattr(recurrent, "output_size", states) * vectors_of(pooling)
        self.head = Head(width, head_size, output_size)
        self.dropout = nn.Dropout(dropout)
        initialise(recurrent, self.head, init)
        self.attention = None
        if pooling == "attention":  # made last, so that it moves no draw of the other parameters
            self.attention = Attention(width)
            initialise_linear(self.attention, init)

    @classmethod
    def around(
        cls,
        cell: Cell,
        *,
        embedding: Embedding,
        output_size: int,
        hidden_size: Size = 50,
        num_layers: Layers = 1,
        bidirectional: bool = False,
        head_size: Size | None = 20,
        dropout: Probability = 0.0,
        init: Init = "default",
        pooling: Pooling = "last",
        every_step: bool = False,
    ) -> "RecurrentModel":
        """Returns the model of a cell; its arguments are the settings of every cell in `configs/model/`."""
        layer = make_layer(
            cell,
            embedding.embedding_dim,
            hidden_size,
            num_layers,
            dropout=dropout,
            bidirectional=bidirectional,
        )
        model = cls(
            embedding=embedding,
            recurrent=layer,
            head_size=head_size,
            output_size=output_size,
            dropout=dropout,
            every_step=every_step,
            init=init,
            pooling=pooling,
            cell=cell,
        )
        if model.head.output.weight.is_meta:  # only sizes are asked for
            return model
        # A generator of its own: what a cell draws, or not, moves nothing that torch draws later.
        rng = np.random.default_rng(torch.initial_seed())
        for run in (run for runs in layers_of(cell, layer) for run in runs):
            cell.start({name: p.detach().numpy() for name, p in run.parameters.items()}, rng)
        return model

    @classmethod
    def around_module(
        cls,
        make: MakeModule,
        *,
        embedding: Embedding,
        output_size: int,
        state_size: int | None = None,
        num_layers: Layers = 1,
        bidirectional: bool = False,
        head_size: Size | None = 20,
        dropout: Probability = 0.0,
        init: Literal["default"] = "default",
        pooling: Pooling = "last",
        every_step: bool = False,
    ) -> "RecurrentModel":
        """Returns the model of a torch module called as `nn.LSTMCell` or `nn.LSTM` is (see `make_guest`).

        make: makes the module of its input size; state_size: of zeros, for a module that cannot begin with
        None; init: a module starts as it says itself. The other arguments are settings, beside the module's.
        """
        module = make_guest(
            make,
            embedding.embedding_dim,
            hidden_size=state_size,
            num_layers=num_layers,
            bidirectional=bidirectional,
            dropout=dropout,
        )
        return cls(
            embedding=embedding,
            recurrent=module,
            head_size=head_size,
            output_size=output_size,
            dropout=dropout,
            every_step=every_step,
            init=init,
            pooling=pooling,
        )

    def document(self, vectors: Sequences) -> Float[Tensor, "batch vector"]:
        """Returns the final hidden states (batch, layers · directions · hidden), in torch's order of h_n.

        With another pooling than `last`, the top layer's states (batch, directions · hidden), pooled;
        twice as many numbers with `mean_max`.
        """
        states, final = self.recurrent(vectors)
        if self._pooling != "last":
            return self.dropout(pool(*unpack(states), self._pooling, self.attention))
        hidden = final[0] if isinstance(final, tuple) else final  # the first state is the one that is read
        return self.dropout(torch.cat(hidden.unbind(0), dim=1))

    def outputs(self, vectors: Sequences) -> Sequences:
        """Returns the top layer's output at every step (directions · hidden)."""
        states, _ = self.recurrent(vectors)
        return apply(self.dropout, states)

    @torch.no_grad()
    def attention_weights(
        self, inputs: Shaped[Tensor, "batch time *features"], lengths: Int[Tensor, " batch"]
    ) -> Float[Tensor, "batch longest"]:
        """Returns how much each step counts in what is pooled; only with `pooling=attention`.

        The weights of a sequence sum to one over its own steps, and are zero in its padding.
        """
        assert self.attention is not None
        states, _ = self.recurrent(apply(self.embedding, pack(inputs, lengths)))
        weights: Tensor = self.attention(*unpack(states))
        return weights.T
