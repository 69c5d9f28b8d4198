"""Nets of `nets.py` with labelled texts, as probes see them."""

from copy import deepcopy
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rnnlab.data.splits import TextSplit
from rnnlab.data.vocabulary import NEWNEG, NEWPOS, PAD, UNK, Vocabulary
from rnnlab.models.base import SequenceModel
from rnnlab.probes.base import Probe, ProbeInput
from rnnlab.tasks.classification import Classification
from tests.probes.nets import WORDS

VOCABULARY = Vocabulary((PAD, UNK, *(f"word{i}" for i in range(WORDS - 4)), NEWNEG, NEWPOS))


def split_of(texts: list[list[int]]) -> TextSplit:
    """Texts as ids, labelled in turn."""
    lengths = [len(text) for text in texts]
    return TextSplit(
        ids=np.concatenate([np.array(text, dtype=np.int32) for text in texts]),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        labels=np.arange(len(texts), dtype=np.int64) % 2,
    )


def random_split(count: int = 10, longest: int = 9) -> TextSplit:
    rng = np.random.default_rng(0)
    lengths = [*rng.integers(1, longest, count - 1), longest]
    return split_of([rng.integers(1, WORDS, length).tolist() for length in lengths])


def probe_input_for(
    model: SequenceModel, split: TextSplit, optimizer: torch.optim.Optimizer | None = None
) -> ProbeInput:
    return ProbeInput(
        model=model,
        objective=Classification(),
        vocabulary=VOCABULARY,
        without_token=split,
        examples=split,
        device="cpu",
        optimizer=optimizer,
    )


def take_steps(model: SequenceModel, optimizer: torch.optim.Optimizer, steps: int = 3) -> None:
    """Trains a little, so that the optimizer has a state and the parameters a `.grad`."""
    split = random_split(4)
    (batch,) = split.batches(np.arange(4), 4)
    for _ in range(steps):
        optimizer.zero_grad()
        Classification().measure(model(batch.inputs, batch.lengths), batch.targets)["loss"].mean().backward()
        optimizer.step()


def fingerprint(probe_input: ProbeInput) -> dict[str, Any]:
    """Everything that a probe could disturb."""
    assert probe_input.optimizer is not None
    model = probe_input.model
    return deepcopy(
        {
            "parameters": dict(model.state_dict()),
            "grads": {name: p.grad for name, p in model.named_parameters()},
            "required": {name: p.requires_grad for name, p in model.named_parameters()},
            "modes": {name: module.training for name, module in model.named_modules()},
            "optimizer": probe_input.optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "numpy": np.random.get_state()[1],
        }
    )


def same(a: Any, b: Any) -> bool:
    """Equal bit for bit."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, Tensor):
        return torch.equal(a, b)
    return bool(np.array_equal(a, b)) if isinstance(a, np.ndarray) else bool(a == b)


def assert_leaves_no_trace(probe: Probe, model: SequenceModel) -> None:
    """The embedding is frozen but for its being looked at, the model in training mode, mid-training."""
    model.embedding.weight.requires_grad_(False)
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad])
    take_steps(model.train(), optimizer)
    probe_input = probe_input_for(model, random_split(), optimizer)
    before = fingerprint(probe_input)
    assert any(grad is not None and grad.any() for grad in before["grads"].values())
    probe.measure(probe_input)
    assert same(before, fingerprint(probe_input))
