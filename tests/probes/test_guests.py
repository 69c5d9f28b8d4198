"""Modules of anybody's under the probes: what they find is the module's own, and what they cannot is said."""

from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch
import torchrecurrent
from torch import Tensor, nn

from rnnlab.core.errors import InputError
from rnnlab.models.make import make_model
from rnnlab.models.recurrent import RecurrentModel
from rnnlab.models.unroll import unroll
from rnnlab.probes.gradients import Gradients
from rnnlab.probes.graph import unrolled
from rnnlab.probes.health import Health
from rnnlab.probes.positions import Positions
from rnnlab.probes.prediction import trace
from rnnlab.probes.through_time import ThroughTime
from rnnlab.probes.weights import parameter_table
from rnnlab.training.scratch_engine import make_net
from tests.probes.nets import EMBEDDING_DIM, WORDS, encoded
from tests.probes.probe_inputs import probe_input_for, random_split, take_steps

CELLS = sorted(
    name
    for name, found in vars(torchrecurrent).items()
    if isinstance(found, type) and issubclass(found, nn.Module) and name.endswith("Cell")
)
REFUSED = {
    "IntersectionRNNCell": "requires input_size == hidden_size",
    "MCLSTMCell": "can be called neither as nn.LSTMCell is",
    "TLSTMCell": "can be called neither as nn.LSTMCell is",
}


def model_of(module_class: type[nn.Module], **settings: Any) -> RecurrentModel:
    torch.manual_seed(0)
    embedding = nn.Embedding(WORDS, EMBEDDING_DIM)
    model = make_model(module_class, {"hidden_size": 4, **settings}, embedding=embedding, output_size=1)
    assert isinstance(model, RecurrentModel)
    return model


def test_there_are_as_many_cells_as_were_tried() -> None:
    assert len(CELLS) == 41 and set(REFUSED) < set(CELLS)


@pytest.mark.parametrize("name", CELLS)
def test_every_published_cell_is_probed_or_refused_in_a_line(name: str) -> None:
    module_class = getattr(torchrecurrent, name)
    if name in REFUSED:
        with pytest.raises(InputError, match=REFUSED[name]) as error:
            model_of(module_class)
        assert name in str(error.value) and "\n" not in str(error.value)
        return
    model = model_of(module_class)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    take_steps(model, optimizer)
    split = random_split(8)
    probe_input = probe_input_for(model, split, optimizer)
    (batch,) = split.batches(split.by_length(), len(split))
    double = deepcopy(model).double().eval()
    together = double(batch.inputs, batch.lengths)
    alone = [double(x[None, :n], n[None]) for x, n in zip(batch.inputs, batch.lengths, strict=True)]
    assert together.std() > 1e-6
    torch.testing.assert_close(together, torch.cat(alone), rtol=0, atol=1e-12)
    found = ThroughTime(examples=8).measure(probe_input)
    hidden = found[found["path"] == "hidden"]
    assert hidden["jacobian_median"].iloc[0] == pytest.approx(1) and hidden["gradient_median"].iloc[0] > 0
    assert hidden["predicted"].isna().all() and np.isfinite(hidden["gradient_median"]).all()
    health = Health(examples=8).measure(probe_input)
    assert np.isfinite(health["gradient_norm"]).all() and health["saturated_share"].isna().all()
    assert Gradients().measure(probe_input)["newpos_norm"].iloc[-1] > 0
    assert Positions((0.0, 1.0)).measure(probe_input)["accuracy"].between(0, 1).all()
    assert len(trace(model, encoded(1, 2, 3), device="cpu")) == 3
    assert parameter_table(model)["spectral_radius"].isna().all()


@pytest.mark.parametrize(
    "settings", [{}, {"num_layers": 2, "bidirectional": True}, {"pooling": "mean"}], ids=str
)
def test_gradients_and_jacobians_of_a_guest_are_those_of_the_same_equations(settings: dict[str, Any]) -> None:
    """A GRU has one state, of which torch's cell and this lab's say the same."""
    guest = model_of(nn.GRUCell, **settings)
    layers, both = settings.get("num_layers", 1), settings.get("bidirectional", False)
    layer = nn.GRU(EMBEDDING_DIM, 4, layers, bidirectional=both)
    known = RecurrentModel(
        embedding=guest.embedding,
        recurrent=layer,
        head_size=20,
        output_size=1,
        dropout=0.0,
        pooling=settings.get("pooling", "last"),
    )
    known.head = guest.head
    for cell, weights in zip(guest.recurrent.cells, layer.all_weights, strict=True):
        for own, theirs in zip(cell.parameters(), weights, strict=True):
            theirs.data = own.data
    tables = [ThroughTime().measure(probe_input_for(model, random_split())) for model in (guest, known)]
    for column in ("gradient_median", "gradient_q1", "jacobian_median", "jacobian_q3", "gradient_half_life"):
        expected = tables[1][tables[1]["path"] == "hidden"][column].to_numpy()
        assert np.nanmax(expected) > 0
        np.testing.assert_allclose(tables[0][column], expected, rtol=1e-9)
    assert list(tables[0]["layer"]) == list(tables[1][tables[1]["path"] == "hidden"]["layer"])


