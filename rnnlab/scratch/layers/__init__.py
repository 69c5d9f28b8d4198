"""The engine in the notation of exercises with classes: cells whose weights can be set, stacked over time.

N batch, T time, F input, H hidden, batch first, tanh. Weights have torch's layout (H, F) and (H, H); biases
are (H,) or (1, H). Gradients add up in the cells' `grad_` attributes until they are zeroed.
"""

from rnnlab.scratch.layers.cell import RNNCell
from rnnlab.scratch.layers.compare import compare_to_answer
from rnnlab.scratch.layers.rnn import RNN

__all__ = ["RNN", "RNNCell", "compare_to_answer"]
