"""The states beside each other are those that torch's own layers give of a packed batch and a padded one."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnnlab.core.errors import InputError
from rnnlab.models.recurrent import RecurrentModel
from rnnlab.probes.padding import padded_ids, padding_summary, padding_table
from tests.models.torchs import LSTM, RNN
from tests.probes.nets import EMBEDDING_DIM, WORDS, encoded, make_net

TEXTS = [encoded(3, 1, 4, 1, 5), encoded(9), encoded(2, 6)]
LENGTHS = torch.tensor([5, 1, 2])
SETTINGS: dict[str, Any] = {
    "rnn": {},
    "lstm": {},
    "birnn": {"bidirectional": True},
    "two layers": {"bidirectional": True, "num_layers": 2},
}


def net_of(name: str) -> RecurrentModel:
    torch.manual_seed(3)
    make = LSTM if name == "lstm" else RNN
    embedding = nn.Embedding(WORDS, EMBEDDING_DIM, padding_idx=0)
    return make(embedding=embedding, output_size=1, hidden_size=4, head_size=None, **SETTINGS[name])


@pytest.mark.parametrize("name", SETTINGS)
def test_states_are_those_of_torchs_layer(name: str) -> None:
    model = net_of(name)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    table = padding_table(model, TEXTS, units=4)
    model = model.double()
    x = model.embedding(torch.from_numpy(padded_ids(TEXTS)))
    with torch.no_grad():
        output, last = model.recurrent(pack_padded_sequence(x.detach(), LENGTHS, True, enforce_sorted=False))
        packed = pad_packed_sequence(output, batch_first=True)[0].numpy()
        output, last_padded = model.recurrent(x.detach().transpose(0, 1))
        padded = output.transpose(0, 1).numpy()
    assert all(torch.equal(before[key], value.float()) for key, value in model.state_dict().items())
    top = table[table["layer"] == model.recurrent.num_layers]
    assert np.abs(padded - packed).max() > 0.01
    for direction, of_direction in top.groupby("direction"):
        units = slice(0, 4) if direction == "forward" else slice(4, 8)
        for _, row in of_direction.iterrows():
            at = row["text"] - 1, row["step"] - 1
            np.testing.assert_allclose(row["state_padded"], padded[at][units], atol=1e-12)
            if row["is_padding"]:
                assert row["state_packed"] is None and row["differs"] and np.isnan(row["difference"])
                continue
            np.testing.assert_allclose(row["state_packed"], packed[at][units], atol=1e-12)
            largest = np.abs(packed[at][units] - padded[at][units]).max()
            assert row["difference"] == pytest.approx(largest, abs=1e-12)
            assert row["differs"] == (largest > 1e-9)
    finals = [h[0] if isinstance(h, tuple) else h for h in (last, last_padded)]
    ends = table[(table["text"] == 2) & table["last_packed"]]["state_packed"]
    np.testing.assert_allclose(np.stack(list(ends)), finals[0][:, 1].numpy(), atol=1e-12)
    ends = table[(table["text"] == 2) & table["last_padded"]]["state_padded"]
    np.testing.assert_allclose(np.stack(list(ends)), finals[1][:, 1].numpy(), atol=1e-12)


def test_what_is_wrong_is_after_the_end_and_in_reverse_all_of_a_short_text() -> None:
    table = padding_table(net_of("birnn"), TEXTS)
    assert table["word"].tolist()[5:10] == ["w9", "<pad>", "<pad>", "<pad>", "<pad>"]
    assert table["id"].tolist()[:6] == [3, 1, 4, 1, 5, 9] and len(table["state_padded"][0]) == 3
    wrong = table.groupby(["direction", "text"])["differs"].apply(list)
    assert wrong["forward"].tolist() == [[False] * 5, [False] + [True] * 4, [False] * 2 + [True] * 3]
    assert wrong["backward"].tolist() == [[False] * 5, [True] * 5, [True] * 5]
    summary = padding_summary(table).set_index(["direction", "text"])
    assert summary["last_packed"].tolist() == [5, 1, 2, 1, 1, 1]
    assert summary["last_padded"].tolist() == [5, 5, 5, 1, 1, 1]
    assert summary["agree"].tolist() == [True, False, False] * 2
    assert (
        summary["wrong_steps"].tolist() == [0, 4, 3, 0, 5, 5] and summary["words"].tolist() == [5, 1, 2] * 2
    )


def test_a_bag_has_no_state_to_spoil() -> None:
    with pytest.raises(InputError, match="BoE carries no state from step to step"):
        padding_table(make_net("boe"), TEXTS)
