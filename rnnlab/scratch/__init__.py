"""Recurrent nets from scratch in NumPy, forward and backward; never imports torch."""

from rnnlab.scratch.cell import ArrayCell
from rnnlab.scratch.layer import Layer
from rnnlab.scratch.textbook import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell

__all__ = ["GRU", "LSTM", "RNN", "ArrayCell", "GRUCell", "LSTMCell", "Layer", "RNNCell"]
