from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.autograd.functional import jacobian
from torch.nn import functional

from rnnlab.cells import Cell
from rnnlab.models.layer import cell_of
from rnnlab.models.recurrent import RecurrentModel
from rnnlab.models.unroll import Unrolled, unroll
from rnnlab.probes.base import ProbeInput
from rnnlab.probes.jacobian import exact_norms, lanczos_norms
from rnnlab.probes.through_time import ThroughTime
from tests.models.torchs import LSTM, RNN
from tests.probes.nets import EMBEDDING_DIM, WORDS, make_net
from tests.probes.probe_inputs import assert_leaves_no_trace, probe_input_for, random_split, split_of

TEXTS, STEPS = 2, 6
ALL = ThroughTime(examples=1000)
RECURRENT = ("rnn", "birnn", "lstm", "gru")


def recurrent_net(name: str) -> RecurrentModel:
    model = make_net(name)
    assert isinstance(model, RecurrentModel)
    return model


def vectors() -> Tensor:
    generator = torch.Generator().manual_seed(7)
    return torch.randn(TEXTS, STEPS, EMBEDDING_DIM, generator=generator, dtype=torch.float64)


def repeated(cell: Cell | None, layer: Any, x: Tensor, lengths: list[int]) -> Unrolled:
    """The last direction's states of texts that each stand as often as a state has numbers."""
    return unroll(cell, layer, x.repeat_interleave(6, 0), torch.tensor(lengths).repeat_interleave(6))[-1]


@pytest.mark.parametrize("name", ["rnn", "gru"])
def test_jacobian_norms_are_those_of_the_rest_of_the_reading(name: str) -> None:
    layer, x = recurrent_net(name).recurrent.double(), vectors()
    (reading,) = unroll(cell_of(layer), layer, x, torch.tensor([STEPS] * TEXTS))
    hidden = repeated(cell_of(layer), layer, x, [STEPS] * TEXTS).hidden
    found = exact_norms(hidden[-1], hidden[::-1], 6)
    for distance, text in np.ndindex(STEPS, TEXTS):
        rest = x[text, STEPS - distance :]
        state = reading.hidden[STEPS - 1 - distance][text].detach()
        whole = (
            jacobian(lambda h: layer(rest, h[None])[1][0], state)  # noqa: B023
            if distance
            else torch.eye(6, dtype=torch.float64)
        )
        expected = torch.linalg.svdvals(whole)[0]
        assert expected > 0
        torch.testing.assert_close(found[distance, text], expected, rtol=1e-9, atol=0)


def lstm_layer() -> nn.LSTM:
    torch.manual_seed(2)
    return nn.LSTM(EMBEDDING_DIM, 6).double()


def test_an_lstms_hidden_and_cell_jacobians_are_those_of_the_rest_of_the_reading() -> None:
    """Through the hidden path the cell is held still; through the cell path the hidden state follows it."""
    layer, x = lstm_layer(), vectors()
    (reading,) = unroll(cell_of(layer), layer, x, torch.tensor([STEPS] * TEXTS))
    states = repeated(cell_of(layer), layer, x, [STEPS] * TEXTS).states
    hidden, cell = (exact_norms(of_state[-1], of_state[::-1], 6) for of_state in states.values())
    for distance, text in np.ndindex(STEPS - 1, TEXTS):
        rest = x[text, STEPS - distance - 1 :]
        h, c = (states[-2 - distance][text].detach() for states in (reading.hidden, reading.states["c"]))
        gate = h / c.tanh()

        def of_hidden(h: Tensor, c: Tensor = c, rest: Tensor = rest) -> Tensor:
            return layer(rest, (h[None], c[None]))[1][0][0]

        def of_cell(c: Tensor, gate: Tensor = gate, rest: Tensor = rest) -> Tensor:
            return layer(rest, ((gate * c.tanh())[None], c[None]))[1][1][0]

        for found, function, state in ((hidden, of_hidden, h), (cell, of_cell, c)):
            expected = torch.linalg.svdvals(jacobian(function, state))[0]
            torch.testing.assert_close(found[distance + 1, text], expected, rtol=1e-9, atol=0)


@pytest.mark.parametrize("name", ["rnn", "gru", "lstm"])
def test_lanczos_iteration_agrees_with_the_whole_matrix(name: str) -> None:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(3, 30, EMBEDDING_DIM, generator=generator, dtype=torch.float64)
    net = recurrent_net(name)
    lengths = [30, 12, 1]
    reading = unroll(net.cell, net.recurrent.double(), x, torch.tensor(lengths))[-1]
    six_times = repeated(net.cell, net.recurrent, x, lengths)
    for name_of_state, of_state in reading.states.items():
        states, of_six = of_state[::-1], six_times.states[name_of_state][::-1]
        exact = exact_norms(of_six[0], of_six, 6)
        assert exact[-1, 0] > 0 and not exact[12:, 1].any() and not exact[1:, 2].any()
        torch.testing.assert_close(lanczos_norms(states[0], states), exact, rtol=1e-5, atol=0)


