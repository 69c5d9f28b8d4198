"""How the steps of a batch's texts lie one after the other, N in all, in one part or several."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.cells.activations import Array
from rnnlab.kernels.packing import all_within, pack
from rnnlab.scratch.checks import as_lengths

KEPT = 2**14
"""Steps up to which a packing is kept: so that all that are take some 20 MB at most."""


class Part(NamedTuple):
    """Texts that are scanned by themselves: how many are read at each step, and where their rows, their
    states (the initial ones first) and the texts themselves stand among those of all parts.
    """

    batch_T: Array
    rows: slice
    states: slice
    texts: slice


class Packed(NamedTuple):
    """The texts of a batch, the longest of a part first, their steps one after the other (see
    `kernels.packing`).

    at_N: where in its text a row stands, read forward and in reverse; shape: (T, B) of the padded batch.
    """

    order: Array
    before_N: Array
    last_B: Array
    text_N: Array
    at_N: tuple[Array, Array]
    parts: tuple[Part, ...]
    shape: tuple[int, int]

    def rows(self, direction: int) -> Array:
        """Returns where the rows of a direction stand among (T, B)."""
        return self.at_N[direction] * self.shape[1] + self.text_N

    def after_rows(self, states: Array) -> Array:
        """Returns of all states those after every row, (N, P)."""
        after = [states[part.states][part.batch_T[0] :] for part in self.parts]
        return after[0] if len(after) == 1 else np.concatenate(after)


def checked_lengths(lengths: ArrayLike | None, batch: int, time: int) -> Array:
    """Returns what `as_lengths` does, in a fifth of the time where nothing is wrong."""
    array = np.asarray(lengths)
    if array.dtype == np.int64 and array.shape == (batch,) and all_within(array, 1, time):
        return array
    return as_lengths(lengths, batch, time).astype(np.int64, copy=False)


def pack_texts(lengths_B: Array, time: int, *, both: bool = True, parts: int = 1) -> Packed:
    """Returns how the steps of texts of these lengths lie one after the other.

    both: also in reverse; parts: into how many parts the texts are dealt, of about as many steps each.
    """
    if parts == 1:
        order, batch_T, text_N, step_N, before_N, last_B = pack(lengths_B)
        whole = Part(batch_T, slice(0, len(text_N)), slice(0, len(order) + len(text_N)), slice(0, len(order)))
        at_N = step_N, lengths_B[text_N] - 1 - step_N if both else step_N
        return Packed(order, before_N, last_B, text_N, at_N, (whole,), (time, len(lengths_B)))
    longest_first = np.argsort(-lengths_B, kind="stable")
    found, places = [], []
    row = text = 0
    last_B = np.empty(len(lengths_B), np.int64)
    for chosen in (longest_first[k::parts] for k in range(parts)):
        order, batch_T, text_N, step_N, before_N, last = pack(lengths_B[chosen])
        state = row + text
        last_B[chosen] = last + state
        found.append((chosen[order], before_N + state, chosen[text_N], step_N))
        places.append(
            Part(
                batch_T,
                slice(row, row + len(text_N)),
                slice(state, state + len(order) + len(text_N)),
                slice(text, text + len(order)),
            )
        )
        row, text = row + len(text_N), text + len(order)
    order, before_N, text_N, step_N = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
    at_N = step_N, lengths_B[text_N] - 1 - step_N if both else step_N
    return Packed(order, before_N, last_B, text_N, at_N, tuple(places), (time, len(lengths_B)))


def pack_once(lengths_B: Array, time: int, *, both: bool) -> Packed:
    """Returns what `pack_texts` does in one part; that of a few short texts is kept, for their lengths come
    again.
    """
    if len(lengths_B) * time > KEPT:
        return pack_texts(lengths_B, time, both=both)
    return _packed(lengths_B.tobytes(), time, both)


@lru_cache(maxsize=32)
def _packed(lengths: bytes, time: int, both: bool) -> Packed:
    return pack_texts(np.frombuffer(lengths, np.int64), time, both=both)


def pack_rows(batch_T: Array) -> tuple[Packed, Array]:
    """Returns how the rows of a batch that is packed lie, and where each stands when texts are turned round.

    batch_T: how many texts are read at each step, never rising, as `batch_sizes` of torch's PackedSequence.
    """
    lengths_B = (batch_T[:, None] > np.arange(batch_T[0])).sum(axis=0)
    packed = pack_texts(lengths_B, len(batch_T))
    return packed, (np.cumsum(batch_T) - batch_T)[packed.at_N[1]] + packed.text_N
