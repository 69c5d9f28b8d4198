"""Files that are either whole or absent."""

import errno
import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rnnlab.core.errors import InputError

BEGINNING = 50  # characters of a name that its temporary sibling shares: names end at 255 bytes


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yields a temporary sibling of `path` that replaces it when the block ends without an error.

    Raises OSError where `path` is anything else than a file or nothing: a device, a pipe, a folder or a
    symbolic link would be gone, and what it stood for not written.
    """
    check_replaceable(path)
    temporary = path.with_name(f".{path.name[:BEGINNING]}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:  # of a full disk it names no file, or the temporary one
        if error.filename in (None, str(temporary)):
            raise type(error)(error.errno, error.strerror, str(path)) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


KINDS = {
    stat.S_IFLNK: "a symbolic link; name the file that it points to",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def check_replaceable(path: Path) -> None:
    """Raises OSError unless `path` is a file, or there is nothing of that name yet."""
    try:
        kind = stat.S_IFMT(path.lstat().st_mode)
    except FileNotFoundError:
        return
    if kind != stat.S_IFREG:
        raise OSError(errno.EEXIST, f"is {KINDS.get(kind, 'no file')}", str(path))


def link(source: Path, target: Path) -> None:
    """Gives a file a second name, atomically; copies it where the file system has no such thing."""
    with atomic_path(target) as temporary:
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copyfile(source, temporary)


def write_text(path: Path, text: str) -> None:
    """Writes `text` as UTF-8, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def check_regular(path: Path) -> None:
    """Raises InputError for what is there but is no file on a disk, nor a link to one.

    A pipe or a device may have no end, and what came out of it once does not come again. Raises OSError as
    `Path.stat` does.
    """
    mode = path.stat().st_mode
    if stat.S_ISREG(mode):
        return
    kind = KINDS.get(stat.S_IFMT(mode), "no file")
    twice = "" if stat.S_ISDIR(mode) else ", which cannot be read twice"
    raise InputError(f"{path}: is {kind}{twice}; expected a file")


def read_regular(path: Path) -> bytes:
    """Returns a file's bytes; raises InputError as `check_regular`, and OSError."""
    check_regular(path)
    return path.read_bytes()


def sha256(path: Path) -> str:
    """Returns the SHA-256 of a file, 64 hexadecimal digits; raises InputError as `check_regular`."""
    check_regular(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(path: Path) -> str:
    """Returns the SHA-256 of a file, or of a folder's file names and contents; changes when they do."""
    if not path.is_dir():
        return sha256(path)
    names = sorted(file for file in path.rglob("*") if file.is_file())
    lines = (f"{file.relative_to(path).as_posix()}\0{sha256(file)}\n" for file in names)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
