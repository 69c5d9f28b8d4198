"""minGRU is the paper's, written out naively: forward and every gradient, layers, directions and masks."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnnlab.cells.mingru import MinGRU
from rnnlab.models.layer import RecurrentLayer

LENGTHS = [2, 6, 1, 4]
INPUT, HIDDEN = 3, 5


def naive(module: RecurrentLayer, x: Tensor, length: int) -> tuple[Tensor, list[Tensor]]:
    """One text (T, E), step by step, as Feng et al. 2024 have it: h = (1 − z) ⊙ h + z ⊙ (W x + b)."""
    inputs = list(x[:length])
    finals = []
    for layer in range(module.num_layers):
        outputs = []
        for ending in ("", "_reverse")[: 1 + module.bidirectional]:
            weight, bias = (getattr(module, f"{name}_ih_l{layer}{ending}") for name in ("weight", "bias"))
            h, states = torch.zeros(HIDDEN, dtype=torch.float64), []
            for vector in inputs[::-1] if ending else inputs:
                z = torch.sigmoid(weight[:HIDDEN] @ vector + bias[:HIDDEN])
                candidate = weight[HIDDEN:] @ vector + bias[HIDDEN:]
                h = (1 - z) * h + z * candidate
                states.append(h)
            finals.append(h)
            outputs.append(states[::-1] if ending else states)
        inputs = [torch.cat(step) for step in zip(*outputs, strict=True)]
    return torch.stack(inputs), finals


@pytest.mark.parametrize("bidirectional", [False, True], ids=["forward", "both"])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_outputs_final_states_and_gradients_are_the_paper_s(layers: int, bidirectional: bool) -> None:
    torch.manual_seed(0)
    module = RecurrentLayer(MinGRU(), INPUT, HIDDEN, layers, bidirectional=bidirectional).double()
    generator = np.random.default_rng(1)
    x = torch.tensor(generator.standard_normal((max(LENGTHS), len(LENGTHS), INPUT)), requires_grad=True)
    weights = torch.tensor(generator.standard_normal((max(LENGTHS), HIDDEN * (1 + bidirectional))))
    of_final = torch.tensor(generator.standard_normal((layers * (1 + bidirectional), HIDDEN)))
    parameters: dict[str, Tensor | nn.Parameter] = {"x": x, **dict(module.named_parameters())}

    packed = pack_padded_sequence(x, torch.tensor(LENGTHS), enforce_sorted=False)
    output, final = module(packed)
    padded, _ = pad_packed_sequence(output)
    loss = sum(
        (padded[:length, text] * weights[:length]).sum() + (final[:, text] * of_final).sum()
        for text, length in enumerate(LENGTHS)
    )
    found = torch.autograd.grad(loss, list(parameters.values()))

    expected_loss = torch.zeros((), dtype=torch.float64)
    for text, length in enumerate(LENGTHS):
        outputs, finals = naive(module, x[:, text], length)
        torch.testing.assert_close(padded[:length, text], outputs, rtol=0, atol=1e-10)
        torch.testing.assert_close(final[:, text], torch.stack(finals), rtol=0, atol=1e-10)
        expected_loss = expected_loss + (outputs * weights[:length]).sum()
        expected_loss = expected_loss + (torch.stack(finals) * of_final).sum()
    expected = torch.autograd.grad(expected_loss, list(parameters.values()))
    for name, a, b in zip(parameters, found, expected, strict=True):
        assert b.norm() > 1e-3, name
        torch.testing.assert_close(a, b, rtol=0, atol=1e-10, msg=lambda m, n=name: f"{n}: {m}")
