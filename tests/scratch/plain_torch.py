"""The nets of rnnlab.scratch.nets made of torch's own modules, under the same names."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

LAYERS = {
    "tanh": (nn.RNN, {"nonlinearity": "tanh"}),
    "relu": (nn.RNN, {"nonlinearity": "relu"}),
    "lstm": (nn.LSTM, {}),
    "gru": (nn.GRU, {}),
}
VOCABULARY, WIDTH = 7, 4


class PlainNet(nn.Module):
    """Ids (VOCABULARY) or numbers (WIDTH a step), a layer or (kind None) a mean, a head; in float64."""

    def __init__(
        self,
        kind,
        *,
        ids,
        every_step,
        hidden_layer,
        pooling="last",
        layers=1,
        bidirectional=False,
        outputs=3,
        seed=0,
    ):
        super().__init__()
        torch.manual_seed(seed)
        self.every_step, self.pooling = every_step, pooling
        self.embedding = nn.Embedding(VOCABULARY, WIDTH) if ids else None
        size = WIDTH
        if kind is not None:
            cls, options = LAYERS[kind]
            self.recurrent = cls(
                WIDTH, 5, num_layers=layers, bidirectional=bidirectional, batch_first=True, **options
            )
            directions = 2 if bidirectional else 1
            size = 5 * directions * (1 if every_step or pooling != "last" else layers)
            size *= 2 if pooling == "mean_max" else 1
        self.head = nn.Module()
        self.head.hidden = nn.Linear(size, 6) if hidden_layer else None
        self.head.output = nn.Linear(6 if hidden_layer else size, outputs)
        if pooling == "attention":
            self.attention = nn.Module()
            self.attention.hidden = nn.Linear(size, size)
            self.attention.query = nn.Linear(size, 1, bias=False)
            nn.init.normal_(self.attention.query.weight, std=3)  # so that no gradient is small
        self.double()

    def forward(self, inputs, lengths):
        x = inputs if self.embedding is None else self.embedding(inputs)
        read = self.read(x, lengths)
        if self.head.hidden is not None:
            read = torch.relu(self.head.hidden(read))
        return self.head.output(read)

    def read(self, x, lengths):
        if not hasattr(self, "recurrent"):
            return torch.stack([steps[:n].mean(0) for steps, n in zip(x, lengths, strict=True)])
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, final = self.recurrent(packed)
        if self.every_step:
            return pad_packed_sequence(output, batch_first=True, total_length=x.shape[1])[0]
        if self.pooling != "last":
            steps = pad_packed_sequence(output, batch_first=True)[0]
            return torch.stack([self.pool(text[:n]) for text, n in zip(steps, lengths, strict=True)])
        h_n = final[0] if isinstance(final, tuple) else final
        return h_n.transpose(0, 1).flatten(1)

    def pool(self, states):
        """Returns one vector (D,) of a text's own states (n, D)."""
        if self.pooling == "mean":
            return sum(states) / len(states)
        largest = torch.stack([states[states[:, unit].argmax(), unit] for unit in range(states.shape[1])])
        if self.pooling == "max":
            return largest
        if self.pooling == "mean_max":
            return torch.cat([sum(states) / len(states), largest])
        scores = [self.attention.query(torch.tanh(self.attention.hidden(state))) for state in states]
        return sum(s.exp() * h for s, h in zip(scores, states, strict=True)) / sum(s.exp() for s in scores)


def random_inputs(rng, *, ids, batch, time):
    """Returns ids (batch, time) or numbers (batch, time, WIDTH)."""
    if ids:
        return rng.integers(1, VOCABULARY, (batch, time))
    return rng.standard_normal((batch, time, WIDTH))
