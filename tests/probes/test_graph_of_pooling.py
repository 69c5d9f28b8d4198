"""What the drawn graph writes of pooling, computed, is what torch computes, forward and back."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from rnnlab.models.unroll import unroll
from rnnlab.probes.graph import unrolled
from tests.models.torchs import GRU, LSTM, RNN
from tests.probes.nets import EMBEDDING_DIM, SIZES, WORDS
from tests.probes.written import Written, mark_of

IDS, STEPS = [3, 1, 6, 3], "₁₂₃₄"
EVERY_POOLING = pytest.mark.parametrize("pooling", ["mean", "max", "mean_max", "attention"])


def make_model(make: Any, pooling: str, **settings: Any) -> Any:
    torch.manual_seed(0)
    embedding = nn.Embedding(WORDS, EMBEDDING_DIM)
    model = make(embedding=embedding, output_size=1, pooling=pooling, **SIZES, **settings)
    nn.init.ones_(model.head.hidden.bias)  # so that the head's relu is open
    if model.attention is not None:
        nn.init.normal_(model.attention.query.weight)
    return model.double()


def states_of(model: Any, vectors: Tensor) -> tuple[dict[str, Tensor], list[Tensor]]:
    """Every hidden state by its symbol, and what is pooled, step by step."""
    readings = unroll(model.cell, model.recurrent, vectors[None], torch.tensor([len(IDS)]))
    states: dict[str, Tensor] = {}
    for reading in readings:
        mark = mark_of(model.recurrent, reading.layer, reading.direction)
        order = STEPS if reading.direction == "forward" else STEPS[::-1]
        states |= {f"h{mark}{t}": h for t, h in zip(order, reading.hidden, strict=True)}
    top = [mark_of(model.recurrent, r.layer, r.direction) for r in readings if r.layer == readings[-1].layer]
    return states, [torch.cat([states[f"h{mark}{t}"][0] for mark in top]) for t in STEPS]


def naive_pool(model: Any, states: list[Tensor]) -> Tensor:
    if model.pooling == "mean":
        return sum(states) / len(states)  # type: ignore[return-value]
    if model.pooling == "max":
        return torch.stack(states).max(dim=0).values
    if model.pooling == "mean_max":
        return torch.cat([sum(states) / len(states), torch.stack(states).max(dim=0).values])
    answers = [model.attention.query(torch.tanh(model.attention.hidden(state))) for state in states]
    weights = torch.cat(answers).softmax(dim=0)
    return sum(weight * state for weight, state in zip(weights, states, strict=True))  # type: ignore[return-value]


@EVERY_POOLING
@pytest.mark.parametrize(
    ("make", "settings"),
    [(RNN, {}), (LSTM, {"bidirectional": True}), (GRU, {"bidirectional": True, "num_layers": 2})],
    ids=["rnn", "bilstm", "deep bigru"],
)
def test_every_value_and_every_gradient_is_torch_s(make: Any, settings: dict[str, Any], pooling: str) -> None:
    model = make_model(make, pooling, **settings)
    vectors = model.embedding(torch.tensor(IDS)).detach().requires_grad_()
    states, pooled = states_of(model, vectors)
    logit = model.head(naive_pool(model, pooled))
    torch.testing.assert_close(logit, model(torch.tensor([IDS]), torch.tensor([len(IDS)]))[0])
    target = torch.tensor([1.0]).double()
    loss = functional.binary_cross_entropy_with_logits(logit, target)
    found = torch.autograd.grad(loss, [vectors, *states.values()])
    gradients = dict(zip(states, found[1:], strict=True))
    gradients |= {f"x{t}": gradient for t, gradient in zip(STEPS, found[0], strict=True)}

    graph = unrolled(model, len(IDS), words=["a", "b", "c", "a"], criterion="binary_cross_entropy")
    written = Written(graph, model, list(IDS), [target])
    torch.testing.assert_close(written.values["L"], loss)
    assert sum(bool(gradient.any()) for gradient in gradients.values()) > len(gradients) / 2
    for symbol, gradient in gradients.items():
        torch.testing.assert_close(written.gradients[symbol], gradient.reshape(-1), msg=symbol)
    for symbol, state in states.items():
        torch.testing.assert_close(written.values[symbol], state.reshape(-1), msg=symbol)


def test_attentions_weights_stand_in_the_graph_and_sum_to_one() -> None:
    model = make_model(RNN, "attention")
    graph = unrolled(model, 4, words=["a", "b", "c", "a"], criterion="binary_cross_entropy")
    values = Written(graph, model, list(IDS), [torch.tensor([1.0]).double()]).values
    weights = torch.cat([values[f"α{t}"] for t in STEPS])
    expected = model.attention_weights(torch.tensor([IDS]), torch.tensor([4]))[0]
    torch.testing.assert_close(weights, expected)
    assert weights.sum().item() == pytest.approx(1.0)


@EVERY_POOLING
def test_a_sequence_of_one_step_is_drawn_too(pooling: str) -> None:
    model = make_model(RNN, pooling)
    graph = unrolled(model, 1, words=["a"], criterion="binary_cross_entropy")
    written = Written(graph, model, [3], [torch.tensor([1.0]).double()])
    expected = model(torch.tensor([[3]]), torch.tensor([1]))[0]
    torch.testing.assert_close(written.values["y"], expected)


def test_of_equally_large_states_the_graph_gives_the_first_the_gradient() -> None:
    model = make_model(RNN, "max", nonlinearity="relu")
    with torch.no_grad():
        for parameter in model.recurrent.parameters():
            parameter.zero_()
        model.recurrent.bias_ih_l0.fill_(0.5)  # every state is the same
    graph = unrolled(model, 4, words=["a", "b", "c", "a"], criterion="binary_cross_entropy")
    gradients = Written(graph, model, list(IDS), [torch.tensor([1.0]).double()]).gradients
    assert gradients["h₁"].any() and not any(gradients[f"h{t}"].any() for t in "₂₃₄")
