"""A bag of embeddings on few texts, forward, loss and back in one call: a step of one is mostly calls."""

from typing import Any

import numpy as np

from rnnlab.kernels.head import head_backward, head_forward
from rnnlab.kernels.jit import compiled_on_disk
from rnnlab.kernels.losses import binary_cross_entropy
from rnnlab.kernels.rows import mean_of_words


@compiled_on_disk
def bag_gradients(ids_BT: Any, lengths_B: Any, labels_B: Any, vectors_VE: Any, weights: Any) -> Any:
    """Returns whether all words have a vector and all lengths fit; if so, the mean binary cross-entropy, the
    logits (B, 1), and the gradients of the means of the vectors (B, E) and of the head's weights.
    """
    read = np.empty((len(lengths_B), vectors_VE.shape[1]), vectors_VE.dtype)
    fits = mean_of_words(ids_BT, lengths_B, vectors_VE, read)
    if not fits:
        read[:] = 0
    logits, hidden = head_forward(read, weights)
    d_logits = np.empty_like(logits)
    loss = binary_cross_entropy(logits, labels_B, d_logits)
    return fits, loss, logits, *head_backward(d_logits, hidden, read, weights)
