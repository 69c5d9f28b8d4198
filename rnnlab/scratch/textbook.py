"""The textbook's cells and layers by name; of any other cell: `Layer(parameters, cell=…)`."""

from typing import Any

from numpy.typing import ArrayLike

from rnnlab.cells import gru, lstm, rnn
from rnnlab.scratch.cell import ArrayCell
from rnnlab.scratch.layer import Layer


class RNN(Layer):
    """Vanilla cells over time, stacked and in one or both directions, with torch.nn.RNN's results."""

    cell_type = rnn.RNN


class LSTM(Layer):
    """LSTM cells over time, stacked and in one or both directions, with torch.nn.LSTM's results."""

    cell_type = lstm.LSTM


class GRU(Layer):
    """GRU cells over time, stacked and in one or both directions, with torch.nn.GRU's results."""

    cell_type = gru.GRU


class RNNCell(ArrayCell):
    """One step of h = f(x W_ih' + b_ih + h_prev W_hh' + b_hh), f one of tanh, relu, sigmoid, identity."""

    def __init__(
        self,
        weight_ih: ArrayLike,
        weight_hh: ArrayLike,
        bias_ih: ArrayLike,
        bias_hh: ArrayLike,
        **options: Any,
    ) -> None:
        super().__init__(rnn.RNN(**options), _named(weight_ih, weight_hh, bias_ih, bias_hh))


class LSTMCell(ArrayCell):
    """One step of an LSTM, rows being those of input, forget, cell and output gate."""

    def __init__(
        self, weight_ih: ArrayLike, weight_hh: ArrayLike, bias_ih: ArrayLike, bias_hh: ArrayLike
    ) -> None:
        super().__init__(lstm.LSTM(), _named(weight_ih, weight_hh, bias_ih, bias_hh))


class GRUCell(ArrayCell):
    """One step of a GRU, rows being those of reset, update and new gate."""

    def __init__(
        self,
        weight_ih: ArrayLike,
        weight_hh: ArrayLike,
        bias_ih: ArrayLike,
        bias_hh: ArrayLike,
        **options: Any,
    ) -> None:
        super().__init__(gru.GRU(**options), _named(weight_ih, weight_hh, bias_ih, bias_hh))


def _named(*arrays: ArrayLike) -> dict[str, ArrayLike]:
    return dict(zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), arrays, strict=True))
