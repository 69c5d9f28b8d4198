"""Downloads published data: whole, checked and unpacked, or not at all.

The sums of what was unpacked lie beside it, so that damage is noticed when it is asked for again.
"""

import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from rnnlab.core.checksums import SUMS, damage, write_sums
from rnnlab.core.errors import InputError, RnnlabError
from rnnlab.core.files import sha256
from rnnlab.data.open_file import show_path

_TIMEOUT = 30


@dataclass(frozen=True)
class Source:
    """A published archive.

    `url` is its address, `sha256` that of its bytes in 64 hexadecimal digits, `folder` the name of the
    folder that it is unpacked into; files whose names in a tar archive begin with one of `skip` are not.
    """

    url: str
    sha256: str
    folder: str
    skip: tuple[str, ...] = ()


SOURCES = {
    # Large Movie Review Dataset (Maas et al. 2011), 84 MB; the 50,000 texts without a label are skipped.
    # Sum: TensorFlow Datasets, tensorflow_datasets/url_checksums/imdb_reviews.txt.
    "imdb": Source(
        url="https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
        sha256="c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
        folder="imdb",
        skip=("aclImdb/train/unsup",),
    ),
    # GloVe 6B (Pennington et al. 2014), 862 MB. Sum: JuliaText's Embeddings.jl, src/glove.jl.
    "glove": Source(
        url="https://nlp.stanford.edu/data/glove.6B.zip",
        sha256="617afb2fe6cbd085c235baf7a465b96f4112bd7f7ccb2b2cbd649fed9cbcf2fb",
        folder="glove",
    ),
}


@runtime_checkable
class ProgressBar(Protocol):
    """What pooch tells of a download: `total` bytes once it knows them, then updates, in the end `close`."""

    total: int

    def update(self, amount: int, /) -> None:
        """Is told that `amount` more bytes have come."""

    def reset(self) -> None:
        """Goes back to none."""

    def close(self) -> None:
        """Is told that all bytes have come."""


class Fetched(NamedTuple):
    """The folder of unpacked files, whether it was there before, and a note of what has changed in it."""

    folder: Path
    was_there: bool
    note: str | None = None


def fetch(source: Source, into: Path, *, progress: ProgressBar | None = None) -> Fetched:
    """Downloads and unpacks an archive into a folder within `into`, unless that holds something already.

    What came from there and has changed since is set aside, and downloaded anew. Raises RnnlabError if the
    download fails or is cut off, if its SHA-256 is another, or if it cannot be
    unpacked, and InputError if it cannot be written; then nothing is left of it.
    """
    folder = into / source.folder
    with _errors_in_one_line(source, folder):
        fault = None
        if folder.exists() and any(folder.iterdir()):
            fault = damage(folder) if (folder / SUMS).exists() else None
            if fault is None:
                return Fetched(folder, was_there=True)
        nearest = next(parent for parent in (into, *into.absolute().parents) if parent.exists())
        with tempfile.TemporaryDirectory(dir=nearest, prefix=".fetch-") as temporary:
            archive, unpacked = Path(temporary, "archive"), Path(temporary, "unpacked")
            _download(source, archive, progress)
            _unpack(archive, unpacked, source.skip)
            write_sums(unpacked)
            into.mkdir(parents=True, exist_ok=True)
            if fault is None:
                unpacked.rename(folder)
                return Fetched(folder, was_there=False)
            aside = Path(tempfile.mkdtemp(dir=into, prefix=f"{source.folder}.changed-"))
            folder.rename(aside)
            unpacked.rename(folder)
    note = f"{folder}: {fault} since it was downloaded; what was there is now {aside}"
    return Fetched(folder, was_there=False, note=note)


def _download(source: Source, archive: Path, progress: ProgressBar | None) -> None:
    import pooch

    with ExitStack() as responses:
        # pooch leaves the connection of a failed download open.
        hooks = {"response": lambda response, **_: responses.enter_context(closing(response))}
        download = pooch.HTTPDownloader(progress, chunk_size=2**18, timeout=_TIMEOUT, hooks=hooks)
        download(source.url, archive, None)
    found = sha256(archive)
    if found != source.sha256:
        raise RnnlabError(
            f"{source.url}: expected the SHA-256 {source.sha256}, found {found}; nothing is kept"
        )


def _unpack(archive: Path, folder: Path, skip: tuple[str, ...]) -> None:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folder)  # drops what would lead out of the folder from the names
        return
    with tarfile.open(archive) as tar:
        tar.extractall(folder, (member for member in tar if not member.name.startswith(skip)), filter="data")


@contextmanager
def _errors_in_one_line(source: Source, folder: Path) -> Iterator[None]:
    import requests

    try:
        yield
    except requests.Timeout as error:
        raise RnnlabError(f"{source.url}: no answer within {_TIMEOUT} seconds") from error
    except requests.exceptions.ChunkedEncodingError as error:
        raise RnnlabError(f"{source.url}: the connection was cut; nothing is kept, try again") from error
    except requests.ConnectionError as error:
        raise RnnlabError(f"{source.url}: no connection to the server") from error
    except requests.RequestException as error:
        raise RnnlabError(f"{source.url}: {error}") from error
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        reason = str(error).partition("\n")[0]
        raise RnnlabError(f"{source.url}: the archive cannot be unpacked ({reason})") from error
    except OSError as error:
        raise InputError(f"{show_path(folder)}: cannot be written ({error.strerror or error})") from error
