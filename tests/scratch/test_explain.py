"""What `explain` prints is what the engine computes."""

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from rnnlab.cells import shipped_cells
from rnnlab.cli.explain import explain as command
from rnnlab.core.errors import InputError
from rnnlab.scratch.explain import explain, explain_padding, make_example

CELLS = {name: cell() for name, cell in shipped_cells().items()}
app = typer.Typer()
app.command()(command)


def run(*words):
    return CliRunner().invoke(app, words, env={"COLUMNS": "160", "NO_COLOR": "1"})


def last(cell):
    return np.array([float(word) for word in cell.split()])


@pytest.mark.parametrize(
    ("model", "pooling"),
    [
        *((model, "last") for model in CELLS),
        *(("rnn", pooling) for pooling in ("mean", "max", "attention")),
        ("lstm", "mean"),
    ],
)
def test_tables_hold_the_engines_numbers(model, pooling):
    text = "bad at first , good at last"
    drawn = {"hidden_size": 3, "seed": 4, "pooling": pooling}
    example = make_example([text], CELLS[model], embedding_dim=2, **drawn)
    tables = explain(text, CELLS[model], label=0, **drawn)
    prediction = example.net.loss_and_gradients(example.ids, None, np.array([0]))
    forward = example.net.recurrent.forward(example.net.parameters["embedding.weight"][example.ids])
    _, tokens, states, head, back, gradients = tables
    assert [row[1] for row in tokens.rows] == text.split()
    np.testing.assert_allclose(last(states.rows[-1][-1]), forward.h_n[0, 0], atol=1e-4)
    assert float(head.rows[-1][-1]) == pytest.approx(prediction.loss, abs=1e-5)
    assert [row[0] for row in back.rows] == ["7", "6", "5", "4", "3", "2", "1"]
    norms = {name: norm for name, norm, _ in gradients.rows}
    for name, gradient in prediction.gradients.items():
        assert np.linalg.norm(gradient) > 0
        assert float(norms[name]) == pytest.approx(np.linalg.norm(gradient), rel=0.06)
    of_first = prediction.gradients["embedding.weight"][example.words.index("bad")]
    np.testing.assert_allclose(last(back.rows[-1][-1]), of_first, rtol=0.06)


@pytest.mark.parametrize("model", CELLS)
def test_padding_spoils_short_texts_without_lengths(model):
    (table,) = explain_padding(["a b c d", "a", "b c"], CELLS[model])
    alone, masked, unmasked, error = zip(*[row[2:] for row in table.rows], strict=True)
    assert masked == alone
    assert unmasked[0] == alone[0] and unmasked[1] != alone[1] and unmasked[2] != alone[2]
    assert float(error[0]) == 0 and float(error[1]) > 0.01 and float(error[2]) > 0.01


def test_no_digit_is_cut_off_where_a_step_keeps_many_values():
    result = CliRunner().invoke(app, ["--model", "slstm", "--text", "it is"], env={"COLUMNS": "80"})
    assert result.exit_code == 0 and "…" not in result.output.replace("x[…]", "").replace("h[…]", "")


def test_command_walks_forward_and_back():
    result = run("--model", "lstm", "--text", "it [was] fine")
    assert result.exit_code == 0
    for words in ("forget gate", "[was]", "loss: -ln", "d loss / d c_t", "recurrent.weight_hh_l0"):
        assert words in result.output
    pooled = run("--pooling", "attention")
    assert "weights: softmax(s)" in pooled.output and "its state's own share" in pooled.output
    padded = run("--padding")
    assert padded.exit_code == 0 and "without" in padded.output and "<pad>" in padded.output


@pytest.mark.parametrize(
    ("words", "message"),
    [(["--model", "lstn"], "did you mean 'lstm'?"), (["--text", "  "], "--text is empty")],
)
def test_bad_input_is_one_line(words, message):
    result = run(*words)
    assert isinstance(result.exception, InputError) and message in str(result.exception)
