import hashlib
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
