"""`rnnlab check`: a student's file against the engine, and what a slip looks like."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from rnnlab.core.errors import InputError
from rnnlab.scratch.exercise.cases import CASES
from rnnlab.scratch.exercise.judge import is_there, judge_all
from rnnlab.workflows.check import check_exercise
from tests.conftest import Outcome

EXERCISES = Path(__file__).parents[1] / "scratch" / "exercises"
COURSE, BATCH = ((EXERCISES / f"{name}.py").read_text() for name in ("course", "batch"))
SLIPS = [
    (
        COURSE,
        "np.dot(recurrent_weights, prev_hidden)",
        "np.dot(prev_hidden, recurrent_weights)",
        "recurrent_linear",
        "transposed weights",
    ),
    (
        COURSE,
        "np.dot(np.transpose(recurrent_weights), delta)",
        "np.dot(recurrent_weights, delta)",
        "get_prev_delta",
        "transposed weights",
    ),
    (
        COURSE,
        "z = linear(input_weights, insert_bias(current_values))",
        "z = linear(input_weights[:, 1:], current_values)",
        "recurrent_linear",
        "forgotten bias",
    ),
    (
        COURSE,
        "    return back * activation_derivative(prev_hidden)",
        "    return back",
        "get_prev_delta",
        "slope is left out",
    ),
    (
        COURSE,
        "return 1 - output**2",
        "return 1 - np.tanh(output) ** 2",
        "tanh_derivative",
        "at the pre-activation",
    ),
    (
        COURSE,
        "return activation_function(recurrent_linear(",
        "return (lambda z: activation_function(activation_function(z)))(recurrent_linear(",
        "get_hidden",
        "applied twice",
    ),
    (
        COURSE,
        "for t in range(len(values_list) - 1, 0, -1):\n",
        "for t in range(len(values_list) - 1, 0, -1):\n        if t == len(values_list) - 1:\n"
        "            back = (delta, recurrent_weights, prev_hidden_list[t - 1])\n"
        "            delta = get_prev_delta(*back, activation_derivative)\n            continue\n",
        "get_overall_weights_gradients",
        "last step's term is missing",
    ),
    (
        COURSE,
        "return of_input, of_recurrent\n\n\ndef recurrent_classifier_backward",
        "n = len(values_list)\n    return of_input / n, of_recurrent / n\n\n\n"
        "def recurrent_classifier_backward",
        "get_overall_weights_gradients",
        "mean stands for the sum",
    ),
    (
        COURSE,
        "of_recurrent += step_recurrent",
        "of_recurrent += 2 * step_recurrent",
        "get_overall_weights_gradients",
        "accumulated twice",
    ),
    (
        COURSE,
        "return total / len(samples)",
        "return total",
        "recurrent_classifier_loss",
        "sum stands for the mean",
    ),
    (
        COURSE,
        "return hidden_list, logistic_layer(hidden_list[-1], output_weights)",
        "return logistic_layer(hidden_list[-1], output_weights), hidden_list",
        "recurrent_classifier_forward",
        "",
    ),
    (
        BATCH,
        "return sigmoid(o) * np.tanh(c), c",
        "return sigmoid(o) * np.tanh(np.tanh(c)), c",
        "lstm_step_forward",
        "applied twice",
    ),
    (BATCH, "i, f, o, g = np.split", "i, f, g, o = np.split", "lstm_step_forward", "another order"),
    (BATCH, "prev_h @ Wh + bh)", "prev_h @ Wh.T + bh)", "rnn_step_forward", "transposed weights"),
    (BATCH, "return h @ Wo + bo", "return h @ Wo", "make_predictions", "forgotten bias"),
]


@pytest.mark.parametrize("text", [COURSE, BATCH], ids=["course", "batch"])
def test_a_right_file_is_right(text: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text)
    found = check_exercise(file)
    assert found.notation == ("course" if text is COURSE else "batch")
    assert len(found.verdicts) >= 4 and not found.wrong
    assert found.verdict.startswith(f"all {len(found.verdicts)} functions are right")


@pytest.mark.parametrize("notation", ["course", "batch", "layers", "memory"])
def test_the_engines_own_notations_are_right(notation: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(f"from rnnlab.scratch.{notation} import *\n")
    found = check_exercise(file, notation)
    assert not found.missing and not found.wrong


@pytest.mark.unchecked_types  # a student's functions take and return what they like
@pytest.mark.parametrize(("text", "right", "slip", "function", "name"), SLIPS)
def test_a_slip_is_found_and_named(text: str, right: str, slip: str, function: str, name: str) -> None:
    assert text.count(right) == 1
    module = ModuleType("mine")
    exec(text.replace(right, slip), vars(module))
    notation = "course" if text is COURSE else "batch"
    names = [name for name in CASES[notation] if is_there(module, name)]
    (wrong,) = (found for found in judge_all(notation, names, module, []) if found["wrong"] is not None)
    assert wrong["name"] == function and wrong["equation"]
    assert name in (wrong["slip"] or "")


def test_a_wrong_class_is_replaced_for_those_that_use_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "import numpy as np\nfrom rnnlab.scratch import layers\n"
        "class RNNCell(layers.RNNCell):\n"
        "    def forward(self, x_t, h_prev):\n        return np.tanh(super().forward(x_t, h_prev))\n"
        "class RNN:\n    def __init__(self, input_size, hidden_size, num_layers=2):\n"
        "        sizes = [input_size] + [hidden_size] * (num_layers - 1)\n"
        "        self.layers = [RNNCell(size, hidden_size) for size in sizes]\n"
        "    def forward(self, x, h_0):\n        h, output = list(h_0), []\n"
        "        for t in range(x.shape[1]):\n            below = x[:, t]\n"
        "            for k, cell in enumerate(self.layers):\n"
        "                below = h[k] = cell.forward(below, h[k])\n            output.append(below)\n"
        "        return np.stack(output, axis=1), np.stack(h)\n"
    )
    found = check_exercise(file, "layers")
    assert [(verdict.name, verdict.slip) for verdict in found.wrong] == [
        ("RNNCell.forward", "the activation is applied twice")
    ]
    assert len(found.verdicts) == 3 and found.missing == ["RNN.backward"]


@pytest.mark.slow
def test_hanging_writing_and_exiting_are_survived(tmp_path: Path) -> None:
    target = tmp_path / "written.txt"
    file = tmp_path / "mine.py"
    file.write_text(
        "import os, sys\nimport numpy as np\n"
        "def linear(weights, values):\n    while True: pass\n"
        f"def insert_bias(values):\n    open({str(target)!r}, 'w').write('x')\n"
        "def sigmoid(z):\n    os._exit(0)\n"
        "def tanh(z):\n    sys.exit(1)\n"
        "def relu(z):\n    import socket\n    socket.create_connection(('127.0.0.1', 9))\n"
        "def tanh_derivative(h):\n    return 1 - h**2\n"
    )
    found = {verdict.name: verdict.wrong for verdict in check_exercise(file, seconds=2).verdicts}
    assert found["linear"] == "does not return within 2 seconds"
    assert found["insert_bias"] == f"raises PermissionError: a file is written: {target}"
    assert found["sigmoid"] == "ends the process"
    assert found["tanh"] == "raises SystemExit: 1"
    assert "PermissionError: socket." in str(found["relu"])
    assert found["tanh_derivative"] is None
    assert sorted(tmp_path.iterdir()) == [file]


def test_the_command_names_the_slip_when_asked(call: Callable[..., Outcome], tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(BATCH.replace("return h @ Wo + bo", "return h @ Wo"))
    lines = call("check", "mine.py").out.splitlines()
    assert {line.split()[1]: line.split()[3] for line in lines if "forward" in line or "make" in line} == {
        "rnn_step_forward": "right",
        "rnn_forward": "right",
        "lstm_step_forward": "right",
        "make_predictions": "wrong",
    }
    plain, hinted = call("check", "mine.py"), call("check", "mine.py", "--hints")
    assert plain.code == hinted.code == 1
    assert "make_predictions" in plain.out and "wrong" in plain.out and "(38)" in plain.out
    assert "forgotten bias" in hinted.out and "forgotten bias" not in plain.out
    assert "1 of 4 functions wrong (notation batch; 2 more of it are not in the file)" in plain.out


@pytest.mark.parametrize(
    ("text", "notation", "message"),
    [
        ("x = 1\n", None, "no function of an exercise by name"),
        ("def f(:\n", None, "invalid syntax"),
        ("class RNN: pass\n", None, "its names are those of layers and memory; say --notation NAME"),
        ("def linear(w, v): pass\n", "curse", "--notation curse: expected one of .*did you mean 'course'"),
        ("def linear(w, v): pass\n", "memory", "no function of the notation memory"),
        ("import nothing_of_the_kind\ndef linear(w, v): pass\n", None, "ModuleNotFoundError"),
    ],
)
def test_a_file_that_cannot_be_checked_is_named(
    text: str, notation: str | None, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        check_exercise(file, notation)
