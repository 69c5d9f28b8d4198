"""The wheel: what it says of itself, and that rnnlab works from it alone."""

import os
import subprocess
import sys
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True)
    (built,) = folder.glob("*.whl")
    return built


def files(folder: str) -> set[str]:
    """Returns the paths of a folder's files, relative to the repository."""
    found = (path for path in (REPOSITORY / folder).rglob("*") if path.is_file())
    return {path.relative_to(REPOSITORY).as_posix() for path in found if "__pycache__" not in path.parts}


def test_the_wheel_holds_code_configurations_sample_templates_and_the_mark_of_types(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    beside = files("configs") | files("inputs/sample")
    assert beside and {f"rnnlab/{name}" for name in beside} <= names
    assert {"rnnlab/py.typed", "rnnlab/reports/templates/report.html"} <= files("rnnlab") <= names
    assert not any(name.startswith(("tests/", "docs/", "outputs/")) for name in names)


def test_the_wheel_names_its_license_and_the_same_version_as_the_citation(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = message_from_string(archive.read(name).decode())
    assert (metadata["License-Expression"], metadata["License-File"]) == ("MIT", "LICENSE")
    citation = (REPOSITORY / "CITATION.cff").read_text()
    assert f"\nversion: {metadata['Version']}\n" in citation
    assert f"\n## {metadata['Version']} " in (REPOSITORY / "CHANGELOG.md").read_text()


def test_installed_alone_it_trains_on_the_sample_and_writes_a_report(wheel: Path, tmp_path: Path) -> None:
    site, folder = tmp_path / "site", tmp_path / "folder"
    folder.mkdir()
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile"]
    subprocess.run([*install, "--target", str(site), str(wheel)], check=True, capture_output=True, text=True)

    def run(*words: str) -> str:
        environment = {**os.environ, "PYTHONPATH": str(site), "OMP_NUM_THREADS": "1", "COLUMNS": "160"}
        command = [sys.executable, str(site / "bin" / "rnnlab"), *words]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "horizon" in run("--help")
    printed = run("train", "model=boe", "insert=end", "training.epochs=1", "hydra.run.dir=outputs/one")
    assert "run folder: " in printed
    assert (folder / "outputs" / "one" / "report.html").stat().st_size > 10_000
    configuration = (folder / "outputs" / "one" / "config.yaml").read_text()
    assert str(site / "rnnlab" / "inputs" / "sample") in configuration
