"""Opens a user's file, plain or gzip, and says in one line what is wrong with it."""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.core.files import check_regular
from rnnlab.core.memory import require

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LONGEST_SHOWN_PATH = 300
MIB = 2**20
BUFFER = 2**17
AT_ONCE = 4
"""How many times its size a text takes in memory that is not read line by line, at the least."""
LONGEST_LINE = 16 * MIB
"""Bytes that a line may have."""
RATIO, UNCHECKED = 100, 16 * MIB
"""How many times its size a compressed file may unpack to, once that is so many bytes: texts, some four."""
LARGEST = 64 * 2**30
"""Bytes that a compressed file may unpack to."""


def show_path(path: Path) -> str:
    """Returns the path as text to be printed: control characters escaped, of a long one the end."""
    text = str(path)
    text = text if len(text) <= LONGEST_SHOWN_PATH else f"…{text[-LONGEST_SHOWN_PATH:]}"
    return text if text.isprintable() else repr(text)


def quote(text: str, *, limit: int = 60) -> str:
    """Returns the first `limit` characters of a foreign text, quoted, control characters escaped."""
    return repr(text) if len(text) <= limit else repr(text[:limit]) + "…"


@contextmanager
def open_bytes(path: Path) -> Iterator[io.BufferedIOBase]:
    """Opens a text file for reading bytes, decompressed if its name ends in `.gz`.

    Raises InputError, also for what goes wrong while the block reads: no such file, not a file, no
    permission, broken or cut-off gzip, a binary file (going by its first 8 KiB).
    """
    name = show_path(path)
    try:
        if not path.exists():
            raise InputError(f"{name}: no such file or folder{_sibling(path)}")
        check_regular(path)
        zipped = path.name.lower().endswith(".gz")
        with (
            _Unpacked(path, name) if zipped else io.FileIO(path) as raw,
            io.BufferedReader(raw, BUFFER) as file,
        ):
            _check_is_text(file.peek(8192)[:8192], name)
            yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{name}: is not gzip, or broken, or cut off ({error})") from error
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror or error})") from error


def read_lines(file: io.BufferedIOBase, name: str) -> Iterator[bytes]:
    """Yields the lines of an open file, with their ends; raises InputError for one that is too long."""
    for number, line in enumerate(iter(partial(file.readline, LONGEST_LINE + 1), b""), start=1):
        if len(line) > LONGEST_LINE:
            raise InputError(f"{name}, line {number:,}: is longer than {LONGEST_LINE // MIB} MiB")
        yield line


def check_unpacked(name: str, packed: int, unpacked: int, how: str) -> None:
    """Raises InputError if so many bytes of a compressed file are more than data are: megabytes may hold
    terabytes. how: to go on all the same.
    """
    if unpacked > min(LARGEST, max(UNCHECKED, RATIO * packed)):
        limit = f"{LARGEST // 2**30} GiB" if unpacked > LARGEST else f"{RATIO} times its {packed:,} bytes"
        raise InputError(f"{name}: unpacks to more than {limit}; if that is meant, {how}")


def read_whole(path: Path) -> bytes:
    """Returns all bytes of a text file; raises InputError as `open_bytes`, or for more than memory holds."""
    with open_bytes(path) as file:
        return read_to_the_end(file.read, show_path(path))


def read_to_the_end(read: Callable[[int], bytes], name: str) -> bytes:
    """Returns all bytes of an open text file or pipe, which may have no end; raises InputError for a binary
    one, or for more than memory holds. read: returns at most so many bytes, none at the end.
    """
    pieces: list[bytes] = []
    size = 0
    while piece := read(MIB):  # so much is allocated before any of it is read
        if not pieces:
            _check_is_text(piece[:8192], name)
        pieces.append(piece)
        size += len(piece)
        require(AT_ONCE * size, f"{name}: its text, all at once,")
    return b"".join(pieces)


def decoded_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yields where each line of a text file stands, and the line with its end.

    Raises InputError for what `open_bytes` and `read_lines` do, and for bytes that are not UTF-8.
    """
    name = show_path(path)
    with open_bytes(path) as file:
        for number, line in enumerate(read_lines(file, name), start=1):
            place = f"{name}, line {number}"
            try:
                yield place, line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                bad = f"0x{error.object[error.start]:02x} at byte {error.start + 1}"
                raise InputError(f"{place}: not UTF-8 ({bad})") from None


class _Unpacked(io.RawIOBase):
    """What a gzip file unpacks to."""

    def __init__(self, path: Path, name: str) -> None:
        self._file = gzip.GzipFile(path)
        self._name, self._packed, self._unpacked = name, path.stat().st_size, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        count = self._file.readinto(buffer)
        self._unpacked += count
        how = "unpack it with gunzip --keep and name what comes of it"
        check_unpacked(self._name, self._packed, self._unpacked, how)
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


def _check_is_text(start: bytes, name: str) -> None:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{name}: is UTF-16; expected UTF-8: convert it with iconv -f UTF-16 -t UTF-8")
    if start.startswith(b"\x1f\x8b"):
        raise InputError(f"{name}: is compressed with gzip; expected text, or a name that ends in .gz")
    if b"\0" in start:
        raise InputError(f"{name}: is a binary file; expected text")


def _sibling(path: Path) -> str:
    if not path.parent.is_dir():
        return f" (nor is there a folder {show_path(path.parent)})"
    names = (child.name for child in path.parent.iterdir() if child.name.isprintable())
    return did_you_mean(path.name, names)
