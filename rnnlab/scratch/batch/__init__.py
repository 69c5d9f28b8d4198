"""The engine in the notation of the CS231n-style exercises: batches, with weights as (in, out) matrices.

N batch, T time, D input, H hidden, O output. Wx (D, H), Wh (H, H), bh (H,) or (1, H); for the LSTM they are
(D, 4H), (H, 4H), (4H,) with gates in the order i, f, o, g. float32 stays float32, integers are taken as
float64.
"""

from rnnlab.scratch.batch.outputs import generate_sequence, make_predictions
from rnnlab.scratch.batch.recurrent import lstm_forward, lstm_step_forward, rnn_forward, rnn_step_forward

__all__ = [
    "generate_sequence",
    "lstm_forward",
    "lstm_step_forward",
    "make_predictions",
    "rnn_forward",
    "rnn_step_forward",
]
