import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rnnlab.core.checksums import SUMS
from rnnlab.core.errors import InputError, RnnlabError
from rnnlab.data.fetch import SOURCES, Source, fetch

REVIEWS = {
    f"aclImdb/{split}/{label}/0_9.txt": b"fine" for split in ("train", "test") for label in ("pos", "neg")
}


class Server(ThreadingHTTPServer):
    """Serves `body`, announcing `announced` bytes."""

    body = b""
    announced = 0
    requests = 0

    def serve(self, body: bytes, *, announced: int | None = None) -> None:
        self.body, self.announced = body, len(body) if announced is None else announced

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/archive"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests += 1
        self.send_response(200 if self.path == "/archive" else 404)
        self.send_header("Content-Length", str(self.server.announced))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def tar_gz(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, data in files.items():
            opened.writestr(name, data)
    return buffer.getvalue()


def source(server: Server, body: bytes, *, skip: tuple[str, ...] = ()) -> Source:
    return Source(server.url, hashlib.sha256(body).hexdigest(), "here", skip)


def files_in(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def assert_fails_and_leaves_nothing(wanted: Source, tmp_path: Path, message: str) -> None:
    with pytest.raises(RnnlabError, match=message) as caught:
        fetch(wanted, tmp_path / "inputs")
    assert caught.value.exit_code == 1
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_tar_archive_is_unpacked_without_what_is_skipped(server: Server, tmp_path: Path) -> None:
    skipped = {"aclImdb/train/unsup/0_0.txt": b"?", "aclImdb/train/unsupBow.feat": b"?"}
    body = tar_gz(REVIEWS | skipped)
    server.serve(body)
    fetched = fetch(source(server, body, skip=SOURCES["imdb"].skip), tmp_path / "deep" / "inputs")
    assert fetched == (tmp_path / "deep" / "inputs" / "here", False, None)
    assert files_in(tmp_path) == {f"deep/inputs/here/{name}": data for name, data in REVIEWS.items()}


def test_a_zip_archive_is_unpacked(server: Server, tmp_path: Path) -> None:
    files = {f"glove.6B.{dim}d.txt": b"the 0.1\n" for dim in (50, 100, 200, 300)}
    body = zipped(files)
    server.serve(body)
    assert files_in(fetch(source(server, body), tmp_path).folder) == files


def test_a_second_call_asks_nothing_of_the_server(server: Server, tmp_path: Path) -> None:
    body = tar_gz(REVIEWS)
    server.serve(body)
    (tmp_path / "here").mkdir()
    assert not fetch(source(server, body), tmp_path).was_there
    assert fetch(source(server, body), tmp_path) == (tmp_path / "here", True, None)
    assert server.requests == 1


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("harm", [flip, Path.unlink])
@pytest.mark.parametrize("name", ["aclImdb/train/pos/0_9.txt", SUMS])
def test_what_has_changed_since_is_set_aside_and_downloaded_anew(
    server: Server, tmp_path: Path, name: str, harm: Callable[[Path], None]
) -> None:
    body = tar_gz(REVIEWS)
    server.serve(body)
    wanted = source(server, body)
    (fetch(wanted, tmp_path).folder / "notes.txt").write_text("of one's own")
    assert fetch(wanted, tmp_path).was_there
    harm(tmp_path / "here" / name)
    fetched = fetch(wanted, tmp_path)
    if (name, harm) == (SUMS, Path.unlink):  # then nothing is known of it
        assert fetched == (tmp_path / "here", True, None)
        return
    assert fetched.note is not None and "here.changed-" in fetched.note and Path(name).name in fetched.note
    (aside,) = tmp_path.glob("here.changed-*")
    assert files_in(tmp_path / "here") == REVIEWS and (aside / "notes.txt").exists()
    assert fetch(wanted, tmp_path) == (tmp_path / "here", True, None)
    assert server.requests == 2


def test_a_cut_connection_leaves_nothing(server: Server, tmp_path: Path) -> None:
    body = tar_gz(REVIEWS)
    server.serve(body[:-10], announced=len(body))
    assert_fails_and_leaves_nothing(source(server, body), tmp_path, "archive: the connection was cut")


def test_a_wrong_checksum_leaves_nothing(server: Server, tmp_path: Path) -> None:
    body, other = tar_gz(REVIEWS), zipped(REVIEWS)
    server.serve(other)
    sums = [hashlib.sha256(data).hexdigest() for data in (body, other)]
    message = f"archive: expected the SHA-256 {sums[0]}, found {sums[1]}"
    assert_fails_and_leaves_nothing(source(server, body), tmp_path, message)


def test_an_address_without_a_file_leaves_nothing(server: Server, tmp_path: Path) -> None:
    absent = Source(f"{server.url}/absent", "0" * 64, "here")
    assert_fails_and_leaves_nothing(absent, tmp_path, "404")


def test_an_absent_server_leaves_nothing(tmp_path: Path) -> None:
    with Server(("127.0.0.1", 0), Handler) as closed:
        url = closed.url
    assert_fails_and_leaves_nothing(Source(url, "0" * 64, "here"), tmp_path, "no connection to the server")


def test_what_is_no_address_leaves_nothing(tmp_path: Path) -> None:
    assert_fails_and_leaves_nothing(Source("archive.zip", "0" * 64, "here"), tmp_path, "Invalid URL")


BROKEN = {"none": b"no archive", "cut": tar_gz(REVIEWS)[:-80], "slip": tar_gz({"../outside.txt": b"!"})}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_archive_leaves_nothing(server: Server, tmp_path: Path, body: bytes) -> None:
    server.serve(body)
    assert_fails_and_leaves_nothing(source(server, body), tmp_path, "archive: the archive cannot be unpacked")


def test_a_zip_archive_cannot_write_outside(server: Server, tmp_path: Path) -> None:
    body = zipped({"../../../outside.txt": b"!", "/rooted.txt": b"!"})
    server.serve(body)
    fetch(source(server, body), tmp_path / "inputs")
    assert set(files_in(tmp_path)) == {"inputs/here/outside.txt", "inputs/here/rooted.txt"}


def test_a_folder_that_cannot_be_written_is_named(server: Server, tmp_path: Path) -> None:
    body = tar_gz(REVIEWS)
    server.serve(body)
    (tmp_path / "inputs").write_text("a file")
    with pytest.raises(InputError, match=r"inputs/here: cannot be written"):
        fetch(source(server, body), tmp_path / "inputs")


def test_the_command_says_what_is_there_already(server: Server, tmp_path: Path) -> None:
    (tmp_path / "glove").mkdir()
    (tmp_path / "glove" / "glove.6B.50d.txt").write_text("the 0.1\n")
    result = run_command("glove", "--into", str(tmp_path), "--url", server.url)
    assert result.exit_code == 0
    assert result.output == f"already there: {tmp_path / 'glove'}\n"
    assert server.requests == 0


def test_the_command_refuses_a_mirror_with_another_file(server: Server, tmp_path: Path) -> None:
    server.serve(tar_gz(REVIEWS))
    result = run_command("imdb", "--into", str(tmp_path), "--url", server.url)
    assert isinstance(result.exception, RnnlabError)
    assert SOURCES["imdb"].sha256 in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def run_command(*arguments: str):
    import typer

    from rnnlab.cli.data_fetch import fetch as command

    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, list(arguments))
