"""torch's layers over padded texts give what packed ones give: states, logits and every gradient."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from rnnlab.cells import Cell
from rnnlab.cells.gru import GRU
from rnnlab.cells.lstm import LSTM
from rnnlab.cells.mgu import MGU
from rnnlab.cells.rnn import RNN
from rnnlab.models.base import SequenceModel
from rnnlab.models.boe import BoE
from rnnlab.models.padded import PaddedLayer, padded_form, without_padded
from rnnlab.models.recurrent import RecurrentModel

CELLS = {"RNN": RNN, "relu RNN": lambda: RNN(nonlinearity="relu"), "GRU": GRU, "LSTM": LSTM}
TOLERANCE = {torch.float64: (1e-12, 1e-12), torch.float32: (1e-6, 1e-5)}
"""Of outputs and of gradients, relative to the largest."""
WORDS, LENGTHS = 30, [4, 1, 9, 9, 2]


def model_of(cell: Cell, dtype: torch.dtype, **choices: object) -> RecurrentModel:
    torch.manual_seed(3)
    embedding = nn.Embedding(WORDS, 5)
    return RecurrentModel.around(cell, embedding=embedding, output_size=3, hidden_size=6, **choices).to(dtype)


def texts(lengths: list[int]) -> tuple[Tensor, Tensor]:
    ids = torch.randint(1, WORDS, (len(lengths), max(lengths)), generator=torch.Generator().manual_seed(4))
    sizes = torch.tensor(lengths)
    return ids * (torch.arange(ids.shape[1]) < sizes[:, None]), sizes


def outputs_and_gradients(model: SequenceModel, lengths: list[int]) -> tuple[Tensor, dict[str, Tensor]]:
    model.zero_grad()
    logits = model(*texts(lengths))
    weights = torch.randn(logits.shape, generator=torch.Generator().manual_seed(5), dtype=logits.dtype)
    (weights * logits).square().sum().backward()
    return logits.detach(), {
        name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None
    }


def assert_close(found: Tensor, expected: Tensor, tolerance: float, name: str) -> None:
    largest = expected.abs().max()
    assert largest > 0, name
    assert (found - expected).abs().max() <= tolerance * largest, name


def assert_alike(model: RecurrentModel, lengths: list[int]) -> None:
    of_outputs, of_gradients = TOLERANCE[model.head.output.weight.dtype]
    expected, gradients = outputs_and_gradients(model, lengths)
    found, of_padded = outputs_and_gradients(padded_form(model), lengths)
    assert_close(found, expected, of_outputs, "logits")
    by_name = {name.replace("recurrent.layer.", "recurrent."): g for name, g in of_padded.items()}
    assert by_name.keys() == gradients.keys() == dict(model.named_parameters()).keys()
    for name, gradient in gradients.items():
        assert_close(by_name[name], gradient, of_gradients, name)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_every_layer_gives_what_it_gives_packed(
    cell: type[Cell], num_layers: int, bidirectional: bool, dtype: torch.dtype
) -> None:
    assert_alike(model_of(cell(), dtype, num_layers=num_layers, bidirectional=bidirectional), LENGTHS)


@pytest.mark.parametrize("pooling", ["mean", "max", "attention"])
@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_every_pooling_gives_what_it_gives_packed(cell: type[Cell], pooling: str) -> None:
    assert_alike(model_of(cell(), torch.float64, pooling=pooling, bidirectional=True), LENGTHS)


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_answers_at_every_step_are_those_of_packed_texts(cell: type[Cell]) -> None:
    model = model_of(cell(), torch.float64, every_step=True, bidirectional=True)
    assert_alike(model, LENGTHS)
    assert not padded_form(model)(*texts(LENGTHS))[1, 1:].any()  # beyond a text's end


@given(st.lists(st.integers(1, 12), max_size=6))
@settings(max_examples=20, deadline=None)
def test_texts_of_any_lengths_give_what_they_give_packed(lengths: list[int]) -> None:
    assert_alike(model_of(LSTM(), torch.float64, bidirectional=True, num_layers=2), [3, *lengths])


def test_a_text_of_two_thousand_words_beside_one_of_a_single_word() -> None:
    assert_alike(model_of(GRU(), torch.float64), [2000, 1])


def test_the_states_of_a_layer_are_those_of_torch(dtype: torch.dtype = torch.float64) -> None:
    torch.manual_seed(1)
    layer = nn.LSTM(4, 3, 2, bidirectional=True, dtype=dtype)
    vectors = torch.randn(5, 9, 4, dtype=dtype)
    packed = pack_padded_sequence(vectors, torch.tensor(LENGTHS), batch_first=True, enforce_sorted=False)
    states, (final, _) = layer(packed)
    found, found_final = PaddedLayer(layer)(packed)
    assert isinstance(found, PackedSequence)
    torch.testing.assert_close(found.data, states.data, rtol=0, atol=1e-14)
    torch.testing.assert_close(found_final, final, rtol=0, atol=1e-14)


def test_dropout_falls_between_layers_and_before_the_head_only_while_training() -> None:
    model = model_of(GRU(), torch.float64, num_layers=2, dropout=0.5)
    form = padded_form(model)

    def twice() -> tuple[Tensor, Tensor]:
        return form(*texts(LENGTHS)), form(*texts(LENGTHS))

    model.head.eval(), model.dropout.eval()  # so that only dropout between the layers is left
    first, second = twice()
    assert not torch.equal(first, second)
    model.eval()
    torch.testing.assert_close(*twice(), rtol=0, atol=0)
    torch.testing.assert_close(form(*texts(LENGTHS)), model(*texts(LENGTHS)), rtol=0, atol=1e-14)


def test_making_the_form_draws_no_random_number_and_leaves_the_model_as_it_was() -> None:
    model = model_of(LSTM(), torch.float32)
    before, layer = torch.get_rng_state(), model.recurrent
    form = padded_form(model)
    assert torch.equal(torch.get_rng_state(), before)
    assert model.recurrent is layer and form.recurrent.layer is layer and form.embedding is model.embedding


class Own(RecurrentModel):
    """Reads the states in a way of its own."""

    def document(self, vectors):
        return super().document(vectors)


def test_what_has_no_padded_form_says_why() -> None:
    assert without_padded(model_of(LSTM(), torch.float32)) is None
    reasons = {
        "MGU": without_padded(model_of(MGU(), torch.float32)),
        "bag": without_padded(BoE(embedding=nn.Embedding(2, 2), output_size=1)),
        "own": without_padded(
            Own(
                embedding=nn.Embedding(2, 2),
                recurrent=nn.GRU(2, 2),
                head_size=2,
                output_size=1,
                dropout=0.0,
            )
        ),
        "projected": without_padded(
            RecurrentModel(
                embedding=nn.Embedding(2, 2),
                recurrent=nn.LSTM(2, 2, proj_size=1),
                head_size=None,
                output_size=1,
                dropout=0.0,
            )
        ),
    }
    assert reasons == {
        "MGU": "MGU is no layer of torch's own",
        "bag": "BoE has no recurrent layer",
        "own": "Own reads the layer in a way of its own",
        "projected": "its LSTM has projections or no biases",
    }
