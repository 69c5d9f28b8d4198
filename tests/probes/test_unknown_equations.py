"""What is not known of a model's equations is said in a line, never measured by those of another."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from rnnlab.core.errors import InputError
from rnnlab.models.base import Head, SequenceModel
from rnnlab.models.layer import cell_of
from rnnlab.models.recurrent import RecurrentModel
from rnnlab.probes.gradients import Gradients
from rnnlab.probes.graph import unrolled
from rnnlab.probes.health import Health
from rnnlab.probes.through_time import ThroughTime
from rnnlab.probes.weights import parameter_table
from rnnlab.training.scratch_engine import make_net
from tests.probes.nets import EMBEDDING_DIM, WORDS
from tests.probes.probe_inputs import probe_input_for, random_split


class DoubledGRU(nn.GRU):
    """Has torch's parameters, and a forward of its own."""

    def forward(self, x: Any, state: Any = None) -> Any:
        output, final = super().forward(x, state)
        return output, 2 * final


class FirstState(RecurrentModel):
    """Reads a known layer in a way of its own."""

    def document(self, vectors: Any) -> Tensor:
        return super().document(vectors) ** 2


class Largest(SequenceModel):
    """Neither a bag of embeddings nor recurrent."""

    def __init__(self, embedding: nn.Embedding) -> None:
        super().__init__()
        self.embedding, self.head = embedding, Head(EMBEDDING_DIM, None, 1)

    def document(self, vectors: Any) -> Tensor:
        padded, _ = nn.utils.rnn.pad_packed_sequence(vectors)
        return padded.amax(dim=0)


def around(layer: nn.Module, model: type[RecurrentModel] = RecurrentModel) -> RecurrentModel:
    embedding = nn.Embedding(WORDS, EMBEDDING_DIM)
    return model(embedding=embedding, recurrent=layer, head_size=4, output_size=1, dropout=0.0)


def make(name: str) -> SequenceModel:
    torch.manual_seed(0)
    return {
        "DoubledGRU": lambda: around(DoubledGRU(EMBEDDING_DIM, 6)),
        "FirstState": lambda: around(nn.GRU(EMBEDDING_DIM, 6), FirstState),
        "Largest": lambda: Largest(nn.Embedding(WORDS, EMBEDDING_DIM)),
    }[name]()


UNKNOWN = pytest.mark.parametrize("name", ["DoubledGRU", "FirstState", "Largest"])


@UNKNOWN
def test_states_graph_and_numpy_engine_are_refused_by_the_name_of_what_is_not_known(name: str) -> None:
    model = make(name)
    probe_input = probe_input_for(model, random_split())
    reason = ThroughTime().not_applicable(probe_input)
    assert reason is not None and name in reason and "not known" in reason
    with pytest.raises(InputError, match=f"the equations of {name} are not known"):
        unrolled(model, 3, words=["a", "b", "c"], criterion="binary_cross_entropy")
    with pytest.raises(InputError, match=f"engine=scratch: the equations of {name} are not known"):
        make_net(model)


@UNKNOWN
def test_what_needs_no_equations_is_measured_on_the_model_itself(name: str) -> None:
    model = make(name)
    probe_input = probe_input_for(model, random_split())
    health = Health().measure(probe_input)
    assert health["saturated_share"].isna().all() and (health["gradient_norm"] > 0).all()
    vectors = Gradients().vectors(probe_input)
    weight = model.embedding.weight
    assert weight.shape[1] == vectors["end"].shape[1] and abs(vectors["end"]).max() > 0
    assert parameter_table(model)["spectral_radius"].isna().all() == (name != "FirstState")


def test_gradients_of_a_changed_forward_are_its_own() -> None:
    """With the layer's output doubled the gradient is another than that of torch's equations."""
    changed, plain = make("DoubledGRU"), around(nn.GRU(EMBEDDING_DIM, 6))
    plain.load_state_dict(changed.state_dict())
    of_changed, of_plain = (
        Gradients().vectors(probe_input_for(model, random_split()))["end"] for model in (changed, plain)
    )
    assert abs(of_changed - of_plain).max() > 0.1 * abs(of_plain).max() > 0


@pytest.mark.parametrize(
    "layer",
    [
        nn.LSTM(2, 4, proj_size=3),
        nn.GRU(2, 4, bias=False),
        nn.Linear(2, 2),
        DoubledGRU(2, 4),
    ],
    ids=["projected", "without biases", "no layer", "changed"],
)
def test_only_torchs_very_own_layers_are_known_by_their_class(layer: nn.Module) -> None:
    assert cell_of(layer) is None


@pytest.mark.parametrize(
    ("layer", "name"),
    [(nn.RNN(2, 4, nonlinearity="relu"), "RNN"), (nn.LSTM(2, 4), "LSTM"), (nn.GRU(2, 4, 2), "GRU")],
)
def test_torchs_own_layers_have_the_lab_s_cells(layer: nn.Module, name: str) -> None:
    cell = cell_of(layer)
    assert cell is not None and cell.name == name
    assert getattr(cell, "nonlinearity", "relu") == "relu"
