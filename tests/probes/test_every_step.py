"""Of a net that answers at every step, gradients go back from the last step that a direction reads."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from rnnlab.models.base import Features
from rnnlab.probes.base import ProbeInput
from rnnlab.probes.health import Health
from rnnlab.probes.through_time import ThroughTime
from rnnlab.tasks.drawn import Examples
from rnnlab.tasks.tagging import Tagging
from tests.models.torchs import RNN

LENGTHS = [6, 4]


def probe_input_of(*, bidirectional: bool) -> ProbeInput:
    """Two sequences of numbers, the second one shorter, with a class of three asked for at every step."""
    torch.manual_seed(0)
    model = RNN(
        embedding=Features(2),
        output_size=3,
        hidden_size=4,
        bidirectional=bidirectional,
        head_size=None,
        every_step=True,
    ).double()
    generator = torch.Generator().manual_seed(1)
    targets = torch.randint(3, (2, 6), generator=generator)
    targets[1, 4:] = -100
    inputs = torch.randn(2, 6, 2, generator=generator, dtype=torch.float64)
    examples = Examples(inputs, torch.tensor(LENGTHS), targets, every_step=True)
    return ProbeInput(model, Tagging(), None, None, examples, "cpu")


def states_of(layer: nn.RNN, inputs: Tensor, suffix: str) -> list[Tensor]:
    """Steps one sequence (time, features) through the layer's own weights, without the layer."""
    weights = [getattr(layer, name + suffix) for name in ("weight_ih_l0", "weight_hh_l0")]
    biases = [getattr(layer, name + suffix) for name in ("bias_ih_l0", "bias_hh_l0")]
    states = [torch.zeros(4, dtype=torch.float64)]
    for x in inputs:
        states.append(torch.tanh(weights[0] @ x + biases[0] + weights[1] @ states[-1] + biases[1]))
    return states[1:]


def reference(probe_input: ProbeInput, direction: str, bidirectional: bool) -> list[list[float]]:
    """Returns ‖∂L/∂h‖ of each sequence, from the last step that the direction reads on back."""
    model = probe_input.model
    norms = []
    for index, length in enumerate(LENGTHS):
        inputs = probe_input.examples.inputs[index, :length]  # type: ignore[attr-defined]
        forward = states_of(model.recurrent, inputs, "")
        backward = states_of(model.recurrent, inputs.flip(0), "_reverse")[::-1] if bidirectional else None
        at = length - 1 if direction == "forward" else 0
        own = forward if direction == "forward" else backward
        assert own is not None
        parts = [forward[at], *([backward[at]] if backward is not None else [])]
        logits = model.head(torch.cat(parts))
        target = probe_input.examples.targets[index, at]  # type: ignore[attr-defined]
        loss = nn.functional.cross_entropy(logits[None], target[None])
        in_reading = own[::-1] if direction == "forward" else own
        gradients = torch.autograd.grad(loss, in_reading)
        norms.append([float(gradient.norm()) for gradient in gradients])
    return norms


@pytest.mark.parametrize("bidirectional", [False, True])
def test_the_norms_are_those_of_a_plain_recursion(bidirectional: bool) -> None:
    probe_input = probe_input_of(bidirectional=bidirectional)
    table = ThroughTime(examples=2, distances=6).measure(probe_input)
    for direction in ("forward", "backward")[: 2 if bidirectional else 1]:
        rows = table[table["direction"] == direction].sort_values("distance")
        expected = reference(probe_input, direction, bidirectional)
        padded = np.full((2, 6), np.nan)
        for row, norms in zip(padded, expected, strict=True):
            row[: len(norms)] = norms
        assert np.nanmin(padded) > 0
        np.testing.assert_allclose(rows["gradient_median"], np.nanmedian(padded, axis=0), rtol=1e-10)
        assert rows["examples"].tolist() == [2, 2, 2, 2, 1, 1]


def test_health_looks_at_nets_on_numbers() -> None:
    table = Health(examples=2).measure(probe_input_of(bidirectional=True)).set_index("parameter")
    assert (table["gradient_norm"] > 0).all() and "embedding.weight" not in table.index
