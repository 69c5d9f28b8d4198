"""A layer of anybody's on texts of unequal lengths (see `rnnlab.models.guest`).

T steps, B texts, E inputs, H hidden.
"""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from rnnlab.core.errors import InputError
from rnnlab.models.call import Guest, States, call, check_shapes, choose, states_of
from rnnlab.models.calling import Calling
from rnnlab.models.unroll import Unrolled, in_reading_order


class GuestLayer(Guest):
    """A module that is called as `nn.LSTM` is, on packed sequences: on all texts of one length at a time.

    So no text has padding, whatever the module makes of that.
    """

    def __init__(self, module: nn.Module, calling: Calling) -> None:
        super().__init__()
        self.module, self.calling = module, calling
        self.hidden_size, self.bidirectional = calling.hidden_size, calling.directions == 2
        self.num_layers = max(calling.runs, 1) // calling.directions
        self.output_size = calling.output_size

    @property
    def name(self) -> str:
        """What the layer is called."""
        return type(self.module).__name__

    def forward(
        self, vectors: PackedSequence | Tensor, state: tuple[Tensor, Any] | None = None
    ) -> tuple[PackedSequence | Tensor, tuple[Tensor, Any]]:
        """Returns the output at every step; and the final hidden states (runs, B, H) beside the module's own
        state, which can be handed back for equally long texts.
        """
        if isinstance(vectors, Tensor):
            return self._call(vectors, None if state is None else state[1])
        padded, lengths = pad_packed_sequence(vectors)
        finals: list[Tensor] = []
        places: list[Tensor] = []
        outputs: Tensor | None = None
        for length in lengths.unique().tolist():
            rows = (lengths == length).nonzero()[:, 0].to(padded.device)
            output, (hidden, _) = self._call(padded[:length, rows], None)
            if outputs is None:
                outputs = output.new_zeros(len(padded), len(lengths), output.shape[2])
            outputs = outputs.index_put((torch.arange(length, device=rows.device)[:, None], rows), output)
            finals.append(hidden)
            places.append(rows)
        assert outputs is not None
        final = torch.cat(finals, dim=1)[:, torch.cat(places).argsort()]
        return pack_padded_sequence(outputs, lengths, enforce_sorted=False), (final, None)

    def unroll(self, vectors: Float[Tensor, "B T E"], lengths: Int[Tensor, " B"]) -> list[Unrolled]:
        """Returns the hidden states, from calls with one step each; only of one layer in one direction.

        Raises InputError where that gives another final state than the module's own reading of the sequence.
        """
        inputs = in_reading_order(vectors, "forward", lengths).transpose(0, 1)
        begins, hidden = (len(inputs) - lengths).to(inputs.device), list[Tensor]()
        states: States | None = None
        for time, x in enumerate(inputs):
            new = states_of(self._call(x[None], None)[1][1])
            if states is not None:
                _, (_, going) = self._call(x[None], states if self.calling.in_tuple else states[0])
                new = choose(begins < time, states_of(going), new, at=1 if self.calling.runs else 0)
            hidden.append(new[0][0] if self.calling.runs else new[0])
            # What is looked at has to be what the next step comes from.
            states = (hidden[-1][None] if self.calling.runs else hidden[-1], *new[1:])
        packed = pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
        whole = self(packed)[1][0][0]
        if not torch.allclose(whole, hidden[-1], rtol=1e-5, atol=1e-8):
            raise InputError(f"{self.name} read step by step ends in other states than read at once")
        return [Unrolled(1, "forward", {"h": hidden}, {}, None)]

    def _call(self, x: Float[Tensor, "T B E"], state: Any) -> tuple[Tensor, tuple[Tensor, Any]]:
        if state is None and self.calling.starts:
            lead = (self.calling.runs,) if self.calling.runs else ()
            zeros = tuple(x.new_zeros(*lead, x.shape[1], *shape) for shape in self.calling.shapes)
            state = zeros if self.calling.in_tuple else zeros[0]
        output, last = call(self.module, x.transpose(0, 1) if self.calling.batch_first else x, state)
        output = output.transpose(0, 1) if self.calling.batch_first else output
        hidden = states_of(last)[0]
        hidden = hidden if self.calling.runs else hidden[None]
        expected = [
            (*x.shape[:2], output.shape[-1]),
            (max(self.calling.runs, 1), x.shape[1], self.hidden_size),
        ]
        check_shapes(self.module, (output, hidden), expected)
        return output.to(x.dtype), (hidden.to(x.dtype), last)
