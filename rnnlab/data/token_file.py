"""The tokens of many texts in a file: gone through a piece at a time, or read here and there."""

import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from rnnlab.core.errors import InputError
from rnnlab.data.chunks import Chunk

TOKENS = 2**20
"""Of a piece, about."""
SMALL = 2**26
"""Bytes of ids that may stay in memory."""


class TokenFile:
    """The tokens of a split's texts, in a file without a name: it is gone when nobody has it open.

    lengths: int64 (texts,), tokens of each text.
    """

    def __init__(self, near: Path | None) -> None:
        """near: a folder, maybe one that does not exist yet, on whose disk the file is to be."""
        self._near, self._file, self._size = near, nameless_file(near), 0
        weakref.finalize(self, self._file.close)
        self.lengths = np.zeros(0, dtype=np.int64)

    def write(self, chunks: Iterable[Chunk], numbers: dict[str, int]) -> None:
        """Appends the tokens of all chunks; words that have no number get the next one."""
        lengths = [self.lengths]
        for chunk in chunks:
            of_word = np.array([numbers.setdefault(word, len(numbers)) for word in chunk.words], np.int32)
            self._keep(of_word[chunk.ids])
            lengths.append(chunk.lengths)
        self.lengths = np.concatenate(lengths)

    def _keep(self, tokens: NDArray[np.int32]) -> None:
        try:
            write_all(self._file, tokens)
        except OSError as error:
            if self._near is None:
                raise InputError(f"no place to keep the tokens of the texts in: {error.strerror}") from None
            self._move()
            self._keep(tokens)
        else:
            self._size += tokens.nbytes

    def _move(self) -> None:
        """Goes on in another file, where temporary files usually lie: the disk of this one is full."""
        full, size = self._file, self._size
        self._near, self._file, self._size = None, nameless_file(), 0
        weakref.finalize(self, self._file.close)
        for begin in range(0, size, TOKENS):
            piece = os.pread(full.fileno(), min(TOKENS, size - begin), begin)
            self._keep(np.frombuffer(piece, dtype=np.int32))
        full.close()

    def pieces(self, chosen: NDArray[np.bool_]) -> Iterator[NDArray[np.int32]]:
        """Yields the tokens of the texts that are chosen, bool (texts,), a million or so at a time."""
        ends = self.lengths.cumsum()
        self._file.seek(0)
        begin = 0
        while begin < len(ends):
            read = ends[begin - 1] if begin else 0
            end = max(int(np.searchsorted(ends, read + TOKENS, side="right")), begin + 1)
            tokens = np.frombuffer(self._file.read(4 * int(ends[end - 1] - read)), dtype=np.int32)
            yield tokens[np.repeat(chosen[begin:end], self.lengths[begin:end])]
            begin = end


def nameless_file(near: Path | None = None) -> IO[bytes]:
    """Returns an empty unbuffered file that is gone once it is closed, on the disk of a folder if it can be.

    Raises InputError where there is no place for temporary files at all.
    """
    if near is not None:
        try:
            there = next((folder for folder in (near, *near.absolute().parents) if folder.is_dir()), None)
            return tempfile.TemporaryFile(dir=there, buffering=0)
        except OSError:  # no place to write to, which matters once something is to be kept there
            pass
    try:
        return tempfile.TemporaryFile(buffering=0)
    except OSError as error:
        raise InputError(f"no place for temporary files: {error.strerror}; TMPDIR names one") from None


def write_all(file: IO[bytes], numbers: NDArray[np.int32]) -> None:
    """Writes numbers to the end of a file, also of one that takes a part at a time."""
    rest = memoryview(numbers.tobytes())
    while rest:
        rest = rest[file.write(rest) :]


class StoredIds:
    """Ids, int32, in a file, of which slices are read as one asks for them; nothing stays in memory.

    Of a memory map everything that was ever read would, as far as anybody can see: Linux maps up to 2 MiB
    around each text.
    """

    def __init__(self, file: int, offset: int, size: int) -> None:
        """file: a descriptor, closed in the end; offset: bytes before the ids; size: how many there are."""
        self._file, self._offset, self._size = file, offset, size
        weakref.finalize(self, os.close, file)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, span: slice) -> NDArray[np.int32]:
        """Returns ids[start:end]."""
        start, end, _ = span.indices(self._size)
        return np.frombuffer(
            os.pread(self._file, 4 * max(end - start, 0), self._offset + 4 * start), dtype=np.int32
        )


Ids = NDArray[np.int32] | StoredIds


def open_ids(file: IO[bytes], size: int) -> Ids:
    """Returns so many ids that follow in an open file, as a read-only memory map unless they are many."""
    offset = file.tell()
    if 4 * size > SMALL:
        return StoredIds(os.dup(file.fileno()), offset, size)
    # A plain view: slices of a np.memmap itself take several times as long to make.
    return np.asarray(np.memmap(file, dtype=np.int32, mode="r", offset=offset, shape=(size,)))
