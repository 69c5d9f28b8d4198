"""What padding does to a net that is not told where its texts end: every state, with packing and without.

T steps of the longest text, H hidden.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from rnnlab.core.errors import InputError
from rnnlab.data.encoded_text import EncodedText
from rnnlab.data.vocabulary import PAD, PAD_ID
from rnnlab.models.base import SequenceModel
from rnnlab.models.unroll import Unrolled, in_order_of_text, unroll
from rnnlab.probes.base import without_states
from rnnlab.probes.in_float64 import in_float64

EQUAL = 1e-9  # float64 on both sides: what differs by less does so by the order of its sums


def padded_ids(texts: Sequence[EncodedText]) -> NDArray[np.int64]:
    """Returns the batch that a net is given, (texts, longest): ids, and PAD_ID after a text's end."""
    ids = np.full((len(texts), max(len(text.ids) for text in texts)), PAD_ID, dtype=np.int64)
    for row, text in zip(ids, texts, strict=True):
        row[: len(text.ids)] = text.ids
    return ids


def padding_table(model: SequenceModel, texts: Sequence[EncodedText], *, units: int = 3) -> pd.DataFrame:
    """Returns the hidden state at every step of a padded batch, with packing and without, side by side.

    Args:
        model: any net with a recurrent layer, trained or not; it is left as it was.
        texts: one or more, as `TrainedRun.encode` gives them.
        units: how many units of a state are shown, the first ones.

    Returns:
        A row per layer, direction, text and step: `layer`, `direction` (forward or backward), `text`, `step`
        (both from 1), `word`, `id`, `is_padding`; `state_packed` and `state_padded`, the first units of the
        state after that step as a tuple of floats, None where packing takes no step; `difference`, the
        largest over all units, NaN there; `differs`, whether the padded state is wrong: another than the
        packed one, or one of a step that reads padding; `last_packed` and `last_padded`, whether this step's
        state is the last one read with packing and without.

    Raises:
        InputError: the net has no states, or they cannot be followed; or there are no texts.
    """
    if not texts:
        raise InputError("padding: expected one text or more, found none")
    if not model.is_recurrent:
        name = type(model).__name__
        raise InputError(
            f"{name} carries no state from step to step, so there is none that padding could spoil"
        )
    if (reason := without_states(model)) is not None:
        raise InputError(reason)
    ids, lengths = padded_ids(texts), torch.tensor([len(text.ids) for text in texts])
    steps = ids.shape[1]
    with in_float64(model) as net, torch.no_grad():
        vectors = net.embedding(torch.from_numpy(ids).to(net.word_vectors.device))
        packed = unroll(net.cell, net.recurrent, vectors, lengths)
        padded = unroll(net.cell, net.recurrent, vectors, torch.full_like(lengths, steps))
    rows = []
    for run, without in zip(packed, padded, strict=True):
        states = _states(run, lengths), _states(without, torch.full_like(lengths, steps))
        for number, text in enumerate(texts):
            of_text = _rows(text, states[0][number], states[1][number], run.direction, units)
            rows += [
                {"layer": run.layer, "direction": run.direction, "text": number + 1, **row} for row in of_text
            ]
    return pd.DataFrame(rows)


def _rows(
    text: EncodedText,
    packed_TH: NDArray[np.float64],
    padded_TH: NDArray[np.float64],
    direction: str,
    units: int,
) -> Iterator[dict[str, Any]]:
    """Yields a row for every step of one text in one layer and direction."""
    steps, length = len(padded_TH), len(text.ids)
    for step, (packed, padded) in enumerate(zip(packed_TH, padded_TH, strict=True)):
        is_padding = step >= length
        difference = np.nan if is_padding else float(np.abs(padded - packed).max())
        yield {
            "step": step + 1,
            "word": PAD if is_padding else text.tokens[step],
            "id": PAD_ID if is_padding else int(text.ids[step]),
            "is_padding": is_padding,
            "state_packed": None if is_padding else tuple(packed[:units].tolist()),
            "state_padded": tuple(padded[:units].tolist()),
            "difference": difference,
            "differs": is_padding or difference > EQUAL,
            "last_packed": step == (length - 1 if direction == "forward" else 0),
            "last_padded": step == (steps - 1 if direction == "forward" else 0),
        }


def padding_summary(table: pd.DataFrame) -> pd.DataFrame:
    """Returns, of a `padding_table`, which step's state is the last one read with packing and without.

    A row per layer, direction and text: `layer`, `direction`, `text`, `words` (its length), `last_packed`
    and `last_padded` (steps), `wrong_steps` (how many states of the padded batch are wrong), `agree` (whether
    the last states are the same).
    """
    rows = []
    for (layer, direction, text), steps in table.groupby(["layer", "direction", "text"], sort=False):
        last_packed = steps.loc[steps["last_packed"]].iloc[0]
        last_padded = steps.loc[steps["last_padded"]].iloc[0]
        rows.append(
            {
                "layer": layer,
                "direction": direction,
                "text": text,
                "words": int((~steps["is_padding"]).sum()),
                "last_packed": last_packed["step"],
                "last_padded": last_padded["step"],
                "wrong_steps": int(steps["differs"].sum()),
                "agree": not last_padded["differs"],
            }
        )
    return pd.DataFrame(rows)


def _states(run: Unrolled, lengths: torch.Tensor) -> NDArray[np.float64]:
    """Returns a layer's and direction's hidden states (texts, steps, hidden), in the order of the text."""
    states: NDArray[np.float64] = in_order_of_text([run], lengths).detach().cpu().numpy()
    return states
