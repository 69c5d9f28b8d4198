"""A run folder is claimed once, and every file in it is whole at any moment."""

import json
import math
from pathlib import Path

import pytest

from rnnlab.core.errors import InputError
from rnnlab.runs.writer import RunWriter


def test_a_folder_is_claimed_by_one_run_only(tmp_path: Path) -> None:
    RunWriter(tmp_path / "run")
    with pytest.raises(InputError, match="holds a run already"):
        RunWriter(tmp_path / "run")


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        RunWriter(tmp_path / "file" / "run")


def test_numbers_are_written_in_full_and_none_as_empty_cells(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run")
    writer.row({"epoch": 0, "loss": 0.1 + 0.2, "acc": None})
    writer.row({"epoch": 1, "loss": math.nan, "acc": 1e-300})
    text = (tmp_path / "run" / "metrics.csv").read_text()
    assert text == "epoch,loss,acc\n0,0.30000000000000004,\n1,,1e-300\n"


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = RunWriter(tmp_path / "run")
    writer.summary({"status": "running"})

    def fail(self: Path, target: Path) -> None:
        raise OSError(28, "the disk is full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="full"):
        writer.summary({"status": "finished"})
    assert json.loads((tmp_path / "run" / "summary.json").read_text()) == {"status": "running"}
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"checkpoints", "summary.json"}
