"""Compiled layers are the layers that they are made of: outputs, every gradient, torch's own checks."""

import copy
import pickle
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from rnnlab.cells import Cell, shipped_cells
from rnnlab.cells.gru import GRU
from rnnlab.cells.lstm import LSTM
from rnnlab.core.errors import InputError
from rnnlab.experiment.cells import cell_of_choice
from rnnlab.experiment.modules import use_modules
from rnnlab.models.compiled import compiled
from rnnlab.models.layer import RecurrentLayer, cell_of, layers_of
from rnnlab.models.unroll import unroll
from tests.cells.test_every_cell import Everything

INPUT, HIDDEN = 3, 5
LENGTHS = torch.tensor([4, 9, 1, 9, 2])
SHAPES: dict[str, Any] = {"num_layers": 2, "bidirectional": True}
CELLS = {name: cell() for name, cell in shipped_cells().items()}
CELLS |= {"reset before": GRU(reset_after=False), "everything": Everything()}


def made(cell: Cell, **options: Any) -> RecurrentLayer:
    torch.manual_seed(0)
    return RecurrentLayer(cell, INPUT, HIDDEN, **options).double()


def packed(seed: int = 1, dtype: torch.dtype = torch.float64) -> tuple[PackedSequence, Tensor]:
    """Texts in no order of length, and their vectors, whose gradient is asked for."""
    torch.manual_seed(seed)
    x = torch.randn(9, 5, INPUT, dtype=dtype, requires_grad=True)
    return pack_padded_sequence(x, LENGTHS, enforce_sorted=False), x


