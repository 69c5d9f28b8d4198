"""A copy of a model that can be differentiated wherever it lies, while the model itself stays as it is."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from rnnlab.models.base import SequenceModel


@contextmanager
def in_float64(model: SequenceModel) -> Iterator[SequenceModel]:
    """Yields a copy of the model in float64 and evaluation mode, with a gradient for every parameter.

    In float32, gradients that have vanished over some hundred steps would be zeros, without direction or
    ratio. Frozen embeddings are differentiated, too: what is asked is what the loss would tell them.
    """
    # cuDNN's recurrent layers have no backward pass in evaluation mode; torch's own kernels have.
    with torch.backends.cudnn.flags(enabled=False):
        yield copy.deepcopy(model).double().eval().requires_grad_(True)
