"""Through time where states are pooled: the whole derivative at a state, by plain PyTorch text by text."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from rnnlab.models.recurrent import RecurrentModel
from rnnlab.probes.base import ProbeInput
from rnnlab.probes.health import Health
from rnnlab.probes.through_time import ThroughTime
from rnnlab.workflows.through_time import half_lives
from tests.models.torchs import LSTM, RNN
from tests.probes.nets import EMBEDDING_DIM, SIZES, WORDS
from tests.probes.probe_inputs import assert_leaves_no_trace, probe_input_for, random_split

ALL = ThroughTime(examples=1000)
EVERY_POOLING = pytest.mark.parametrize("pooling", ["mean", "max", "mean_max", "attention"])


def probe_input_of(make: Any, pooling: str, **settings: Any) -> ProbeInput:
    torch.manual_seed(1)
    embedding = nn.Embedding(WORDS, EMBEDDING_DIM)
    model = make(embedding=embedding, output_size=1, pooling=pooling, **SIZES, **settings).double()
    if model.attention is not None:
        nn.init.normal_(model.attention.query.weight, std=3)  # or all weights are nearly equal
    return probe_input_for(model, random_split())


def naive_pool(model: Any, states: list[Tensor]) -> Tensor:
    if model.pooling == "mean":
        return torch.stack(states).mean(dim=0)
    if model.pooling == "max":
        return torch.stack(states).max(dim=0).values
    if model.pooling == "mean_max":
        return torch.cat([torch.stack(states).mean(dim=0), torch.stack(states).max(dim=0).values])
    attention = model.attention
    scores = torch.stack([attention.query(torch.tanh(attention.hidden(state)))[0] for state in states])
    return sum(w * s for w, s in zip(scores.softmax(0), states, strict=True))  # type: ignore[return-value]


def loss_of(model: Any, states: list[Tensor], label: int) -> Tensor:
    logit = model.head(naive_pool(model, states))[0]
    return functional.softplus(-logit if label else logit)


def steps_of(model: Any, vectors: Tensor, suffix: str = "") -> list[Tensor]:
    """The states of an RNN, in the order in which it reads."""
    layer, state, states = model.recurrent, torch.zeros(SIZES["hidden_size"]).double(), []
    weights = [getattr(layer, f"{n}_l0{suffix}") for n in ("weight_ih", "bias_ih", "weight_hh", "bias_hh")]
    for x in vectors:
        state = torch.tanh(weights[0] @ x + weights[1] + weights[2] @ state + weights[3])
        states.append(state)
    return states


@EVERY_POOLING
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_states_gradient_is_all_that_comes_back_to_it(bidirectional: bool, pooling: str) -> None:
    probe_input = probe_input_of(RNN, pooling, bidirectional=bidirectional)
    table = ALL.measure(probe_input)
    model, texts = probe_input.model, probe_input.examples
    directions = ("forward", "backward")[: 1 + bidirectional]
    norms = {way: np.full((int(texts.lengths.max()), len(texts)), np.nan) for way in directions}
    for index in range(len(texts)):
        vectors = model.embedding(torch.from_numpy(texts.text(index)).long()).detach()
        readings = [steps_of(model, vectors)]
        by_step = [readings[0]]
        if bidirectional:
            readings.append(steps_of(model, vectors.flip(0), "_reverse"))
            by_step.append(readings[1][::-1])
        states = [torch.cat(of_step) for of_step in zip(*by_step, strict=True)]
        loss = loss_of(model, states, texts.labels[index])
        for way, reading in zip(directions, readings, strict=True):
            gradients = torch.autograd.grad(loss, reading[::-1], retain_graph=True)
            norms[way][: len(reading), index] = [gradient.norm() for gradient in gradients]
    for way, expected in norms.items():
        rows = table[table["direction"] == way]
        assert np.nanmax(expected[-1]) > 0 and rows["pooling"].unique().tolist() == [pooling]
        for column, share in (("gradient_q1", 0.25), ("gradient_median", 0.5), ("gradient_q3", 0.75)):
            quartile = np.nanquantile(expected, share, axis=1)
            np.testing.assert_allclose(rows[column], quartile, rtol=1e-9, atol=1e-15)


@EVERY_POOLING
def test_an_lstms_cells_too_and_its_gates_alone_have_a_jacobian_but_no_gradient(pooling: str) -> None:
    probe_input = probe_input_of(LSTM, pooling)
    table = ALL.measure(probe_input)
    model, texts = probe_input.model, probe_input.examples
    norms = np.full((int(texts.lengths.max()), len(texts)), np.nan)
    layer = model.recurrent
    for index in range(len(texts)):
        h = c = torch.zeros(SIZES["hidden_size"]).double()
        hidden, cells = [], []
        for x in model.embedding(torch.from_numpy(texts.text(index)).long()).detach():
            gates = layer.weight_ih_l0 @ x + layer.bias_ih_l0 + layer.weight_hh_l0 @ h + layer.bias_hh_l0
            i, f, g, o = gates.chunk(4)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
            hidden.append(h)
            cells.append(c)
        gradients = torch.autograd.grad(loss_of(model, hidden, texts.labels[index]), cells[::-1])
        norms[: len(cells), index] = [gradient.norm() for gradient in gradients]
    of_path = dict(iter(table.groupby("path")))
    assert np.nanmin(np.nanmax(norms, axis=1)) > 0
    median = np.nanmedian(norms, axis=1)
    np.testing.assert_allclose(of_path["cell"]["gradient_median"], median, rtol=1e-9, atol=1e-15)
    alone = of_path["cell_only"]
    assert alone["gradient_median"].isna().all() and (alone["jacobian_median"] > 0).all()
    last = ALL.measure(probe_input_of(LSTM, "last"))
    assert "pooling" not in last and last["gradient_median"].notna().all()
    same = table["jacobian_median"] / last["jacobian_median"]  # the layer does not know what is done with it
    np.testing.assert_allclose(same, 1.0, rtol=1e-9)


@EVERY_POOLING
def test_a_torch_cell_is_followed_as_the_lab_s_own(pooling: str) -> None:
    own = probe_input_of(RNN, pooling)
    guest = RecurrentModel.around_module(
        lambda width: nn.RNNCell(width, SIZES["hidden_size"]),
        embedding=own.model.embedding,
        output_size=1,
        head_size=SIZES["head_size"],
        pooling=pooling,  # type: ignore[arg-type]
    ).double()
    renamed = {
        name.replace("recurrent.", "recurrent.cells.0.").replace("_l0", ""): parameter
        for name, parameter in own.model.state_dict().items()
    }
    guest.load_state_dict(renamed)
    expected, found = (
        ALL.measure(probe_input)["gradient_median"]
        for probe_input in (own, probe_input_for(guest, random_split()))
    )
    assert expected.max() > 0
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-15)


def test_a_mean_gives_every_state_a_share_that_no_distance_takes_away() -> None:
    """What the last state alone would tell the first has vanished; its share of the mean has not."""
    ratios = {}
    for pooling in ("last", "mean"):
        probe_input = probe_input_of(RNN, pooling)
        with torch.no_grad():
            probe_input.model.recurrent.weight_hh_l0.mul_(0.01)
        gradients = ALL.measure(probe_input)["gradient_median"]
        ratios[pooling] = gradients.iloc[6] / gradients.iloc[0]
    assert ratios["last"] < 1e-6 and ratios["mean"] > 0.1


def test_the_half_lives_of_pooled_nets_say_how_they_are_pooled() -> None:
    assert half_lives(ALL.measure(probe_input_of(RNN, "max")))["pooling"].tolist() == ["max"]
    assert "pooling" not in half_lives(ALL.measure(probe_input_of(RNN, "last")))


@EVERY_POOLING
def test_saturation_is_that_of_the_layer_however_its_states_are_pooled(pooling: str) -> None:
    shares = [
        Health(examples=1000, saturation=0.3).measure(probe_input_of(RNN, how)).set_index("parameter")
        for how in (pooling, "last")
    ]
    found, expected = (table["saturated_share"]["recurrent.weight_hh_l0"] for table in shares)
    assert 0 < expected < 1 and found == expected


@EVERY_POOLING
def test_looking_leaves_no_trace(pooling: str) -> None:
    assert_leaves_no_trace(ThroughTime(), probe_input_of(RNN, pooling, bidirectional=True).model.float())