def states_of(final: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return final if isinstance(final, tuple) else (final,)


def results(layer: Any, texts: Any, given: list[Tensor], state: Any = None) -> dict[str, Tensor]:
    """What a layer gives, and the gradients of a sum of it with drawn weights."""
    output, final = layer(texts, state)
    rows = output.data if isinstance(output, PackedSequence) else output
    found = {"output": rows, **{f"final {k}": s for k, s in enumerate(states_of(final))}}
    torch.manual_seed(2)
    loss = sum((tensor * torch.randn_like(tensor)).sum() for tensor in found.values())
    named = dict(layer.named_parameters())
    gradients = torch.autograd.grad(loss, [*given, *named.values()], retain_graph=True)
    names = [*(f"given {k}" for k in range(len(given))), *named]
    return {**found, **dict(zip(names, gradients, strict=True))}


def assert_same(found: dict[str, Tensor], expected: dict[str, Tensor], tolerance: float = 1e-12) -> None:
    assert found.keys() == expected.keys()
    for name, right in expected.items():
        size = right.abs().max().item()
        assert size > 0, name
        torch.testing.assert_close(found[name], right, rtol=0, atol=tolerance * max(size, 1), msg=name)


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_is_the_unrolled_layers(name: str) -> None:
    layer = made(CELLS[name], **SHAPES)
    texts, x = packed()
    state = tuple(torch.rand(4, 5, HIDDEN).double() + 0.5 for _ in CELLS[name].states)
    given = [x, *(s.requires_grad_() for s in state)]
    begin = state if len(state) > 1 else state[0]
    assert_same(results(compiled(layer), texts, given, begin), results(layer, texts, given, begin))


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("batch_first", [False, True])
def test_it_is_torchs_layer(kind: str, batch_first: bool, dtype: torch.dtype, tolerance: float) -> None:
    torch.manual_seed(0)
    layer = getattr(nn, kind)(INPUT, HIDDEN, batch_first=batch_first, **SHAPES).to(dtype)
    fast = compiled(layer)
    texts, x = packed(dtype=dtype)
    assert_same(results(fast, texts, [x]), results(layer, texts, [x]), tolerance)
    assert_same(results(fast, x, [x]), results(layer, x, [x]), tolerance)
    output, _ = fast(x)
    assert output.shape == layer(x)[0].shape


def test_dropout_between_layers_draws_what_torchs_layer_draws() -> None:
    torch.manual_seed(0)
    layer = nn.LSTM(INPUT, HIDDEN, dropout=0.5, **SHAPES).double()
    fast, (texts, x) = compiled(layer), packed()
    found = []
    for one in (fast, layer):
        torch.manual_seed(7)
        found.append(results(one, texts, [x]))
    assert_same(*found)
    evaluated = compiled(layer.eval())(texts)[0].data
    torch.testing.assert_close(evaluated, layer(texts)[0].data, rtol=0, atol=1e-13)
    assert (evaluated - found[0]["output"]).abs().max() > 1e-2


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("cell", [LSTM(), GRU(reset_after=False), Everything()], ids=lambda cell: cell.name)
def test_operator_and_gradients_pass_torchs_own_checks(cell: Cell, reverse: bool) -> None:
    layer = made(cell)
    fast, sizes = compiled(layer), torch.tensor([3, 2, 2])
    parameters = list(layers_of(cell, fast)[0][0].parameters.values())
    rows = torch.randn(7, INPUT).double().requires_grad_()
    initial = [torch.randn(3, HIDDEN).double().requires_grad_() for _ in cell.states]
    key = fast.scan.key  # type: ignore[attr-defined]
    arguments = (rows, sizes, initial, parameters, key, reverse)
    torch.library.opcheck(torch.ops.rnnlab.scan.default, arguments)

    def scanned(rows: Tensor, *others: Tensor) -> tuple[Tensor, ...]:
        states, given = others[: len(initial)], others[len(initial) :]
        found = torch.ops.rnnlab.scan(rows, sizes, list(states), list(given), key, reverse)
        return tuple(found[: 1 + len(initial)])

    assert torch.autograd.gradcheck(scanned, (rows, *initial, *parameters))


def test_several_passes_before_the_way_back_do_not_disturb_each_other() -> None:
    layer = made(LSTM(), **SHAPES)
    fast, expected = compiled(layer), []
    inputs = [packed(seed) for seed in range(3)]
    for texts, x in inputs:
        loss = layer(texts)[0].data.square().sum()
        expected.append(torch.autograd.grad(loss, [x, *layer.parameters()], retain_graph=True))
    losses = [fast(texts)[0].data.square().sum() for texts, _ in inputs]
    for loss, (_, x), right in zip(losses, inputs, expected, strict=True):
        for _ in range(2):
            found = torch.autograd.grad(loss, [x, *layer.parameters()], retain_graph=True)
            torch.testing.assert_close(found, right, rtol=1e-11, atol=1e-12)


def test_threads_have_memory_of_their_own() -> None:
    layer = made(GRU(), **SHAPES)
    fast, found = compiled(layer), {}

    def work(seed: int) -> None:
        texts, x = packed(seed)
        found[seed] = [
            torch.autograd.grad(fast(texts)[0].data.sum(), x, retain_graph=True)[0] for _ in range(20)
        ]

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (1, 1, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(torch.equal(gradient, found[1][0]) for gradient in found[1]) and found[1][0].abs().max() > 0


def test_it_lives_on_the_same_memory_under_the_same_names() -> None:
    layer = nn.LSTM(INPUT, HIDDEN, **SHAPES)
    fast = compiled(layer)
    assert fast.state_dict().keys() == layer.state_dict().keys()
    optimizer = torch.optim.SGD(fast.parameters(), lr=0.1)
    x = torch.randn(4, 2, INPUT)
    before = layer(x)[0].detach()
    fast(x)[0].sum().backward()
    optimizer.step()
    assert (layer(x)[0] - before).abs().max() > 1e-3
    torch.testing.assert_close(fast(x)[0], layer(x)[0], rtol=0, atol=1e-6)


def test_making_one_draws_nothing() -> None:
    layer = nn.GRU(INPUT, HIDDEN)
    torch.manual_seed(3)
    compiled(layer)
    after = torch.rand(3)
    torch.manual_seed(3)
    assert torch.equal(after, torch.rand(3))


def test_its_cell_is_known_and_it_can_be_copied_pickled_and_unrolled() -> None:
    layer = made(Everything())
    fast, x = compiled(layer), torch.randn(4, 2, INPUT).double()
    assert cell_of(fast) is layer.cell
    for other in (copy.deepcopy(fast), pickle.loads(pickle.dumps(fast))):
        torch.testing.assert_close(other(x)[0], layer(x)[0], rtol=0, atol=1e-12)
    (run,) = unroll(layer.cell, fast, x.transpose(0, 1), torch.tensor([4, 4]))
    torch.testing.assert_close(run.hidden[-1], fast(x)[1][0][0], rtol=0, atol=1e-12)


REFUSED: dict[str, tuple[Any, str]] = {
    "no biases": (
        lambda: compiled(nn.LSTM(3, 5, bias=False)),
        "LSTM cannot be compiled: its equations are not ",
    ),
    "another module": (
        lambda: compiled(nn.Linear(3, 5)),
        "Linear cannot be compiled: its equations are not kn",
    ),
    "one text alone": (
        lambda: compiled(nn.RNN(3, 5))(torch.ones(4, 3)),
        "a recurrent layer reads at least one step of one text, (time, batch, 3) or packed; found (4, 3)",
    ),
    "no step": (
        lambda: compiled(nn.RNN(3, 5))(torch.ones(0, 2, 3)),
        "a recurrent layer reads at least one st",
    ),
    "no text": (
        lambda: compiled(nn.RNN(3, 5))(torch.ones(2, 0, 3)),
        "a recurrent layer reads at least one st",
    ),
    "another width": (
        lambda: compiled(nn.RNN(3, 5))(torch.ones(2, 1, 4)),
        "a compiled layer of 3 inputs: found vectors of 4",
    ),
    "half": (
        lambda: compiled(nn.RNN(3, 5).half())(torch.ones(2, 1, 3).half()),
        "a compiled layer is of float32 or float64 throughout; the input is float16",
    ),
    "mixed": (
        lambda: compiled(nn.RNN(3, 5))(torch.ones(2, 1, 3).double()),
        "a compiled layer is of float32 or float64 throughout; a parameter is float32",
    ),
    "another device": (
        lambda: compiled(nn.RNN(3, 5))(torch.ones(2, 1, 3, device="meta")),
        "a compiled layer computes on the CPU; the input is on meta",
    ),
    "a state": (
        lambda: compiled(nn.RNN(3, 5))(torch.ones(2, 1, 3), torch.ones(1, 1, 4)),
        "the initial state h of a run: expected shape (1, 5), found (1, 4)",
    ),
}


@pytest.mark.parametrize(("call", "line"), REFUSED.values(), ids=REFUSED)
def test_what_it_cannot_do_is_refused_in_a_line(call: Any, line: str) -> None:
    with pytest.raises(InputError) as refusal:
        call()
    assert str(refusal.value).startswith(line) and "\n" not in str(refusal.value)


def test_a_gradient_of_a_gradient_is_refused_in_a_line() -> None:
    layer = made(LSTM())
    x = torch.randn(4, 2, INPUT).double().requires_grad_()
    (gradient,) = torch.autograd.grad(compiled(layer)(x)[0].sum(), x, create_graph=True)
    with pytest.raises(NotImplementedError, match=r"^a compiled layer has first derivatives alone; [^\n]*$"):
        gradient.square().sum().backward()


@pytest.mark.parametrize("name", CELLS)
def test_every_cells_derived_gradients_are_finite_differences(name: str) -> None:
    torch.manual_seed(0)
    fast = compiled(RecurrentLayer(CELLS[name], 2, 2, bidirectional=True).double())
    x = torch.randn(3, 2, 2).double().requires_grad_()

    def outputs(x: Tensor, *_: Tensor) -> tuple[Tensor, ...]:
        output, final = fast(x)
        return output, *states_of(final)

    assert torch.autograd.gradcheck(outputs, (x, *fast.parameters()))


FIVE_LINES = """
from rnnlab.cells import Cell, sigmoid, tanh


class Five(Cell):
    gates = ("keep", "new")

    def step(self, x, h, state, own, mix):
        f = sigmoid(x.keep + h.keep)
        return (f * state.h + (1 - f) * tanh(x.new + h.new),), {}
"""


def test_a_cell_of_five_lines_from_ones_own_file_is_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "five_lines.py").write_text(FIVE_LINES)
    monkeypatch.chdir(tmp_path)
    use_modules(["five_lines"])
    cell = cell_of_choice("five_lines.Five")
    assert type(cell).__module__ == "five_lines" and cell.step_back is None
    layer, (texts, x) = made(cell, **SHAPES), packed()
    assert_same(results(compiled(layer), texts, [x]), results(layer, texts, [x]))
    fast, rows = compiled(made(cell)), torch.randn(3, 2, INPUT).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x, *_: fast(x), (rows, *fast.parameters()))
