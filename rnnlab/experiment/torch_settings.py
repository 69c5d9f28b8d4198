"""How a process computes while a run's net is trained or looked at."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch
from threadpoolctl import threadpool_limits

from rnnlab.experiment.schema import Config


def torch_settings(config: Config) -> AbstractContextManager[None]:
    """Returns a block in which torch and NumPy compute as a run of that configuration does.

    Figures are the same bit for bit only under the same settings.
    """
    wanted = config.training.threads or 1  # none before the engine is chosen, which chooses them, too
    own = config.engine == "fused"
    return computing(wanted, own_threads=own, flush_denormal=config.training.flush_denormal)


@contextmanager
def computing(threads: int, *, own_threads: bool = False, flush_denormal: bool = True) -> Iterator[None]:
    """Sets threads of torch and NumPy, and whether subnormals are flushed; afterwards all is as it was.

    own_threads: the engine has as many of its own, so NumPy's products take one each: where two threads ask
    for two each, they wait for one another (an LSTM in both directions takes half as long again).
    """
    before, flushed = torch.get_num_threads(), flushes_subnormals()
    torch.set_num_threads(threads)
    # Vanishing gradients fill with subnormal floats, which the CPU multiplies some ten times slower.
    torch.set_flush_denormal(flush_denormal)
    try:
        with threadpool_limits(1 if own_threads else threads, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)
        torch.set_flush_denormal(flushed)


def flushes_subnormals() -> bool:
    """Returns whether the CPU takes subnormal floats for zeros; torch cannot be asked."""
    smallest = torch.tensor([torch.finfo(torch.float64).tiny], dtype=torch.float64)
    return (smallest / 2).item() == 0
