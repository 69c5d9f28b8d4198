from collections.abc import Callable
from itertools import product

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnnlab.models.layer import cell_of
from rnnlab.models.unroll import Unrolled, unroll

EMBEDDING_DIM, HIDDEN_SIZE = 4, 3
LENGTHS = torch.tensor([5, 7, 1])
KINDS: dict[str, Callable[..., nn.RNNBase]] = {
    "tanh": nn.RNN,
    "relu": lambda *sizes, **options: nn.RNN(*sizes, nonlinearity="relu", **options),
    "gru": nn.GRU,
    "lstm": nn.LSTM,
}
EVERY_LAYER = pytest.mark.parametrize(
    ("kind", "num_layers", "bidirectional"), list(product(KINDS, (1, 2), (False, True)))
)


def make_layer(kind: str, num_layers: int, bidirectional: bool) -> nn.RNNBase:
    torch.manual_seed(3)
    layer = KINDS[kind](EMBEDDING_DIM, HIDDEN_SIZE, num_layers=num_layers, bidirectional=bidirectional)
    return layer.double()


def make_vectors() -> Tensor:
    generator = torch.Generator().manual_seed(5)
    shape = (len(LENGTHS), int(LENGTHS.max()), EMBEDDING_DIM)
    return torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True)


def losses_of(finals: Tensor) -> Tensor:
    """One loss per text, from all its final states (B, layers · directions · hidden)."""
    weights = torch.linspace(-1, 1.5, finals.shape[1], dtype=torch.float64)
    return (finals @ weights + 0.3).tanh() ** 2


def document(readings: list[Unrolled]) -> Tensor:
    return torch.cat([reading.hidden[-1] for reading in readings], dim=1)


def fused(layer: nn.RNNBase, vectors: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
    """Outputs of the top layer, final hidden states and final cell states."""
    packed = pack_padded_sequence(vectors, LENGTHS, batch_first=True, enforce_sorted=False)
    outputs, final = layer(packed)
    padded, _ = pad_packed_sequence(outputs, batch_first=True)
    return (padded, *final) if isinstance(final, tuple) else (padded, final, None)


def step_by_step(layer: nn.RNNBase, vectors: Tensor) -> dict[tuple[int, str], list[tuple[Tensor, ...]]]:
    """All states of one text (T, E), from torch's own one-layer modules run a step at a time.

    Every state is a tensor of its own in the graph, so that autograd tells its gradient.
    """
    states: dict[tuple[int, str], list[tuple[Tensor, ...]]] = {}
    inputs = list(vectors)
    numbers = range(layer.num_layers)
    for number, (direction, suffix) in product(numbers, (("forward", ""), ("backward", "_reverse"))):
        if direction == "backward" and not layer.bidirectional:
            continue
        if direction == "forward" and number:
            below = [states[(number, way)] for way in ("forward", "backward") if (number, way) in states]
            turned = [reading if way == 0 else reading[::-1] for way, reading in enumerate(below)]
            inputs = [torch.cat([state[0][0] for state in step]) for step in zip(*turned, strict=True)]
        single = type(layer)(len(inputs[0]), HIDDEN_SIZE, **extra(layer)).double()
        of_layer = dict(layer.named_parameters())
        own = {
            name: of_layer[f"{name.removesuffix('_l0')}_l{number}{suffix}"] for name in single.state_dict()
        }
        reading: list[tuple[Tensor, ...]] = []
        state = None
        for x in inputs if direction == "forward" else inputs[::-1]:
            _, state = torch.func.functional_call(single, own, (x[None], state))
            reading.append(state if isinstance(state, tuple) else (state,))
        states[(number + 1, direction)] = reading
    return states


def extra(layer: nn.RNNBase) -> dict[str, str]:
    return {"nonlinearity": str(layer.nonlinearity)} if isinstance(layer, nn.RNN) else {}


@EVERY_LAYER
def test_states_equal_the_fused_layers(kind: str, num_layers: int, bidirectional: bool) -> None:
    layer, vectors = make_layer(kind, num_layers, bidirectional), make_vectors()
    readings = unroll(cell_of(layer), layer, vectors, LENGTHS)
    outputs, hidden, cell = fused(layer, vectors)
    assert hidden.abs().min() > 0 or kind == "relu"
    torch.testing.assert_close(torch.stack([r.hidden[-1] for r in readings]), hidden, rtol=0, atol=1e-12)
    if cell is not None:
        torch.testing.assert_close(
            torch.stack([r.states["c"][-1] for r in readings]), cell, rtol=0, atol=1e-12
        )
    for text, length in enumerate(LENGTHS.tolist()):
        top = readings[-2:] if bidirectional else readings[-1:]
        states = [torch.stack(r.hidden)[-length:, text] for r in top]
        in_order = [s if r.direction == "forward" else s.flip(0) for r, s in zip(top, states, strict=True)]
        torch.testing.assert_close(torch.cat(in_order, dim=1), outputs[text, :length], rtol=0, atol=1e-12)


@EVERY_LAYER
def test_gradients_of_parameters_and_inputs_equal_the_fused_layers(
    kind: str, num_layers: int, bidirectional: bool
) -> None:
    layer, vectors = make_layer(kind, num_layers, bidirectional), make_vectors()
    wanted = {**dict(layer.named_parameters()), "vectors": vectors}
    _, hidden, _ = fused(layer, vectors)
    expected = torch.autograd.grad(losses_of(torch.cat(list(hidden), dim=1)).sum(), list(wanted.values()))
    found = torch.autograd.grad(
        losses_of(document(unroll(cell_of(layer), layer, vectors, LENGTHS))).sum(), list(wanted.values())
    )
    for name, a, b in zip(wanted, found, expected, strict=True):
        assert b.norm() > 0, name
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-14, msg=lambda m, n=name: f"{n}: {m}")


