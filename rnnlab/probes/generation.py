"""Text that a trained language model goes on with."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from rnnlab.models.base import SequenceModel


@torch.no_grad()
def generate(
    model: SequenceModel,
    prompt: Sequence[int],
    length: int,
    *,
    temperature: float,
    rng: np.random.Generator,
    never: Sequence[int],
) -> NDArray[np.int64]:
    """Returns `length` token ids that follow the prompt (at least one id), each read as the next input.

    model: with a recurrent layer, as whatever answers at every step has.
    Drawn by `rng` from softmax(logits / temperature); at temperature 0 the likeliest. never: ids that are
    not chosen, such as padding.
    """
    device = next(model.parameters()).device
    chosen: list[int] = []
    state = None
    read = list(prompt)
    for _ in range(length):
        inputs = torch.tensor(read, device=device)[:, None]
        outputs, state = model.recurrent(model.embedding(inputs), state)
        logits = model.head(outputs[-1, 0]).double().cpu().numpy()
        logits[list(never)] = -np.inf
        read = [_choose(logits, temperature, rng)]
        chosen += read
    return np.array(chosen, dtype=np.int64)


def _choose(logits: NDArray[np.float64], temperature: float, rng: np.random.Generator) -> int:
    if temperature == 0:
        return int(logits.argmax())
    with np.errstate(over="ignore"):  # at a temperature near 0, what is far from the likeliest is impossible
        scaled = (logits - logits.max()) / temperature
    weights = np.exp(scaled)
    return int(rng.choice(len(weights), p=weights / weights.sum()))
