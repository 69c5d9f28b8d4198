"""The LSTM with peepholes: gates that see the cell itself, not only what is let out of it."""

from typing import Any

from rnnlab.cells.base import Kept, Numbers
from rnnlab.cells.functions import sigmoid, tanh
from rnnlab.cells.lstm import LSTM


class PeepholeLSTM(LSTM):
    """An LSTM whose input and forget gates see the old cell, and whose output gate sees the new one, each
    unit its own, with a weight each.

    Gers & Schmidhuber 2000, "Recurrent nets that time and count", with tanh for its squashing functions, as
    in Graves 2013 (arXiv 1308.0850), (7) to (11), in ONNX's operator LSTM and in torchrecurrent; and with
    the whole gradient, where the paper cuts it off at the peepholes. Two biases, as torch's LSTM, unless told
    otherwise. Peepholes start as all weights do; `forget_bias`, `chrono` and `bias` as in `LSTM`.
    """

    unit_parameters = ("peephole_input", "peephole_forget", "peephole_output")
    saturating = "s"

    def step(
        self, x: Numbers, h: Numbers, state: Numbers, own: Numbers, mix: Any
    ) -> tuple[tuple[Any, ...], Kept]:
        """Returns the next states (h, c), and the gates."""
        i = sigmoid(x.input + h.input + own.peephole_input * state.c)
        f = sigmoid(x.forget + h.forget + own.peephole_forget * state.c)
        g = tanh(x.cell + h.cell)
        c = f * state.c + i * g
        o = sigmoid(x.output + h.output + own.peephole_output * c)
        s = tanh(c)
        return (o * s, c), {"i": i, "f": f, "g": g, "o": o, "s": s}

    def retention(self, kept: Numbers, state: Numbers) -> Kept:
        """Returns the forget gate, what the cell does to the gates left aside."""
        return {"c": kept.f}