@EVERY_LAYER
def test_gradient_of_every_state_equals_autograds_of_torch_run_step_by_step(
    kind: str, num_layers: int, bidirectional: bool
) -> None:
    layer, vectors = make_layer(kind, num_layers, bidirectional), make_vectors()
    readings = unroll(cell_of(layer), layer, vectors, LENGTHS)
    loss = losses_of(document(readings)).sum()
    compared = 0.0
    for text, length in enumerate(LENGTHS.tolist()):
        states = step_by_step(layer, vectors[text, :length])
        assert list(states) == [(r.layer, r.direction) for r in readings]
        finals = torch.cat([reading[-1][0] for reading in states.values()], dim=1)
        expected_loss = losses_of(finals).sum()
        for reading, of_text in zip(readings, states.values(), strict=True):
            expected = torch.autograd.grad(expected_loss, [h for h, *_ in of_text], retain_graph=True)
            found = torch.autograd.grad(loss, reading.hidden[-length:], retain_graph=True)
            for a, b in zip(found, expected, strict=True):
                torch.testing.assert_close(a[text].norm(), b.norm(), rtol=1e-6, atol=1e-15)
                torch.testing.assert_close(a[text], b[0], rtol=1e-6, atol=1e-15)
                compared = max(compared, float(b.norm()))
    assert compared > 0.01


def test_gradient_of_every_cell_state_equals_the_textbooks() -> None:
    """torch's LSTM hands out copies of its cell states; the reference is written out (Gers et al. 2000)."""
    layer, vectors = make_layer("lstm", 1, False), make_vectors()
    text = 1  # the longest: no padding
    h = c = torch.zeros(HIDDEN_SIZE, dtype=torch.float64)
    cells = []
    for x in vectors[text]:
        gates = layer.weight_ih_l0 @ x + layer.bias_ih_l0 + layer.weight_hh_l0 @ h + layer.bias_hh_l0
        i, f, g, o = gates.split(HIDDEN_SIZE)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        cells.append(c)
    (reading,) = unroll(cell_of(layer), layer, vectors, LENGTHS)
    expected = torch.autograd.grad(losses_of(h[None]).sum(), cells, retain_graph=True)
    found = torch.autograd.grad(losses_of(document([reading])).sum(), reading.states["c"])
    for a, b in zip(found, expected, strict=True):
        assert b.norm() > 1e-6
        torch.testing.assert_close(a[text], b, rtol=1e-9, atol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_retained_is_the_derivative_or_the_gate(kind: str) -> None:
    layer, vectors = make_layer(kind, 1, False), make_vectors()
    (reading,) = unroll(cell_of(layer), layer, vectors, LENGTHS)
    previous, x = reading.hidden[-2].detach(), vectors[0, LENGTHS[0] - 1].detach()
    before = layer.weight_ih_l0 @ x + layer.bias_ih_l0 + layer.bias_hh_l0 + layer.weight_hh_l0 @ previous[0]
    expected = {
        "tanh": 1 / before.cosh() ** 2,
        "relu": (before > 0).double(),
    }.get(kind, torch.sigmoid(before)[HIDDEN_SIZE : 2 * HIDDEN_SIZE])
    assert expected.any()
    torch.testing.assert_close(next(iter(reading.retention.values()))[-1, 0], expected.detach())
