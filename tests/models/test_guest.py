"""A torch module of anybody's as the recurrent part: what it is given, and that it equals each text alone."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torchrecurrent
from torch import Tensor, nn

from rnnlab.core.errors import InputError
from rnnlab.models.guest import make_guest
from rnnlab.models.make import make_model
from rnnlab.models.recurrent import RecurrentModel

INPUTS, HIDDEN = 4, 3
LENGTHS = torch.tensor([2, 5, 1, 5, 3])


class Learned(nn.Module):
    """Begins, without a state, with one that is learned; carries three, one of them of another width."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.into, self.across = nn.Linear(input_size, hidden_size), nn.Linear(hidden_size, hidden_size)
        self.begin = nn.Parameter(torch.rand(hidden_size))
        self.scale = torch.full((hidden_size,), 0.9)  # neither a parameter nor a buffer

    def forward(self, x: Tensor, state: Any = None) -> list[Tensor]:
        batch = len(x)
        if state is None:
            state = [self.begin.expand(batch, -1), torch.zeros(batch, 2), torch.zeros(batch, 1, 2)]
        h, c, seen = state
        h = torch.tanh(self.into(x) + self.across(h) + c.sum(1, keepdim=True)) * self.scale
        return [h, c + h[:, :2] / 2, seen + x[:, None, :2]]


class NeedsZeros(nn.Module):
    """Cannot begin with None."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.cell = nn.GRUCell(input_size, hidden_size)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        return self.cell(x, 1 * h)


class BatchFirst(nn.Module):
    """A layer with batches first and no dimension of layers, whose last state depends on the whole text."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.cell = nn.GRUCell(input_size, hidden_size)

    def forward(self, x: Tensor, h: Tensor | None = None) -> tuple[Tensor, Tensor]:
        outputs = []
        h = torch.zeros(len(x), self.cell.hidden_size) if h is None else h
        for step in x.unbind(1):
            h = self.cell(step, h)
            outputs.append(h)
        return torch.stack(outputs, dim=1), h


class Doubled(nn.LSTM):
    """Has torch's parameters, a forward of its own that knows no packed sequences."""

    def forward(self, x: Tensor, state: Any = None) -> Any:
        output, (h, c) = super().forward(x.flip(0), state)
        return 2 * output, (2 * h, c)


MODULES: dict[str, tuple[Callable[[int], nn.Module], dict[str, Any]]] = {
    "LSTMCell": (lambda size: nn.LSTMCell(size, HIDDEN), {}),
    "two layers of GRUCell both ways": (
        lambda size: nn.GRUCell(size, HIDDEN),
        {"num_layers": 2, "bidirectional": True},
    ),
    "Learned": (lambda size: Learned(size, HIDDEN), {"bidirectional": True}),
    "NeedsZeros": (lambda size: NeedsZeros(size, HIDDEN), {"state_size": HIDDEN, "num_layers": 2}),
    "TGRUCell in layers": (lambda size: torchrecurrent.TGRUCell(size, HIDDEN), {"num_layers": 2}),
    "BatchFirst": (lambda size: BatchFirst(size, HIDDEN), {}),
    "Doubled": (lambda size: Doubled(size, HIDDEN, 2, bidirectional=True), {}),
    "projected": (lambda size: nn.LSTM(size, HIDDEN, proj_size=2, batch_first=True), {}),
    "LEM layer": (lambda size: torchrecurrent.LEM(size, HIDDEN, num_layers=2), {}),
}
EVERY_MODULE = pytest.mark.parametrize("name", MODULES)


def model_of(name: str, **settings: Any) -> RecurrentModel:
    torch.manual_seed(1)
    make, own = MODULES[name]
    embedding = nn.Embedding(7, INPUTS)
    model = RecurrentModel.around_module(make, embedding=embedding, output_size=2, **own, **settings)
    return model.double().eval()