def test_lanczos_iteration_takes_few_passes_and_says_what_overflowed() -> None:
    generator = torch.Generator().manual_seed(2)
    matrices = torch.randn(2, 2, 40, 40, generator=generator, dtype=torch.float64)
    start = torch.zeros(3, 40, dtype=torch.float64, requires_grad=True)
    passes = [0]

    def counted(gradient: Tensor) -> None:
        passes[0] += 1

    start.register_hook(counted)
    middle = torch.stack([start[0] @ matrices[0, 0], start[1] @ matrices[0, 1], start[2] * 1e200])
    final = torch.stack([middle[0] @ matrices[1, 0], middle[1] @ matrices[1, 1], middle[2] * 1e200])
    norms = lanczos_norms(final, [start])
    expected = torch.linalg.matrix_norm(matrices[0] @ matrices[1], ord=2)
    torch.testing.assert_close(norms[0, :2], expected, rtol=1e-5, atol=0)
    assert norms[0, 2] == torch.inf and passes[0] < 40


def test_large_states_get_the_same_figures_at_some_distances() -> None:
    probe_input = probe_input_for(make_net("rnn"), random_split(6, longest=50))
    whole, sparse = (probe.measure(probe_input) for probe in (ALL, ThroughTime(examples=1000, exact_size=2)))
    measured = sparse["jacobian_median"].notna()
    assert measured.sum() == 32 and measured.iloc[0] and measured.iloc[-1]
    np.testing.assert_allclose(
        sparse["jacobian_median"][measured], whole["jacobian_median"][measured], rtol=1e-3
    )
    pd.testing.assert_series_equal(sparse["gradient_median"], whole["gradient_median"])


def reference_gradients(probe_input: ProbeInput) -> NDArray[np.float64]:
    """‖∂L/∂h_{T-d}‖ of every text in row d, by torch's own RNN run a step at a time on one text alone."""
    model = probe_input.model.double()
    texts = probe_input.examples
    norms = np.full((int(texts.lengths.max()), len(texts)), np.nan)
    for index in range(len(texts)):
        states: list[Tensor] = []
        for vector in model.embedding(torch.from_numpy(texts.text(index)).long()):
            before = states[-1] if states else torch.zeros(1, model.recurrent.hidden_size).double()
            states.append(model.recurrent(vector[None], before)[1])
        logit = model.head(states[-1])[0, 0]
        loss = functional.softplus(-logit if texts.labels[index] else logit)
        gradients = torch.autograd.grad(loss, states)
        norms[: len(states), index] = [gradient.norm() for gradient in gradients[::-1]]
    return norms


def test_medians_and_quartiles_of_gradients_are_those_of_texts_read_one_by_one() -> None:
    probe_input = probe_input_for(make_net("rnn"), random_split())
    table = ALL.measure(probe_input)
    expected = reference_gradients(probe_input)
    assert np.nanmin(expected) > 0
    assert table["examples"].tolist() == (~np.isnan(expected)).sum(axis=1).tolist()
    for column, share in (("gradient_q1", 0.25), ("gradient_median", 0.5), ("gradient_q3", 0.75)):
        np.testing.assert_allclose(table[column], np.nanquantile(expected, share, axis=1), rtol=1e-9)


def test_an_lstms_path_through_forget_gates_alone_is_their_product() -> None:
    torch.manual_seed(0)
    model = LSTM(embedding=nn.Embedding(WORDS, EMBEDDING_DIM), output_size=1, hidden_size=5, head_size=4)
    probe_input = probe_input_for(model, split_of([[2, 5, 3, 7], [4, 2, 2, 9]]).take(np.array([0])))
    table = ALL.measure(probe_input).set_index(["path", "distance"])
    double = model.double()
    layer, h, c, gates = double.recurrent, torch.zeros(5).double(), torch.zeros(5).double(), []
    for x in double.embedding(torch.tensor([2, 5, 3, 7])):
        blocks = layer.weight_ih_l0 @ x + layer.bias_ih_l0 + layer.weight_hh_l0 @ h + layer.bias_hh_l0
        i, f, g, o = blocks.split(5)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        gates.append(f.sigmoid().detach())
    arriving = torch.autograd.grad(functional.softplus(double.head(h[None])[0, 0]), c)[0]
    product = torch.ones(5).double()
    for distance in range(4):
        row = table.loc[("cell_only", distance)]
        assert row["jacobian_median"] == pytest.approx(float(product.max()), rel=1e-9)
        assert row["gradient_median"] == pytest.approx(float((arriving * product).norm()), rel=1e-9)
        product = product * gates[-1 - distance]
    mean = float(torch.stack(gates[1:]).mean())
    assert table.loc[("cell", 3), "predicted"] == pytest.approx(mean**3, rel=1e-9)
    assert table.loc["hidden", "predicted"].isna().all()


