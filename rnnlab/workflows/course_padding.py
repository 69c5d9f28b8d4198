"""What padding does to the RNN of the course: where zeros are, and what is read of them without packing."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from rnnlab.core.batch import Batch, Split
from rnnlab.core.metrics import class_probabilities
from rnnlab.data.encoded_text import EncodedText
from rnnlab.data.vocabulary import Vocabulary
from rnnlab.experiment.build import build_plan
from rnnlab.models.base import SequenceModel
from rnnlab.probes.padding import padding_table
from rnnlab.runs.files import BATCHES, PADDING, UNPACKED
from rnnlab.runs.tables import write_table
from rnnlab.workflows.trained_run import TrainedRun

EQUAL = 1e-5  # probabilities of float32 states that differ by less do so by the order of their sums


def padding_examined(folder: Path) -> bool:
    """Returns whether a run's folder has the tables of `examine_padding`."""
    return all((folder / name).is_file() for name in (BATCHES, PADDING, UNPACKED))


def examine_padding(run: TrainedRun) -> None:
    """Writes what padding does to a finished run.

    batches.csv: the length of every text in the batches of the first epoch; padding.csv: every state, with
    packing and without, of the shortest, the middle and the longest text of the first batch; unpacked.csv:
    what the net says of the validation texts with packing and without, in batches as large, in their order.
    """
    assert run.vocabulary is not None
    data = run.task_data
    batches = list(build_plan(run.config, data.train).batches(1))
    write_table(run.folder / BATCHES, batch_lengths(batches))
    states = padding_table(run.model, chosen_texts(batches[0], run.vocabulary))
    for name in ("state_packed", "state_padded"):
        states[name] = [_units(units) for units in states[name]]
    write_table(run.folder / PADDING, states)
    validation, batch_size = data.finite[data.evaluation_split], len(batches[0].lengths)
    write_table(run.folder / UNPACKED, unpacked(run.model, validation, batch_size))


def batch_lengths(batches: Iterable[Batch]) -> pd.DataFrame:
    """Returns `batch` (from 1) and `words` of every text, in the order in which they are read."""
    return pd.DataFrame(
        [(number, int(words)) for number, batch in enumerate(batches, start=1) for words in batch.lengths],
        columns=["batch", "words"],
    )


def chosen_texts(batch: Batch, vocabulary: Vocabulary) -> list[EncodedText]:
    """Returns the shortest, the middle and the longest text of a batch, of few those that there are."""
    order = torch.argsort(batch.lengths, stable=True).tolist()
    texts = []
    for number in dict.fromkeys((order[0], order[len(order) // 2], order[-1])):
        ids = batch.inputs[number, : batch.lengths[number]].numpy().astype(np.int32)
        words = [vocabulary.words[word] for word in ids]
        texts.append(EncodedText(" ".join(words), words, ids))
    return texts


def unpacked(model: SequenceModel, split: Split, batch_size: int) -> pd.DataFrame:
    """Returns what a net makes of padded batches, told where texts end (packed) and not told.

    A row per text: `batch` (from 1), `words`, `longest` (of its batch); `probability_packed` and
    `probability_padded` of the second class; `right_packed` and `right_padded`, whether the class above a
    half is the text's own, 0 or 1; `agree`, whether the probabilities are the same to five digits.
    """
    rows = []
    for number, batch in enumerate(split.batches(np.arange(len(split)), batch_size), start=1):
        longest = batch.inputs.shape[1]
        packed = _probabilities(model, batch, batch.lengths)
        padded = _probabilities(model, batch, torch.full_like(batch.lengths, longest))
        second = batch.targets.numpy() > 0
        rows.append(
            pd.DataFrame(
                {
                    "batch": number,
                    "words": batch.lengths.numpy(),
                    "longest": longest,
                    "probability_packed": packed,
                    "probability_padded": padded,
                    "right_packed": ((packed > 0.5) == second).astype(int),
                    "right_padded": ((padded > 0.5) == second).astype(int),
                    "agree": (np.abs(packed - padded) <= EQUAL).astype(int),
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def _probabilities(model: SequenceModel, batch: Batch, lengths: torch.Tensor) -> NDArray[np.float64]:
    with torch.no_grad():
        logits = model(batch.inputs.to(model.word_vectors.device), lengths)
    return class_probabilities(logits.cpu().numpy().astype(np.float64))[:, 1]


def _units(state: tuple[float, ...] | None) -> str:
    return "" if state is None else " ".join(f"{unit:.4f}" for unit in state)