def vectors() -> Tensor:
    """Texts whose padding is far from anything."""
    generator = torch.Generator().manual_seed(2)
    padded = torch.randn(len(LENGTHS), 5, INPUTS, generator=generator, dtype=torch.float64)
    padded[torch.arange(5) >= LENGTHS[:, None]] = 1e6
    return padded.requires_grad_()


def gradients(model: nn.Module, loss: Tensor, *more: Tensor) -> list[Tensor]:
    wanted = [*model.parameters(), *more]
    return list(torch.autograd.grad(loss, wanted, allow_unused=True, materialize_grads=True))


@pytest.mark.filterwarnings("ignore:LSTM with projections")
@EVERY_MODULE
@pytest.mark.parametrize("settings", [{}, {"every_step": True}, {"pooling": "mean"}], ids=str)
def test_every_text_of_a_batch_is_what_it_is_alone(name: str, settings: dict[str, Any]) -> None:
    model, given = model_of(name, **settings), vectors()
    logits = model.forward_vectors(given, LENGTHS)
    alone = [
        model.forward_vectors(given[[text], :length], LENGTHS[[text]])
        for text, length in enumerate(LENGTHS.tolist())
    ]
    for text, (length, expected) in enumerate(zip(LENGTHS.tolist(), alone, strict=True)):
        found = logits[[text], :length] if model.every_step else logits[[text]]
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-13)
    weights = torch.linspace(-1, 2, len(LENGTHS), dtype=torch.float64)
    own = [of_text[:n] if model.every_step else of_text for n, of_text in zip(LENGTHS, logits, strict=True)]
    together, apart = (
        sum(w * of_text.square().sum() for w, of_text in zip(weights, texts, strict=True))
        for texts in (own, alone)
    )
    reference = gradients(model, apart, given)
    assert sum(bool(g.any()) for g in reference) > 5
    for found, expected in zip(gradients(model, together, given), reference, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


@EVERY_MODULE
def test_the_order_of_a_batch_does_not_matter(name: str) -> None:
    model, given, order = model_of(name), vectors(), torch.tensor([3, 0, 4, 2, 1])
    straight = model.forward_vectors(given, LENGTHS)
    assert straight.std() > 1e-3
    torch.testing.assert_close(
        model.forward_vectors(given[order], LENGTHS[order]), straight[order], rtol=0, atol=1e-13
    )


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize(("num_layers", "bidirectional"), [(1, False), (1, True), (2, True)])
def test_cells_of_torchs_over_time_equal_torchs_layers(
    kind: str, num_layers: int, bidirectional: bool
) -> None:
    torch.manual_seed(3)
    layer = getattr(nn, kind)(INPUTS, HIDDEN, num_layers, bidirectional=bidirectional)
    reference = RecurrentModel(
        embedding=nn.Embedding(7, INPUTS), recurrent=layer, head_size=4, output_size=1, dropout=0.0
    )
    guest = RecurrentModel.around_module(
        lambda size: getattr(nn, f"{kind}Cell")(size, HIDDEN),
        embedding=reference.embedding,
        output_size=1,
        head_size=4,
        num_layers=num_layers,
        bidirectional=bidirectional,
    )
    guest.head = reference.head
    for cell, names in zip(guest.recurrent.cells, layer.all_weights, strict=True):
        for own, theirs in zip(cell.parameters(), names, strict=True):
            own.data = theirs.data
    reference.double(), guest.double()
    given, results = vectors(), []
    for model in (reference, guest):
        logits = model.forward_vectors(given, LENGTHS)
        results.append([logits, *gradients(model, logits.square().sum(), given)])
    assert all(bool(tensor.any()) for tensor in results[0][:1]) and len(results[0]) == len(results[1])
    for expected, found in zip(*results, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-14)


def test_torchs_very_own_layer_keeps_its_equations() -> None:
    model = make_model(
        nn.LSTM, {"hidden_size": 3, "num_layers": 2}, embedding=nn.Embedding(7, 4), output_size=1
    )
    assert isinstance(model.recurrent, nn.LSTM) and model.cell is not None and model.cell.name == "LSTM"


def test_a_module_is_tried_out_without_a_trace() -> None:
    class Noisy(nn.GRUCell):
        calls = 0

        def forward(self, x: Tensor, state: Tensor | None = None) -> Tensor:
            assert not self.training
            self.calls += 1
            return super().forward(x + 0 * torch.rand_like(x), state)

    torch.manual_seed(4)
    module, expected = Noisy(INPUTS, HIDDEN), torch.get_rng_state()
    guest = make_guest(lambda _: module, INPUTS, hidden_size=HIDDEN)
    assert module.training and module.calls == 0 and torch.equal(torch.get_rng_state(), expected)
    assert guest.hidden_size == HIDDEN and guest.name == "Noisy"


class Given(nn.Module):
    """Gives what a function makes of its input and state."""

    def __init__(self, function: Callable[[Tensor, Any], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor, state: Any = None) -> Any:
        return self.function(x, state)


def broken(x: Tensor, state: Any) -> Tensor:
    raise KeyError("nothing here")


REFUSED: dict[str, tuple[Callable[[Tensor, Any], Any], str]] = {
    "no state": (
        lambda x, s: x.mean(),
        "expected as state floats, a row for each text, found a tensor of shape ()",
    ),
    "none": (lambda x, s: None, "found NoneType"),
    "an empty tuple": (lambda x, s: (), "found an empty tuple"),
    "whole numbers": (lambda x, s: x.long(), "expected as state floats"),
    "output and state apart": (
        lambda x, s: (x, (x, x)) if s is None else (x, (s[0][0], s[1])),
        "expected as state floats, a row for each text, found tuple",
    ),
    "a state that it does not take": (
        lambda x, s: (x, x) if s is None else (x, s @ x),
        "its own state, handed back to it, gives TypeError",
    ),
    "a growing state": (
        lambda x, s: x if s is None else torch.cat([s, x], dim=1),
        "its states change their shapes from [(5, 4)] to [(5, 8)]",
    ),
    "a row for all": (
        lambda x, s: x.sum(0, keepdim=True),
        "a row for each text, found a tensor of shape (1, 4)",
    ),
    "an error": (broken, "KeyError: 'nothing here' ("),
}


@pytest.mark.parametrize(("function", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_called_in_either_way_is_refused_with_the_reason(
    function: Callable[[Tensor, Any], Any], message: str
) -> None:
    with pytest.raises(InputError) as error:
        make_guest(lambda _: Given(function), INPUTS, hidden_size=HIDDEN)
    said = str(error.value)
    assert said.startswith("model: Given can be called neither as nn.LSTMCell is") and message in said, said
    assert "\n" not in said


def test_a_layer_is_neither_stacked_nor_reversed_from_outside() -> None:
    for settings in ({"num_layers": 2}, {"bidirectional": True}):
        (name,) = settings
        with pytest.raises(InputError, match=rf"^model\.{name}: BatchFirst is called as nn\.LSTM is"):
            model_of("BatchFirst", **settings)


def test_an_error_at_work_names_the_module_its_file_and_line() -> None:
    def after_three(x: Tensor, state: Tensor | None) -> Tensor:
        state = torch.zeros(len(x), 1) if state is None else state
        if (state > 2).any():
            raise RuntimeError("no\nmore")
        return state + 1

    embedding = nn.Embedding(7, INPUTS)
    model = RecurrentModel.around_module(lambda _: Given(after_three), embedding=embedding, output_size=1)
    with pytest.raises(InputError, match=r"^Given: RuntimeError: no more \(.*test_guest\.py, line \d+\)$"):
        model(torch.ones(2, 5, dtype=torch.long), torch.tensor([5, 4]))
