"""The three models that torch has layers for, by name, as tests make them."""

from typing import Any

from rnnlab.cells import gru, lstm, rnn
from rnnlab.models.recurrent import RecurrentModel


def RNN(*, nonlinearity: Any = "tanh", **settings: Any) -> RecurrentModel:  # noqa: N802
    return RecurrentModel.around(rnn.RNN(nonlinearity=nonlinearity), **settings)


def LSTM(*, forget_bias: float | None = None, **settings: Any) -> RecurrentModel:  # noqa: N802
    return RecurrentModel.around(lstm.LSTM(forget_bias=forget_bias), **settings)


def GRU(**settings: Any) -> RecurrentModel:  # noqa: N802
    return RecurrentModel.around(gru.GRU(), **settings)
