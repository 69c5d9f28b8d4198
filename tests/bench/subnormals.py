"""What subnormal floats cost: forward and backward of a long LSTM whose gradients vanish.

How much depends on the processor: a Xeon with AVX-512 took 13 times as long with them, an AMD EPYC no longer.
"""

import time

import torch
from torch import nn


def long_lstm_seconds(*, flush: bool) -> float:
    """Returns the seconds of a pass, forward and backward, with or without flushing subnormals to zero.

    LSTM 100 → 128, batch 64, 200 steps, in float32; only the last state has a loss. Its gradients
    shrink step by step and are below 1.2e-38, the smallest normal number, long before the first step.
    """
    torch.manual_seed(1)
    lstm, x_TBE = nn.LSTM(100, 128), torch.randn(200, 64, 100)
    torch.set_flush_denormal(flush)
    try:
        start = time.perf_counter()
        states_TBH, _ = lstm(x_TBE)
        states_TBH[-1].sum().backward()
        return time.perf_counter() - start
    finally:
        torch.set_flush_denormal(True)
