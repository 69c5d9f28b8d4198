"""The node cases of the ONNX operators RNN, LSTM and GRU, as they ship in the onnx package."""

import importlib
import warnings

import numpy as np
import pytest
from onnx import helper

from rnnlab.cells.peephole import PeepholeLSTM
from rnnlab.scratch import GRU, LSTM, RNN, Layer

OPERATORS = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}
# The blocks of rows in ONNX's order, listed in torch's: LSTM i, o, f, c and GRU z, r, h.
GATE_ROWS = {"RNN": [0], "LSTM": [0, 2, 3, 1], "GRU": [1, 0, 2]}
INPUTS = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")
OUTPUTS = ("Y", "Y_h", "Y_c")
KNOWN_ATTRIBUTES = {"hidden_size", "layout", "direction", "linear_before_reset"}


def collect():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package's own generators overflow on purpose elsewhere
        for operator in OPERATORS:  # importing a module of cases registers them
            importlib.import_module(f"onnx.backend.test.case.node.{operator.lower()}")
        node = importlib.import_module("onnx.backend.test.case.node")
    cases = {case.name: case for case in node._NodeTestCases}
    return {n: c for n, c in cases.items() if c.model.graph.node[0].op_type in OPERATORS}


CASES = collect()


def parameters(operator, W, R, B, P=None):
    def torch_rows(w):
        blocks = np.split(w, len(GATE_ROWS[operator]))
        return np.concatenate([blocks[k] for k in GATE_ROWS[operator]])

    named = {}
    for d, suffix in enumerate(["_l0", "_l0_reverse"][: len(W)]):
        biases = np.split(B[d], 2) if B is not None else [np.zeros(W.shape[1], W.dtype)] * 2
        for name, rows in zip(
            ("weight_ih", "weight_hh", "bias_ih", "bias_hh"), (W[d], R[d], *biases), strict=True
        ):
            named[name + suffix] = torch_rows(rows)
        if P is not None:
            for gate, rows in zip(("input", "output", "forget"), np.split(P[d], 3), strict=True):
                named[f"peephole_{gate}{suffix}"] = rows
    return named


def run(operator, attributes, given):
    x = given["X"]
    states = {"h_0": given.get("initial_h"), "c_0": given.get("initial_c")}
    if attributes.get("layout"):
        x = x.swapaxes(0, 1)
        states = {n: None if s is None else s.swapaxes(0, 1) for n, s in states.items()}
    reverse = attributes.get("direction") == b"reverse"
    assert not (reverse and "sequence_lens" in given), "flipping time is right only without padding"
    options = {"reset_after": bool(attributes.get("linear_before_reset", 0))} if operator == "GRU" else {}
    named = parameters(operator, given["W"], given["R"], given.get("B"), given.get("P"))
    layer = Layer(named, cell=PeepholeLSTM()) if "P" in given else OPERATORS[operator](named, **options)
    forward = layer.forward(x[::-1] if reverse else x, lengths=given.get("sequence_lens"), **states)
    time, batch, _ = x.shape
    y = forward.output.reshape(time, batch, len(given["W"]), -1).swapaxes(1, 2)
    outputs = {"Y": y[::-1] if reverse else y, "Y_h": forward.h_n, "Y_c": forward.c_n}
    if attributes.get("layout"):
        outputs["Y"] = outputs["Y"].transpose(2, 0, 1, 3)
        outputs |= {n: s.swapaxes(0, 1) for n, s in outputs.items() if n != "Y" and s is not None}
    return outputs


@pytest.mark.parametrize("name", sorted(CASES))
def test_node_case(name):
    node = CASES[name].model.graph.node[0]
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    assert set(attributes) <= KNOWN_ATTRIBUTES
    inputs, expected = CASES[name].data_sets[0]
    present = [key for key, used in zip(INPUTS, node.input, strict=False) if used]
    outputs = run(node.op_type, attributes, dict(zip(present, inputs, strict=True)))
    wanted = [key for key, used in zip(OUTPUTS, node.output, strict=False) if used]
    for key, reference in zip(wanted, expected, strict=True):
        assert np.linalg.norm(reference) > 0
        np.testing.assert_allclose(outputs[key], reference, rtol=1e-5, atol=1e-6, err_msg=key)


def test_the_package_has_cases_for_all_three_operators():
    found = {case.model.graph.node[0].op_type for case in CASES.values()}
    assert found == set(OPERATORS) and len(CASES) >= 15
    assert "test_lstm_with_peepholes" in CASES
