"""How a process computes while a run's net is trained or looked at."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from threadpoolctl import threadpool_limits

from rnnlab.experiment.schema import Config


@contextmanager
def torch_settings(config: Config) -> Iterator[None]:
    """Sets torch's and NumPy's threads and whether subnormal floats are flushed; afterwards all is as it was.

    Figures are the same bit for bit only under the same settings.
    """
    threads, flushed = torch.get_num_threads(), flushes_subnormals()
    torch.set_num_threads(config.training.threads)
    # Vanishing gradients fill with subnormal floats, which the CPU multiplies some ten times slower.
    torch.set_flush_denormal(config.training.flush_denormal)
    try:
        with threadpool_limits(config.training.threads, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(threads)
        torch.set_flush_denormal(flushed)


def flushes_subnormals() -> bool:
    """Returns whether the CPU takes subnormal floats for zeros; torch cannot be asked."""
    smallest = torch.tensor([torch.finfo(torch.float64).tiny], dtype=torch.float64)
    return (smallest / 2).item() == 0
