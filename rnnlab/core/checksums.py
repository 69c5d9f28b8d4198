"""Whether the files of a folder are still what they were when they were written."""

import re
from collections.abc import Iterable
from pathlib import Path

from rnnlab.core.errors import InputError
from rnnlab.core.files import read_regular, sha256, write_text

SUMS = "SHA256SUMS"
"""Where the sums of a folder's files lie in it, as sha256sum writes and reads them."""


def write_sums(folder: Path) -> None:
    """Writes the SHA-256 of every file below a folder into it."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    write_text(folder / SUMS, "".join(f"{sha256(folder / name)}  {name}\n" for name in names))


def damage(folder: Path, needed: Iterable[str] = ()) -> str | None:
    """Returns what is amiss in a folder whose sums were written, None where all is as it was then.

    needed: names of files that have to be among those; what was added later is passed over.
    """
    try:
        *lines, rest = read_regular(folder / SUMS).split(b"\n")
        sums = dict(_name_and_sum(line) for line in lines)
        if rest or not sums.keys() >= set(needed):
            return f"{SUMS} is cut off"
        return next(
            (f"{name} has changed" for name, sum_ in sums.items() if sha256(folder / name) != sum_), None
        )
    except OSError as error:
        return f"{Path(error.filename or SUMS).name} cannot be read ({error.strerror})"
    except (InputError, ValueError) as error:
        return str(error)


def _name_and_sum(line: bytes) -> tuple[str, str]:
    parts = re.fullmatch(rb"([0-9a-f]{64})  ([^\0]+)", line)
    if parts is None:
        raise ValueError(f"{SUMS} is no list of sums")
    return parts[2].decode(), parts[1].decode()