@pytest.mark.parametrize("fused", [True, False], ids=["fused", "written out"])
def test_a_derivative_with_respect_to_a_state_leaves_the_others_as_they_are(fused: bool) -> None:
    """However the cell is made: of torch's fused one the graph does not show that h comes from c."""

    class Written(nn.LSTMCell):
        def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Tensor]:
            h, c = (x.new_zeros(len(x), 4),) * 2 if state is None else state
            a = x @ self.weight_ih.T + self.bias_ih + h @ self.weight_hh.T + self.bias_hh
            i, f, g, o = a.chunk(4, dim=1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            return o.sigmoid() * c.tanh(), c

    model = model_of(nn.LSTMCell if fused else Written).double()
    vectors = torch.randn(
        3, 6, EMBEDDING_DIM, dtype=torch.float64, generator=torch.Generator().manual_seed(1)
    )
    lengths = torch.tensor([6, 3, 5])
    (of_run,) = unroll(None, model.recurrent, vectors, lengths)
    h, c = of_run.states["h"], of_run.states["state_2"]
    loss = h[-1].square().sum()
    found = torch.autograd.grad(loss, [h[-3], c[-3]], retain_graph=True)
    for text, length in enumerate(lengths.tolist()):
        cell, step = model.recurrent.cells[0], length - 3
        state = None
        for x in vectors[text, : step + 1]:
            state = cell(x[None], state)
        state = tuple(s.detach().requires_grad_() for s in state)
        last = state
        for x in vectors[text, step + 1 : length]:
            last = cell(x[None], last)
        expected = torch.autograd.grad(last[0].square().sum(), state)
        for a, b in zip(found, expected, strict=True):
            assert b.norm() > 1e-4
            torch.testing.assert_close(a[text], b[0], rtol=1e-10, atol=1e-14)


class Once(nn.GRU):
    """One layer in one direction, whose states can be followed by calls with one step each."""

    def forward(self, x: Tensor, state: Tensor | None = None) -> Any:
        return super().forward(x, state)


class Centred(Once):
    """Looks at the whole sequence before it reads it."""

    def forward(self, x: Tensor, state: Tensor | None = None) -> Any:
        return super().forward(x - x.mean(0), state)


def test_the_states_of_a_layer_are_followed_step_by_step_where_that_is_what_it_does() -> None:
    layer, cell = model_of(Once), model_of(nn.GRUCell)
    cell.embedding, cell.head = layer.embedding, layer.head
    for own, theirs in zip(cell.recurrent.parameters(), layer.recurrent.parameters(), strict=True):
        own.data = theirs.data
    tables = [ThroughTime().measure(probe_input_for(model, random_split())) for model in (layer, cell)]
    assert tables[0]["gradient_median"].max() > 0
    np.testing.assert_allclose(tables[0]["gradient_median"], tables[1]["gradient_median"], rtol=1e-9)
    np.testing.assert_allclose(tables[0]["jacobian_median"], tables[1]["jacobian_median"], rtol=1e-9)
    with pytest.raises(InputError, match="Centred read step by step ends in other states than read at once"):
        ThroughTime().measure(probe_input_for(model_of(Centred), random_split()))
    reason = ThroughTime().not_applicable(probe_input_for(model_of(Once, num_layers=2), random_split()))
    assert reason is not None and reason.startswith("Once is a layer of more than one state per step")


def test_what_needs_equations_says_that_there_are_none() -> None:
    model = model_of(torchrecurrent.LEMCell)
    with pytest.raises(
        InputError, match="the equations of LEMCell are not known, so its graph cannot be drawn"
    ):
        unrolled(model, 3, words=["a", "b", "c"], criterion="binary_cross_entropy")
    with pytest.raises(InputError, match="engine=scratch: the equations of LEMCell are not known"):
        make_net(model)


def test_a_module_that_makes_its_own_zeros_is_probed_in_float64() -> None:
    class Handwritten(nn.Module):
        def __init__(self, input_size: int, hidden_size: int) -> None:
            super().__init__()
            self.hidden_size, self.linear = hidden_size, nn.Linear(input_size + hidden_size, hidden_size)
            self.mask = torch.ones(hidden_size)  # neither a parameter nor a buffer

        def forward(self, x: Tensor, h: Tensor | None = None) -> Tensor:
            h = torch.zeros(x.shape[0], self.hidden_size) if h is None else h
            return torch.tanh(self.linear(torch.cat([x, h], dim=1))) * self.mask

    model = model_of(Handwritten)
    probe_input = probe_input_for(model, random_split())
    assert Gradients().measure(probe_input)["newneg_norm"].iloc[-1] > 0
    assert ThroughTime().measure(probe_input)["gradient_median"].iloc[0] > 0
    assert torch.get_default_dtype() == torch.float32 and model.recurrent.cells[0].mask.dtype == torch.float32
