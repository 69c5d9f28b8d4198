"""The gradient check agrees where the engine is right, and catches every historic bug."""

import pytest
import typer
from typer.testing import CliRunner

from rnnlab.cells import shipped_cells
from rnnlab.cli.gradcheck import gradcheck
from rnnlab.core.errors import InputError
from rnnlab.probes.gradcheck import LIMIT, check_cell, check_losses
from rnnlab.scratch import LSTM
from rnnlab.scratch.bugs import BUGS

pytestmark = pytest.mark.unchecked_types

CELLS = {name: cell() for name, cell in shipped_cells().items()}
app = typer.Typer()
app.command()(gradcheck)


def run(*words):
    return CliRunner().invoke(app, words, env={"COLUMNS": "160", "NO_COLOR": "1"})


# Cells that write out their way back; and of those whose way back is derived, one with parameters of its own,
# one with a gradient that is always zero, and one with a product in the middle of its step.
CASES = [
    *((model, *case) for model in ("rnn", "lstm", "gru", "mingru") for case in ((1, 1), (4, 2))),
    *((model, 2, 1) for model in ("lru", "slstm", "mgu")),
]


@pytest.mark.parametrize(("model", "hidden_size", "seed"), CASES)
def test_every_parameter_and_gate_agrees(model, hidden_size, seed):
    rows = check_cell(model, CELLS[model], hidden_size=hidden_size, seed=seed)
    cell = CELLS[model]
    assert len(rows) == 5 + sum(len(cell.blocks(name)) or 1 for name in cell.shapes(1, 1))
    assert max(row.finite_differences for row in rows) < LIMIT / 10
    assert max(row.autograd for row in rows) < 1e-10


@pytest.mark.parametrize("pooling", ["mean", "max", "mean_max", "attention"])
def test_every_parameter_agrees_where_states_are_pooled(pooling):
    rows = check_cell("rnn", CELLS["rnn"], hidden_size=2, seed=1, pooling=pooling)
    own = [row.parameter for row in rows if row.parameter.startswith("attention.")]
    assert len(own) == (3 if pooling == "attention" else 0)
    assert max(row.finite_differences for row in rows) < LIMIT / 10
    assert max(row.autograd for row in rows) < 1e-10


def test_losses_agree_with_respect_to_predictions():
    rows = check_losses(seed=1)
    assert len(rows) == 5 and all(row.passed for row in rows)


@pytest.mark.parametrize(("bug", "model"), [(b, m) for b in BUGS for m in BUGS[b].models])
def test_every_historic_bug_is_caught(bug, model):
    rows = check_cell(model, CELLS[model], hidden_size=2, seed=1, bug=bug)
    failed = [row for row in rows if not row.passed]
    assert failed
    assert max(row.autograd for row in failed) > 1e-3  # far from the limit, not a matter of rounding


def test_bugs_stay_in_their_copy():
    check_cell("lstm", CELLS["lstm"], hidden_size=2, seed=1, bug="gate-order")
    assert LSTM.cell_type.__module__ == "rnnlab.cells.lstm"
    assert all(row.passed for row in check_cell("lstm", CELLS["lstm"], hidden_size=2, seed=1))


def test_command_prints_a_table_and_tells_by_its_exit_code():
    good = run("--model", "rnn", "--hidden-size", "2")
    assert good.exit_code == 0
    assert "recurrent.weight_hh_l0" in good.output and "mean_squared_error" in good.output
    assert "14 of 14 rows agree; float64, two-sided differences with step 1e-05" in good.output
    pooled = run("--model", "rnn", "--hidden-size", "2", "--pooling", "attention")
    assert pooled.exit_code == 0 and "17 of 17 rows agree" in pooled.output
    bad = run("--model", "lstm", "--hidden-size", "2", "--break", "tanh-twice")
    assert bad.exit_code == 1
    assert "broken on purpose: tanh applied twice to the cell" in bad.output and "differs" in bad.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--model", "lstn"],
            "--model 'lstn' is not one of cfn, gru, lem, lru, mgu, rnn, lstm, mlstm, slstm, indrnn, mingru, "
            "minlstm, fastgrnn, peephole, all; did you mean 'lstm'?",
        ),
        (["--model", "rnn", "--break", "tanh-twise"], "did you mean 'tanh-twice'?"),
        (
            ["--model", "rnn", "--break", "one-bias"],
            "--break one-bias does not apply to rnn, only to lstm",
        ),
    ],
)
def test_unknown_names_are_input_errors(words, message):
    result = run(*words)
    assert isinstance(result.exception, InputError)
    assert message in str(result.exception)
