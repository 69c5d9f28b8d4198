"""One vector from all states: as written out text by text, for every kind of pooling."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from rnnlab.experiment.compose import CONFIG_DIR
from rnnlab.models.pooling import Attention, pool
from rnnlab.models.recurrent import RecurrentModel

TEXTS = [[3, 5, 7, 2, 3], [4], [9, 9, 2], [2, 10, 11, 12], [6, 5, 4, 3, 20, 1], [1, 1]]
LABELS = torch.tensor([1.0, 0.0, 1.0, 0.0, 0.0, 1.0]).double()
POOLED = ("mean", "max", "mean_max", "attention")
MODELS = [("rnn", 1), ("birnn", 2), ("bilstm", 1), ("gru", 2), ("mingru", 1)]
EVERY_NET = pytest.mark.parametrize(("name", "layers"), MODELS, ids=lambda value: str(value))
EVERY_POOLING = pytest.mark.parametrize("pooling", POOLED)
RECURRENT = sorted(p.stem for p in (CONFIG_DIR / "model").glob("*.yaml") if "rnnlab.cells." in p.read_text())


def padded(texts: list[list[int]], wider: int = 0) -> tuple[Tensor, Tensor]:
    lengths = torch.tensor([len(text) for text in texts])
    ids = nn.utils.rnn.pad_sequence([torch.tensor(text) for text in texts], batch_first=True)
    return nn.functional.pad(ids, (0, wider)), lengths


def weights_of(model: Any, states: list[Tensor]) -> list[Tensor]:
    """The weight of each state (D,), by equations 5 and 6 of Yang et al. 2016."""
    hidden, query = model.attention.hidden, model.attention.query
    exponentials = [
        torch.exp(torch.dot(query.weight[0], torch.tanh(hidden.weight @ state + hidden.bias)))
        for state in states
    ]
    return [exponential / sum(exponentials) for exponential in exponentials]


def largest(states: list[Tensor]) -> Tensor:
    numbers = [
        max((state[unit] for state in states), key=lambda number: number.item())
        for unit in range(len(states[0]))
    ]
    return torch.stack(numbers)


def naive_logit(model: Any, text: list[int]) -> Tensor:
    """One text alone through the model's own layer, its states pooled in a loop."""
    outputs, _ = model.recurrent(model.embedding(torch.tensor(text))[:, None])
    states = list(outputs[:, 0])
    assert len(states) == len(text)
    document = {
        "mean": lambda: sum(states) / len(text),
        "max": lambda: largest(states),
        "mean_max": lambda: torch.cat([sum(states) / len(text), largest(states)]),
        "attention": lambda: sum(w * s for w, s in zip(weights_of(model, states), states, strict=True)),
    }[model.pooling]()
    head = model.head
    hidden = torch.relu(head.hidden.weight @ document + head.hidden.bias)
    return head.output.weight @ hidden + head.output.bias


@EVERY_NET
@EVERY_POOLING
def test_logits_and_every_gradient_are_those_of_texts_pooled_one_by_one(
    pooling: str, name: str, layers: int, build: Any
) -> None:
    model = build(name, precision="float64", pooling=pooling, num_layers=layers).model
    ids, lengths = padded(TEXTS)
    found = model(ids, lengths)
    expected = torch.stack([naive_logit(model, text) for text in TEXTS])
    assert expected.std() > 1e-3
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    loss = nn.functional.binary_cross_entropy_with_logits
    names, parameters = zip(*model.named_parameters(), strict=True)
    references = torch.autograd.grad(loss(expected[:, 0], LABELS), parameters)
    gradients = torch.autograd.grad(loss(found[:, 0], LABELS), parameters)
    for parameter, gradient, reference in zip(names, gradients, references, strict=True):
        assert reference.norm() > 1e-8, parameter
        torch.testing.assert_close(
            gradient, reference, rtol=0, atol=1e-14, msg=lambda m, n=parameter: f"{n}: {m}"
        )


@EVERY_POOLING
@pytest.mark.parametrize("name", ["birnn", "mingru"])
def test_neither_padding_nor_the_batch_changes_a_logit(name: str, pooling: str, build: Any) -> None:
    model = build(name, precision="float64", pooling=pooling).model
    together = model(*padded(TEXTS))
    alone = torch.cat([model(*padded([text])) for text in TEXTS])
    assert together.std() > 1e-3
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-14)
    torch.testing.assert_close(model(*padded(TEXTS, wider=30)), together, rtol=0, atol=1e-14)
    vectors = model.embedding(padded(TEXTS)[0])
    vectors[padded(TEXTS)[0] == 0] = 1e6
    torch.testing.assert_close(model.forward_vectors(vectors, padded(TEXTS)[1]), together, rtol=0, atol=1e-14)


@EVERY_POOLING
@pytest.mark.parametrize("garbage", [torch.inf, torch.nan, 1e30])
def test_whatever_stands_in_the_padding_reaches_neither_value_nor_gradient(
    garbage: float, pooling: Any
) -> None:
    torch.manual_seed(0)
    attention = Attention(4).double() if pooling == "attention" else None
    clean = torch.randn(5, 3, 4, dtype=torch.float64)
    real = torch.arange(5)[:, None] < torch.tensor([5, 2, 1])
    dirty = clean.masked_fill(~real[:, :, None], garbage)
    results = []
    for states in (clean, dirty):
        states.requires_grad_()
        vector = pool(states, real, pooling, attention)
        (gradient,) = torch.autograd.grad((vector**2).sum(), states)
        assert vector.abs().min() > 0 and gradient[real].norm() > 0
        results.append((vector, gradient[real]))
        assert not gradient.masked_fill(real[:, :, None], 0.0).nan_to_num(1.0).any()
    for found, expected in zip(*results[::-1], strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=0)


