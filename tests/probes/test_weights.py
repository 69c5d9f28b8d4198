"""Norms, ranges and spectra against formulas that the probe does not use."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from rnnlab.models.boe import BoE
from rnnlab.probes.weights import parameter_table, recurrent_matrices
from tests.models.torchs import GRU, LSTM, RNN


def embedding() -> nn.Embedding:
    torch.manual_seed(3)
    return nn.Embedding(7, 4)


def test_every_parameter_has_a_row_with_its_figures() -> None:
    model = RNN(embedding=embedding(), output_size=1, hidden_size=5, head_size=3)
    table = parameter_table(model).set_index("parameter")
    assert list(table.index) == [name for name, _ in model.named_parameters()]
    for name, parameter in model.named_parameters():
        row, numbers = table.loc[name], [float(number) for number in parameter.detach().flatten()]
        mean = math.fsum(numbers) / len(numbers)
        variance = math.fsum((number - mean) ** 2 for number in numbers) / len(numbers)
        assert row["shape"] == "×".join(str(size) for size in parameter.shape)
        assert row["norm"] == pytest.approx(math.sqrt(math.fsum(n * n for n in numbers)), rel=1e-12)
        assert (row["min"], row["max"]) == (min(numbers), max(numbers))
        assert row["mean"] == pytest.approx(mean, rel=1e-9)
        assert row["std"] == pytest.approx(math.sqrt(variance), rel=1e-9, abs=1e-12)
        assert math.isnan(row["spectral_radius"]) == (name != "recurrent.weight_hh_l0")


def test_spectrum_of_a_known_matrix() -> None:
    # [[0, 4], [-1, 0]] has the eigenvalues ±2i and the singular values 4 and 1.
    model = RNN(embedding=embedding(), output_size=1, hidden_size=2)
    with torch.no_grad():
        model.recurrent.weight_hh_l0.copy_(torch.tensor([[0.0, 4.0], [-1.0, 0.0]]))
    row = parameter_table(model).set_index("parameter").loc["recurrent.weight_hh_l0"]
    assert row["spectral_radius"] == pytest.approx(2.0, abs=1e-12)
    assert row["largest_singular_value"] == pytest.approx(4.0, abs=1e-12)


@pytest.mark.parametrize(
    ("cls", "gates"),
    [(LSTM, ["input", "forget", "cell", "output"]), (GRU, ["reset", "update", "new"])],
)
def test_each_gate_of_each_layer_and_direction_has_its_own_spectrum(
    cls: type[LSTM] | type[GRU], gates: list[str]
) -> None:
    model = cls(embedding=embedding(), output_size=1, hidden_size=4, num_layers=2, bidirectional=True)
    table = parameter_table(model)
    for name in ("weight_hh_l0", "weight_hh_l1_reverse"):
        rows = table[(table["parameter"] == f"recurrent.{name}") & (table["gate"] != "")]
        assert rows["gate"].tolist() == gates
        blocks = getattr(model.recurrent, name).detach().double().chunk(len(gates))
        for block, radius, largest in zip(
            blocks, rows["spectral_radius"], rows["largest_singular_value"], strict=True
        ):
            # Gelfand's formula, and the root of the largest eigenvalue of WᵀW.
            power = torch.linalg.matrix_power(block / radius, 2**14).norm() ** (1 / 2**14)
            assert float(power) == pytest.approx(1.0, abs=2e-3)
            assert largest == pytest.approx(math.sqrt(torch.linalg.eigvalsh(block.T @ block)[-1]), rel=1e-9)
    assert len(recurrent_matrices(model)) == 4


def test_gates_are_in_the_order_in_which_torch_uses_them() -> None:
    # With everything else zero, h_1 = sigmoid(output) tanh(sigmoid(input) tanh(cell)) of a state of ones.
    model = LSTM(embedding=embedding(), output_size=1, hidden_size=1)
    with torch.no_grad():
        for parameter in model.recurrent.parameters():
            parameter.zero_()
        model.recurrent.weight_hh_l0.copy_(torch.tensor([[0.1], [0.2], [0.3], [0.4]]))
    gates = {
        gate: float(block[0, 0])
        for gate, block in recurrent_matrices(model)["recurrent.weight_hh_l0"].items()
    }
    _, (h, c) = model.recurrent(torch.zeros(1, 1, 4), (torch.ones(1, 1, 1), torch.ones(1, 1, 1)))
    gate = {name: 1 / (1 + math.exp(-value)) for name, value in gates.items()}
    cell = gate["forget"] + gate["input"] * math.tanh(gates["cell"])
    assert c.item() == pytest.approx(cell, rel=1e-6)
    assert h.item() == pytest.approx(gate["output"] * math.tanh(cell), rel=1e-6)


def test_a_model_without_recurrence_has_no_spectrum() -> None:
    table = parameter_table(BoE(embedding=embedding(), output_size=1))
    assert len(table) == 5
    assert table["spectral_radius"].isna().all()
    assert np.isfinite(table["norm"]).all()
