"""The numbers that `explain` shows are those that torch gives for the same net, by autograd in float64."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional

from rnnlab.cells import shipped_cells
from rnnlab.core.errors import InputError
from rnnlab.scratch.explain import Table, explain
from rnnlab.workflows.explain import Explanation
from rnnlab.workflows.explain import explain as explain_it
from rnnlab.workflows.explained_net import ExplainedNet, tiny_net, untrained_net

TEXT = "bad at first , good at last"
LENGTH = torch.tensor([7])


def numbers(cell: str) -> NDArray[np.float64]:
    return np.array([float(word) for word in cell.split()])


def titled(tables: list[Table], beginning: str) -> list[Table]:
    return [table for table in tables if table.title.startswith(beginning)]


def walked(net: ExplainedNet, **asked: str | None) -> tuple[list[Table], torch.Tensor, dict[str, Any]]:
    """The tables of TEXT, and of the same net in float64 the logits and the gradients of its loss."""
    (text,) = net.encode([TEXT])
    example = net.example_of_text(text, **{"label": None, "tags": None, **asked})
    model = net.model.double()
    logits = model(torch.from_numpy(example.inputs), LENGTH)
    targets = torch.from_numpy(example.targets)
    if model.every_step:
        loss = functional.cross_entropy(logits[0], targets[0])
    else:
        loss = functional.binary_cross_entropy_with_logits(logits[:, 0], targets.double())
    loss.backward()  # type: ignore[no-untyped-call]
    found = {name: p.grad.numpy() for name, p in model.named_parameters() if p.grad is not None}
    return explain(example, units=50), logits.detach(), {"loss": loss.item(), **found}


def assert_gradients(tables: list[Table], expected: dict[str, Any]) -> None:
    (whole,) = titled(tables, "6.")
    norms = {name: float(norm) for name, norm, _ in whole.rows}
    assert set(norms) == set(expected) - {"loss"}
    for name, norm in norms.items():
        assert norm > 0 and norm == pytest.approx(np.linalg.norm(expected[name]), rel=0.06), name
    for table, suffix in zip(titled(tables, "7."), suffixes(expected), strict=True):
        for name, norm in zip(table.columns[2:], table.rows[-1][2:], strict=True):
            assert norm == f"{np.linalg.norm(expected[f'recurrent.{name}{suffix}']):.1e}"
        assert [row[0] for row in table.rows] == [*map(str, range(1, 8)), "sum"]


def suffixes(expected: dict[str, Any]) -> list[str]:
    start = "recurrent.weight_ih"
    return [name.removeprefix(start) for name in expected if name.startswith(start)]


@pytest.mark.parametrize(
    ("model", "pooling"),
    [
        *((model, None) for model in [*shipped_cells(), "birnn", "bilstm", "bigru"] if model != "boe"),
        *(("rnn", pooling) for pooling in ("mean", "max", "mean_max", "attention")),
        ("bilstm", "attention"),
    ],
)
def test_of_a_text_with_a_class_they_are_autograds(model: str, pooling: Any) -> None:
    net = tiny_net([TEXT], model, pooling=pooling, hidden_size=3, seed=4)
    tables, logits, expected = walked(net, label="neg")
    (tokens,), (head,) = titled(tables, "2."), titled(tables, "4.")
    assert [row[1] for row in tokens.rows] == TEXT.split()
    assert float(head.rows[-1][-1]) == pytest.approx(expected["loss"], abs=1e-5)
    assert numbers(head.rows[-3][-1])[0] == pytest.approx(logits.item(), abs=1e-4)
    assert_gradients(tables, expected)
    backs = titled(tables, "5.")
    assert [row[0] for row in backs[0].rows] == ["7", "6", "5", "4", "3", "2", "1"]
    of_first = sum(numbers(next(row for row in table.rows if row[0] == "1")[-1]) for table in backs)
    expected_first = expected["embedding.weight"][net.vocabulary["bad"]]  # type: ignore[index]
    np.testing.assert_allclose(of_first, expected_first, rtol=0.1, atol=0.02 * np.abs(expected_first).max())


@pytest.mark.parametrize("model", ["rnn", "bilstm"])
def test_of_a_tagger_each_steps_answer_and_loss_are_torchs(model: str) -> None:
    tags = "J P R , J P R"
    net = tiny_net([TEXT], model, tags=tags, hidden_size=3)
    tables, logits, expected = walked(net, tags=tags)
    (answers,) = titled(tables, "4.")
    chances = logits[0].softmax(dim=1)
    for t, (row, tag) in enumerate(zip(answers.rows, tags.split(), strict=True)):
        wanted = chances[t, net.classes.index(tag)]
        np.testing.assert_allclose([float(p) for p in row[2:6]], chances[t], atol=1e-4)
        assert row[6:8] == [net.classes[int(chances[t].argmax())], tag]
        assert float(row[8]) == pytest.approx(wanted.item(), abs=1e-4)
        assert float(row[9]) == pytest.approx(-wanted.log().item(), abs=1e-5)
    assert f"over 7 steps: {expected['loss']:.5f}" in answers.note
    assert_gradients(tables, expected)
    reaches = titled(tables, "8.")
    assert len(reaches) == len(suffixes(expected))
    (matrix, *_) = reaches
    assert matrix.rows[0][2] != "·" and matrix.rows[0][3] == "·"  # the first loss, states still to come
    assert 0 < float(matrix.rows[6][2]) < float(matrix.rows[6][8])


def test_layers_and_directions_have_tables_of_their_own() -> None:
    net = untrained_net(["task=recall", "task.length=7", "model=bilstm", "model.num_layers=2", "seed=3"])
    tables = explain(net.example(2), units=2)
    assert [table.title for table in titled(tables, "3.")] == [
        f"3. forward through time, layer {layer}, {direction}"
        for layer in (1, 2)
        for direction in ("forward", "backward")
    ]
    model = net.model.double()
    inputs, target = net.example(2).inputs, net.example(2).targets
    prediction = model(torch.from_numpy(inputs), LENGTH)
    loss = functional.mse_loss(prediction, torch.from_numpy(target))
    loss.backward()  # type: ignore[no-untyped-call]
    (head,) = titled(tables, "4.")
    assert head.rows[-3][-1].strip() == f"{prediction.item():.4f}"
    assert head.rows[-1][-1].strip() == f"{loss.item():.5f}"
    assert_gradients(tables, {n: p.grad.numpy() for n, p in model.named_parameters()} | {"loss": 0.0})  # type: ignore[union-attr]
    assert " …" in titled(tables, "3.")[0].rows[0][-1]  # 2 of 50 units


def test_a_long_matrix_shows_steps_from_first_to_last() -> None:
    text = " ".join("ab" * 10)
    net = tiny_net([text], tags=" ".join("ab" * 10))
    (encoded,) = net.encode([text])
    (matrix,) = titled(explain(net.example_of_text(encoded, label=None, tags=text)), "8.")
    assert (matrix.columns[2], matrix.columns[-1]) == ("s = 1", "s = 20") and "12 of 20" in matrix.note


def test_padding_marks_what_is_wrong() -> None:
    wanted = Explanation(texts=["a b c d", "a", "b c"], padding=True, tiny={"model": "birnn"})
    batch, forward, backward, last = explain_it(wanted)
    assert batch.rows[1][1:] == ["a <pad> <pad> <pad>", "2 0 0 0", "1"]
    wrong = [[bool(row[-1]) for row in table.rows] for table in (forward, backward)]
    assert wrong[0] == [False] * 5 + [True] * 3 + [False] * 2 + [True] * 2
    assert wrong[1] == [False] * 4 + [True] * 8
    assert [row[:4] for row in forward.rows[4:6]] == [["2", "1", "a", "2"], ["2", "2", "<pad>", "0"]]
    assert "(last)" in forward.rows[4][4] and "(last)" in forward.rows[7][5] and forward.rows[7][4] == "-"
    assert [row[4:] for row in last.rows[:3]] == [
        ["4", "4", "0", "yes"],
        ["1", "4", "3", "no"],
        ["2", "4", "2", "no"],
    ]


def test_a_module_without_equations_pads_but_is_not_walked_through() -> None:
    from rnnlab.experiment.modules import use_modules

    use_modules(["torchrecurrent"])
    wanted = Explanation(tiny={"model": "torchrecurrent.UGRNNCell"})
    with pytest.raises(InputError, match="the equations of UGRNNCell are not known"):
        explain_it(wanted)
    tables = explain_it(Explanation(texts=["a b", "a"], padding=True, tiny=dict(wanted.tiny)))
    assert tables[1].rows[3][-1] == "wrong: reads padding"