def test_prediction_is_exact_where_the_net_is_linear() -> None:
    """Positive relu states and W_hh = 0.8 I: every step multiplies by 0.8, whatever the texts."""
    torch.manual_seed(0)
    embedding = nn.Embedding(WORDS, EMBEDDING_DIM)
    model = RNN(embedding=embedding, output_size=1, hidden_size=6, nonlinearity="relu", head_size=4)
    with torch.no_grad():
        model.recurrent.weight_hh_l0.copy_(0.8 * torch.eye(6))
        model.recurrent.bias_ih_l0.fill_(50.0)
    table = ALL.measure(probe_input_for(model, random_split()))
    for column in ("predicted", "predicted_radius", "jacobian_median"):
        np.testing.assert_allclose(table[column], 0.8 ** table["distance"], rtol=1e-6)
    half = np.log(2) / -np.log(0.8)
    np.testing.assert_allclose(table[["gradient_half_life", "jacobian_half_life_high"]], half, rtol=1e-6)
    assert (table["gradient_half_life_r2"] > 1 - 1e-9).all()


@pytest.mark.parametrize(
    ("name", "ways"),
    [
        ("rnn", [(1, "forward", "hidden")]),
        ("birnn", [(1, "forward", "hidden"), (1, "backward", "hidden")]),
        ("lstm", [(n, "forward", path) for n in (1, 2) for path in ("hidden", "cell", "cell_only")]),
        ("gru", [(1, "forward", "hidden")]),
    ],
)
def test_rows_are_by_layer_direction_path_and_distance(name: str, ways: list[tuple[int, str, str]]) -> None:
    table = ThroughTime(examples=1000, distances=5).measure(probe_input_for(make_net(name), random_split()))
    keys = list(table[["layer", "direction", "path", "distance"]].itertuples(index=False, name=None))
    assert keys == [(*way, distance) for way in ways for distance in range(5)]
    jacobians = [table[f"jacobian_{part}"] for part in ("q1", "median", "q3")]
    assert all((low <= high * (1 + 1e-12)).all() for low, high in pairwise(jacobians))
    np.testing.assert_allclose(table["jacobian_median"][table["distance"] == 0], 1.0)


@pytest.mark.parametrize("name", RECURRENT)
def test_looking_leaves_no_trace(name: str) -> None:
    assert_leaves_no_trace(ThroughTime(), make_net(name))
    assert_leaves_no_trace(ThroughTime(exact_size=1), make_net(name))


def test_the_same_texts_and_figures_at_every_look() -> None:
    probe_input = probe_input_for(make_net("gru"), random_split(30))
    tables = [ThroughTime(examples=8, seed=seed).measure(probe_input) for seed in (0, 0, 1)]
    pd.testing.assert_frame_equal(tables[0], tables[1])
    assert tables[0]["examples"].iloc[0] == 8
    assert not np.isclose(tables[0]["gradient_median"].iloc[0], tables[2]["gradient_median"].iloc[0])


def test_texts_of_one_word_have_no_half_life() -> None:
    table = ALL.measure(probe_input_for(make_net("lstm"), split_of([[3], [4]])))
    assert table["gradient_half_life"].isna().all() and (table["gradient_median"] > 0).all()


def test_objects_to_a_model_without_states() -> None:
    assert "BoE carries no state" in str(
        ThroughTime().not_applicable(probe_input_for(make_net("boe"), random_split()))
    )
    assert all(
        ThroughTime().not_applicable(probe_input_for(make_net(name), random_split())) is None
        for name in RECURRENT
    )


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_no_jacobian_exceeds_the_bound_from_the_weights(nonlinearity: str) -> None:
    torch.manual_seed(0)
    embedding = nn.Embedding(WORDS, EMBEDDING_DIM)
    model = RNN(embedding=embedding, output_size=1, hidden_size=6, nonlinearity=nonlinearity)  # type: ignore[arg-type]
    texts = split_of([[1, 2, 3, 4, 5, 6, 7]])  # of one text, the median is its own
    table = ALL.measure(probe_input_for(model, texts))
    assert (table["jacobian_median"] > 0).all() and len(table) == 7
    assert (table["jacobian_median"] <= table["bound"] * (1 + 1e-12)).all()
    layer = model.recurrent
    (reading,) = unroll(
        cell_of(layer), layer.double(), embedding(torch.arange(1, 8)[None]).double(), torch.tensor([7])
    )
    sigma = torch.linalg.svdvals(layer.weight_hh_l0)[0]
    states = torch.stack(reading.hidden)[:, 0]
    slopes = (1 - states**2 if nonlinearity == "tanh" else (states > 0).double()).amax(dim=1)
    expected = [torch.prod(sigma * slopes[7 - distance :]).item() for distance in range(7)]
    np.testing.assert_allclose(table.sort_values("distance")["bound"], expected, rtol=1e-9)


def test_gated_nets_have_no_such_bound() -> None:
    assert ALL.measure(probe_input_for(make_net("gru"), random_split()))["bound"].isna().all()
