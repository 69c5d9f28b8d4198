"""The engine in the notation of the memory exercise: time first, one bias, a gradient for every step.

T time, N batch, F input, H hidden, O output. The state is a_t = tanh(x_t W + a_(t-1) R + bs), from zeros, and
the answer of the last one a_T V + by; biases are columns (H, 1) and (O, 1).
"""

from rnnlab.scratch.memory.learner import Learner
from rnnlab.scratch.memory.rnn import RNN
from rnnlab.scratch.memory.samples import MSELoss, generate_samples

__all__ = ["RNN", "Learner", "MSELoss", "generate_samples"]
