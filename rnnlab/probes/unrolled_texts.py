"""Texts drawn for a probe, and all states that a net goes through on them.

B texts.
"""

from collections.abc import Sequence
from copy import deepcopy
from typing import Annotated, Any

import numpy as np
import torch
from annotated_types import Gt
from jaxtyping import Float, Int
from torch import Tensor

from rnnlab.core.batch import Batch
from rnnlab.models.pooling import pool
from rnnlab.models.unroll import Unrolled, in_order_of_text, unroll
from rnnlab.probes.base import ProbeInput

Count = Annotated[int, Gt(0)]


def draw_texts(probe_input: ProbeInput, examples: int, seed: int) -> Batch:
    """Returns one batch of `examples` texts (or all there are), with inserted tokens, drawn by `seed`."""
    texts = probe_input.examples
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(len(texts), size=min(examples, len(texts)), replace=False))
    return next(texts.batches(chosen, len(chosen)))


def vectors_of(probe_input: ProbeInput, batch: Batch) -> Float[Tensor, "B T E"]:
    """Returns what the recurrent layer reads of the texts, in float64, on the CPU."""
    embedding = deepcopy(probe_input.model.embedding).cpu().double()
    vectors: Tensor = embedding(batch.double().inputs).detach()
    return vectors


def unroll_texts(
    probe_input: ProbeInput, recurrent: Any, batch: Batch
) -> tuple[list[Unrolled], Float[Tensor, " B"]]:
    """Returns all states of `recurrent` (float64, on the CPU) on the texts, and each text's loss."""
    model = probe_input.model
    head = deepcopy(model.head).cpu().double()
    _, lengths, targets = batch.double()
    unrolled = unroll(model.cell, recurrent, vectors_of(probe_input, batch), lengths)
    directions = 2 if recurrent.bidirectional else 1
    if model.every_step:
        answers = _answers_at_ends(unrolled[-directions:], lengths)
        asked = [targets[torch.arange(len(lengths)), at] for at in (lengths - 1, 0 * lengths)[:directions]]
        logits, targets = head(torch.stack(answers, dim=1)), torch.stack(asked, dim=1)
    elif model.pooling == "last":
        logits = head(torch.cat([of_run.hidden[-1] for of_run in unrolled], dim=1))
    else:
        assert model.pooling is not None
        states = in_order_of_text(unrolled[-directions:], lengths).transpose(0, 1)
        real = torch.arange(len(states))[:, None] < lengths
        attention = None if model.attention is None else deepcopy(model.attention).cpu().double()
        logits = head(pool(states, real, model.pooling, attention))
    return unrolled, probe_input.objective.measure(logits, targets)["loss"]


def _answers_at_ends(top: Sequence[Unrolled], lengths: Int[Tensor, " B"]) -> list[Float[Tensor, "B states"]]:
    """Returns what the head reads at the last step, and of a net that reads both ways at the first.

    Each is in the graph only as the end of its own direction's reading: that the first step of the one is
    also the last of the other is no way back through time.
    """
    if len(top) == 1:
        return [top[0].hidden[-1]]
    texts, begin = torch.arange(len(lengths)), len(top[0].hidden) - lengths
    first = [torch.stack(of_run.hidden).detach()[begin, texts] for of_run in top]
    last = [of_run.hidden[-1] for of_run in top]
    return [torch.cat([last[0], first[1]], dim=1), torch.cat([first[0], last[1]], dim=1)]
