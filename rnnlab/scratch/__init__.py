"""Recurrent nets from scratch in NumPy, forward and backward; never imports torch."""

from rnnlab.scratch.gru import GRU, GRUCell
from rnnlab.scratch.lstm import LSTM, LSTMCell
from rnnlab.scratch.rnn import RNN, RNNCell

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNCell"]
