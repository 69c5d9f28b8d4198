"""What holds of every reader, whatever it is given."""

import signal
import tracemalloc
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rnnlab.core.errors import InputError
from tests.fuzz.trees import Special, Tree

PER_MIB = 10.0
"""Seconds more that a reader may compute for every MiB of its files, unpacked."""
WAITING = 120.0
"""Seconds that a reader may take in all, whatever else the machine does."""
ALLOWANCE, MULTIPLE = 16 * 2**20, 100
"""Bytes of memory that a reader may take, and how many more for every byte of its files."""
LONGEST = 1_200
"""Characters of a line that a person is told."""

Read = Callable[[Path], Iterator[str]]


class BrokenClaimError(AssertionError):
    """A claim does not hold."""


class _TooLong(BaseException):
    pass


def check(read: Read, folder: Path, size: int, seconds: float, multiple: int = MULTIPLE) -> None:
    """Raises BrokenClaimError unless the reader reads a folder, or refuses it as it should.

    size: of its files, in bytes; seconds: that the reader may compute; multiple: bytes for each of theirs.
    """
    tracemalloc.start()
    try:
        lines = _told(read, folder, seconds + PER_MIB * size / 2**20)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    for line in lines:
        _check_line(line)
    if peak > ALLOWANCE + multiple * size:
        raise BrokenClaimError(f"{peak / 2**20:,.0f} MiB of memory for {size / 2**20:.3f} MiB of files")


def size_of(tree: Tree) -> int:
    """Returns the bytes of a tree's files, of compressed ones as they are unpacked."""
    return sum(_unpacked(part) for part in tree.values() if not isinstance(part, Special))


def _unpacked(data: bytes) -> int:
    """Returns how many bytes a file has, of a compressed one those that come before what is broken in it."""
    if data[:2] != b"\x1f\x8b":
        return len(data)
    unpacked = 0
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    with suppress(zlib.error):
        for start in range(0, len(data), 256):
            unpacked += len(unpacking.decompress(data[start : start + 256]))
    return max(unpacked, len(data))


def _told(read: Read, folder: Path, seconds: float) -> list[str]:
    try:
        with _deadline(seconds), warnings.catch_warnings():
            warnings.simplefilter("error")  # which a person would be shown, three lines long
            return list(read(folder))
    except InputError as error:
        return [str(error)]
    except _TooLong:
        raise BrokenClaimError(
            f"not done after {seconds:g} seconds of computing or {WAITING:g} in all"
        ) from None
    except Exception as error:
        raise BrokenClaimError(f"{type(error).__name__}: {str(error)[:300]}") from error


def _check_line(line: str) -> None:
    # Line breaks within a message are put right where it is printed.
    strange = [character for character in line if not character.isprintable() and character != "\n"]
    if strange:
        raise BrokenClaimError(f"{strange[0]!r} would reach the terminal: {line[:300]!r}")
    if len(line) > LONGEST:
        raise BrokenClaimError(f"a line of {len(line):,} characters: {line[:300]!r}")


@contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    def end(*_: object) -> None:
        raise _TooLong

    before = {number: signal.signal(number, end) for number in (signal.SIGPROF, signal.SIGALRM)}
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, WAITING)
    try:
        yield
    finally:
        for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL):
            signal.setitimer(timer, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
