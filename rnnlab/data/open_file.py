"""Opens a user's file, plain or gzip, and says in one line what is wrong with it."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from rnnlab.core.errors import InputError, did_you_mean


def show_path(path: Path) -> str:
    """Returns the path as text that is safe to print: escaped where it holds control characters."""
    text = str(path)
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
        if not path.is_file():
            kind = "a folder" if path.is_dir() else "neither a file nor a folder"
            raise InputError(f"{name}: is {kind}; expected a file")
        opener = gzip.open if path.name.lower().endswith(".gz") else io.FileIO
        with opener(path) as raw, io.BufferedReader(cast(io.RawIOBase, raw)) as file:
            _check_is_text(file.peek(8192), name)
            yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{name}: is not gzip, or broken, or cut off ({error})") from error
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror or error})") from error


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
