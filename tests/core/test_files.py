import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rnnlab.core.files import atomic_path, fingerprint, sha256, write_text


def test_a_file_is_replaced_when_all_went_well(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    write_text(path, "né\n")
    assert path.read_bytes() == "né\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError, match="cut"), atomic_path(path) as temporary:
        temporary.write_text("half")
        assert path.read_text() == "old"
        raise RuntimeError("cut")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


OTHERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a folder": (Path.mkdir, "is a folder"),
    "a pipe": (os.mkfifo, "is a pipe"),
    "a symbolic link": (lambda path: path.symlink_to("there"), "is a symbolic link"),
    "a link to nothing": (lambda path: path.symlink_to("nothing"), "is a symbolic link"),
}


@pytest.mark.parametrize(("make", "said"), OTHERS.values(), ids=OTHERS.keys())
def test_what_is_no_file_is_neither_replaced_nor_followed(
    make: Callable[[Path], object], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path may not be long
    (tmp_path / "there").write_text("mine")
    path = tmp_path / "a"
    make(path)
    before = path.lstat()
    with pytest.raises(OSError, match=said):
        write_text(path, "new")
    assert path.lstat().st_ino == before.st_ino and path.lstat().st_mode == before.st_mode
    assert sorted(found.name for found in tmp_path.iterdir()) == ["a", "there"]
    assert (tmp_path / "there").read_text() == "mine"


@pytest.mark.parametrize("name", ["/dev/null", "/dev/stdout", "/dev/full"])
def test_a_device_is_never_replaced(name: str) -> None:
    with pytest.raises(OSError, match=r"is a (device|symbolic link)"):
        write_text(Path(name), "new")
    assert (Path(name).exists() and not Path(name).is_file()) or Path(name).is_symlink()


def test_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    # FIPS 180-4's own example
    assert sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert fingerprint(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()


def test_a_folders_fingerprint_changes_with_names_and_contents(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (folder / "pos").mkdir(parents=True)
    (folder / "pos" / "1.txt").write_text("good")
    seen = [fingerprint(folder)]
    (folder / "pos" / "1.txt").write_text("better")
    seen.append(fingerprint(folder))
    (folder / "pos" / "1.txt").rename(folder / "pos" / "2.txt")
    seen.append(fingerprint(folder))
    assert len(set(seen)) == 3
    assert fingerprint(folder.rename(tmp_path / "moved")) == seen[-1]
