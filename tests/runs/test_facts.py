"""What a run remembers of machine and code."""

import subprocess
from pathlib import Path

import pytest
import torch

from rnnlab.runs.facts import git_state, peak_memory_mib, versions


def test_versions_are_those_of_what_is_imported() -> None:
    found = versions()
    assert found["torch"] == torch.__version__ and found["python"].startswith("3.")


def test_the_version_of_torch_is_whole_where_the_metadata_cuts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "__version__", "2.13.0+cu130")
    monkeypatch.setattr("rnnlab.runs.facts.version", lambda package: "2.13.0")
    assert versions()["torch"] == "2.13.0+cu130"


def test_outside_git_there_is_no_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    assert git_state() is None


def test_the_commit_and_whether_something_changed_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def git(*words: str) -> str:
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
        return subprocess.run(
            ["git", *identity, *words], check=True, capture_output=True, text=True
        ).stdout.strip()

    git("init", "--quiet")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "--quiet", "--message", "one")
    assert git_state() == {"commit": git("rev-parse", "HEAD"), "dirty": False}
    (tmp_path / "a").write_text("2")
    assert git_state() == {"commit": git("rev-parse", "HEAD"), "dirty": True}


def test_peak_memory_is_in_mebibytes() -> None:
    assert 50 < peak_memory_mib() < 100_000
