"""What models answer to numbers, and at every step, as plain torch does."""

import pytest
import torch
from torch import Tensor, nn

from rnnlab.models.base import Features
from rnnlab.models.boe import BoE
from rnnlab.models.recurrent import RecurrentModel
from tests.models.torchs import GRU, LSTM, RNN

MODELS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}
BATCH, TIME, WORDS = 3, 5, 7
RAGGED, EQUAL = [5, 2, 3], [5, 5, 5]


def make(name: str, *, numbers: bool, head_size: int | None, every_step: bool) -> RecurrentModel:
    torch.manual_seed(0)
    embedding = Features(4) if numbers else nn.Embedding(WORDS, 4)
    model = MODELS[name](
        embedding=embedding,
        output_size=2,
        hidden_size=6,
        num_layers=2,
        bidirectional=True,
        head_size=head_size,
        every_step=every_step,
    )
    return model.double()  # type: ignore[no-any-return]


def inputs_of(*, numbers: bool) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    if numbers:
        return torch.randn(BATCH, TIME, 4, generator=generator, dtype=torch.float64)
    return torch.randint(1, WORDS, (BATCH, TIME), generator=generator)


def alone(model: RecurrentModel, sequence: Tensor) -> Tensor:
    """One sequence through the model's own layers, without padding or packing."""
    outputs, final = model.recurrent(model.embedding(sequence))
    hidden = final[0] if isinstance(final, tuple) else final
    read = outputs if model.every_step else torch.cat(hidden.unbind(0))
    return model.head.output(read if model.head.hidden is None else model.head.hidden(read).relu())


@pytest.mark.parametrize("every_step", [False, True], ids=["final", "every step"])
@pytest.mark.parametrize("head_size", [None, 3])
@pytest.mark.parametrize("numbers", [False, True], ids=["words", "numbers"])
@pytest.mark.parametrize("lengths", [RAGGED, EQUAL], ids=["ragged", "equal"])
@pytest.mark.parametrize("name", MODELS)
def test_a_batch_is_answered_as_its_sequences_alone(
    name: str, lengths: list[int], numbers: bool, head_size: int | None, every_step: bool
) -> None:
    model, inputs = (
        make(name, numbers=numbers, head_size=head_size, every_step=every_step),
        inputs_of(numbers=numbers),
    )
    logits = model(inputs, torch.tensor(lengths))
    assert logits.shape == ((BATCH, TIME, 2) if every_step else (BATCH, 2))
    for index, length in enumerate(lengths):
        expected = alone(model, inputs[index, :length])
        assert expected.abs().min() > 0
        found = logits[index, :length] if every_step else logits[index]
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("lengths", [RAGGED, EQUAL], ids=["ragged", "equal"])
def test_a_bag_of_numbers_is_their_mean(lengths: list[int]) -> None:
    model, inputs = BoE(embedding=Features(4), output_size=2).double(), inputs_of(numbers=True)
    logits = model(inputs, torch.tensor(lengths))
    for index, length in enumerate(lengths):
        expected = model.head(inputs[index, :length].mean(dim=0))
        torch.testing.assert_close(logits[index], expected, rtol=0, atol=1e-12)
