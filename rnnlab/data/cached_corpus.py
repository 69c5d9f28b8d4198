"""The cache of encoded texts: an entry is just what was written, or it is made anew.

cache/KEY/
  vocabulary.txt       one word per line, by id
  NAME.ids.npy         of every split: the tokens of all texts,
  NAME.offsets.npy     where each text begins among them,
  NAME.labels.npy      and its label
  corpus.json          names of the splits and classes, notes
  SHA256SUMS           the sums of all of these, compared whenever the entry is read
"""

import json
import os
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rnnlab.core.checksums import damage, write_sums
from rnnlab.core.errors import InputError
from rnnlab.core.files import read_regular, write_text
from rnnlab.data.splits import TextSplit
from rnnlab.data.token_file import TOKENS
from rnnlab.data.vocabulary import Vocabulary

FACTS, VOCABULARY = "corpus.json", "vocabulary.txt"
PARTS = ("ids", "offsets", "labels")


class Entry(NamedTuple):
    """What an entry holds beside the splits; notes: what was left out, one line each."""

    vocabulary: Vocabulary
    classes: tuple[str, ...]
    notes: list[str]


def read_entry(folder: Path) -> tuple[tuple[Entry, dict[str, TextSplit]] | None, tuple[str, ...]]:
    """Returns an entry and its splits, None where there is none, or none that can be relied on.

    The second value has a note that says so.
    """
    try:
        if not folder.exists():
            return None, ()
        return _load(folder), ()
    except OSError as error:
        fault = f"cannot be read ({error.strerror})"
    except (InputError, ValueError, KeyError, TypeError, EOFError, RecursionError) as error:
        fault = f"is broken ({error})"
    return None, (f"data.cache: {folder}: {fault}; the texts are encoded anew",)


def publish(folder: Path, entry: Entry, save: Callable[[Path], None]) -> dict[str, TextSplit]:
    """Writes an entry beside its place and renames it there, over what is there; returns its splits.

    save: writes the files of the splits into a folder. The splits stay readable whatever other processes put
    into the place. Raises OSError, and leaves nothing, where the entry cannot be written.
    """
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        temporary.mkdir(parents=True)
        entry.vocabulary.save(temporary / VOCABULARY)
        save(temporary)
        names = sorted(path.name.partition(".")[0] for path in temporary.glob("*.ids.npy"))
        facts = {"splits": names, "classes": entry.classes, "notes": entry.notes}
        write_text(temporary / FACTS, json.dumps(facts))
        write_sums(temporary)
        splits = {name: TextSplit.load(temporary, name, entry.classes) for name in names}
        _put(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return splits


def _put(temporary: Path, folder: Path) -> None:
    try:
        temporary.rename(folder)
        return
    except OSError:
        if not folder.exists():
            raise
    # One that is broken, or that another run has put there meanwhile, which has the same texts.
    old = temporary.with_suffix(".old")
    with suppress(OSError):
        folder.rename(old)
        temporary.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _load(folder: Path) -> tuple[Entry, dict[str, TextSplit]]:
    """Returns an entry; raises ValueError, or others, unless it is just what was written."""
    facts: dict[str, Any] = json.loads(read_regular(folder / FACTS))
    names, classes, notes = (facts[key] for key in ("splits", "classes", "notes"))
    if not all(isinstance(text, str) for text in (*names, *classes, *notes)):
        raise ValueError(f"{FACTS} holds other than names")
    fault = damage(folder, [FACTS, VOCABULARY, *(f"{name}.{part}.npy" for name in names for part in PARTS)])
    if fault is not None:
        raise ValueError(fault)
    vocabulary = Vocabulary.load(folder / VOCABULARY)
    splits = {name: TextSplit.load(folder, name, tuple(classes)) for name in names}
    for name, split in splits.items():
        _check(name, split, len(vocabulary))
    return Entry(vocabulary, tuple(classes), list(notes)), splits


def _check(name: str, split: TextSplit, words: int) -> None:
    """Raises ValueError for a split that no texts can have come to."""
    starts, labels, ids = split.offsets, split.labels, split.ids
    shapes = (
        starts.shape == (len(labels) + 1,) and labels.ndim == 1 and starts.dtype == labels.dtype == np.int64
    )
    if not shapes or starts[0] != 0 or starts[-1] != len(ids) or not (np.diff(starts) > 0).all():
        raise ValueError(f"{name}.offsets.npy does not fit the other files")
    if len(labels) and not (labels.min() >= 0 and labels.max() < len(split.classes)):
        raise ValueError(f"{name}.labels.npy has other labels than {FACTS}")
    for begin in range(0, len(ids), TOKENS):
        piece = ids[begin : begin + TOKENS]
        if piece.min() < 0 or piece.max() >= words:
            raise ValueError(f"{name}.ids.npy has other words than {VOCABULARY}")