@pytest.mark.parametrize("name", ["rnn", "bilstm"])
def test_a_text_of_one_word_is_its_only_state_however_it_is_pooled(name: str, build: Any) -> None:
    last = build(name, precision="float64").model
    for pooling in ("mean", "max", "attention"):
        model = build(name, precision="float64", pooling=pooling).model
        found, expected = (net(*padded([[3], [7]])) for net in (model, last))
        assert expected.std() > 1e-3
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-14)


def test_of_equally_large_states_the_first_has_the_whole_gradient() -> None:
    states = torch.tensor([[0.5, 1.0], [2.0, 1.0], [2.0, 1.0], [9.0, 9.0]])[:, None].requires_grad_()
    real = torch.tensor([[True], [True], [True], [False]])
    vector = pool(states, real, "max", None)
    assert vector.tolist() == [[2.0, 1.0]]
    (gradient,) = torch.autograd.grad(vector.sum(), states)
    assert gradient[:, 0].tolist() == [[0.0, 1.0], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("name", ["rnn", "bigru"])
def test_attentions_weights_are_the_papers_sum_to_one_and_are_zero_in_the_padding(
    name: str, build: Any
) -> None:
    model = build(name, precision="float64", pooling="attention").model
    ids, lengths = padded(TEXTS, wider=3)
    found = model.attention_weights(ids, lengths)
    assert found.shape == (len(TEXTS), 6)
    torch.testing.assert_close(found.sum(dim=1), torch.ones(len(TEXTS)).double(), rtol=0, atol=1e-14)
    for text, weights in zip(TEXTS, found, strict=True):
        outputs, _ = model.recurrent(model.embedding(torch.tensor(text))[:, None])
        expected = torch.stack(weights_of(model, list(outputs[:, 0])))
        torch.testing.assert_close(weights[: len(text)], expected, rtol=0, atol=1e-14)
        assert len(text) == 1 or expected.std() > 1e-4
        assert not weights[len(text) :].any()


@pytest.mark.parametrize("init", ["default", "glorot", "identity"])
@pytest.mark.parametrize("pooling", ["mean", "max", "attention"])  # of mean_max the head is wider
def test_pooling_moves_no_draw_of_the_other_parameters(pooling: str, init: str, build: Any) -> None:
    last = build("bilstm", init=init).model.state_dict()
    pooled = build("bilstm", init=init, pooling=pooling).model.state_dict()
    own = ["attention.hidden.weight", "attention.hidden.bias", "attention.query.weight"]
    assert list(pooled) == [*last, *(own if pooling == "attention" else [])]
    assert all(torch.equal(pooled[name], last[name]) for name in last)
    if pooling == "attention":
        assert pooled[own[0]].any() and pooled[own[2]].any()
        assert pooled[own[1]].any() == (init == "default")


@pytest.mark.parametrize("name", RECURRENT)
def test_every_recurrent_model_has_the_setting_and_reads_the_last_state_by_default(name: str) -> None:
    settings = Path(CONFIG_DIR / "model" / f"{name}.yaml").read_text()
    assert "\npooling: last #" in settings


def test_a_net_that_answers_at_every_step_pools_nothing() -> None:
    with pytest.raises(ValueError, match="pools no states; expected last, found 'max'"):
        RecurrentModel(
            embedding=nn.Embedding(3, 2),
            recurrent=nn.GRU(2, 3),
            head_size=None,
            output_size=2,
            dropout=0.0,
            every_step=True,
            pooling="max",
        )


def test_the_head_reads_the_top_layer_alone(build: Any) -> None:
    deep, pooled = (build("bigru", num_layers=3, pooling=pooling).model for pooling in ("last", "mean"))
    width = deep.recurrent.hidden_size
    assert (deep.head.hidden.in_features, pooled.head.hidden.in_features) == (6 * width, 2 * width)


class Widened(nn.Module):
    """Called as `nn.LSTM` is; its outputs are no states, and wider."""

    def __init__(self, input_size: int) -> None:
        super().__init__()
        self.layer, self.out = nn.GRU(input_size, 3), nn.Linear(3, 5)

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Tensor]:
        output, last = self.layer(x, state)
        return self.out(output), last


@EVERY_POOLING
@pytest.mark.parametrize(
    "make",
    [lambda width: nn.LSTMCell(width, 4), lambda width: nn.GRU(width, 4, bidirectional=True), Widened],
    ids=["cell", "layer", "wider outputs"],
)
def test_outputs_of_a_torch_module_are_pooled_as_well(make: Any, pooling: Any) -> None:
    torch.manual_seed(0)
    embedding = nn.Embedding(24, 6)
    model = RecurrentModel.around_module(make, embedding=embedding, output_size=1, pooling=pooling).double()
    expected = torch.stack([naive_logit(model, text) for text in TEXTS])
    assert expected.std() > 1e-4
    torch.testing.assert_close(model(*padded(TEXTS)), expected, rtol=0, atol=1e-12)


def test_outputs_wider_than_states_are_answered_at_every_step() -> None:
    made = {"embedding": nn.Embedding(24, 6), "output_size": 2, "every_step": True}
    model = RecurrentModel.around_module(Widened, **made)  # type: ignore[arg-type]
    assert model(*padded(TEXTS)).shape == (len(TEXTS), 6, 2)
