"""`rnnlab generate` on runs trained here."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.test_bad_input import assert_one_line
from tests.cli.texts_to_train_on import write_series, write_tagged, write_text
from tests.conftest import Outcome

Call = Callable[..., Outcome]
TOKENS = {"characters": "character", "words": "word"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs `characters` and `words` on the same text; to be copied."""
    from rnnlab.cli.app import main

    folder = tmp_path_factory.mktemp("language")
    words = write_text(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("HYDRA_FULL_ERROR", "1")
        patch.setattr("rnnlab.workflows.train.write_artifacts", lambda run: {})
        for name, token in TOKENS.items():
            further = [f"task.token={token}", "training.epochs=4", "optimizer.lr=0.02"]
            patch.setattr(sys, "argv", ["rnnlab", "train", *words, *further, f"hydra.run.dir=outputs/{name}"])
            with pytest.raises(SystemExit) as stop:
                main()
            assert not stop.value.code
    return folder


@pytest.fixture
def language(trained: Path, tmp_path: Path) -> Path:
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return tmp_path


def go_on(call: Call, run: str, *words: str) -> str:
    outcome = call("generate", run, *words)
    assert outcome.code == 0 and outcome.err == "", outcome
    return outcome.out.rstrip("\n")


def test_words_of_the_text_follow_the_prompt(call: Call, language: Path) -> None:
    out = go_on(call, "words", "--prompt", "the whale", "--length", "12").split(" ")
    known = set((language / "text.txt").read_text().split())
    assert out[:2] == ["the", "whale"] and len(out) == 14 and set(out) <= known


def test_characters_of_the_text_follow_the_prompt(call: Call, language: Path) -> None:
    out = go_on(call, "characters", "--prompt", "the wh", "--length", "80", "--temperature", "0.5")
    assert out.startswith("the wh")
    known = set((language / "text.txt").read_text().replace("\n", " "))
    # white space at the end, or two spaces, may be printed as one
    assert set(out) <= known and 60 <= len(out) <= 86


@pytest.mark.parametrize("run", TOKENS)
def test_the_same_seed_writes_the_same_text_and_another_another(run: str, call: Call, language: Path) -> None:
    words = ["--prompt", "the", "--length", "60", "--temperature", "1.5"]
    one, again, other = (go_on(call, run, *words, "--seed", seed) for seed in ("1", "1", "2"))
    assert one == again != other


@pytest.mark.parametrize("run", TOKENS)
def test_at_temperature_zero_the_seed_is_of_no_matter(run: str, call: Call, language: Path) -> None:
    words = ["--prompt", "the", "--temperature", "0", "--seed"]
    assert go_on(call, run, *words, "1") == go_on(call, run, *words, "2")


@pytest.mark.parametrize("run", TOKENS)
def test_without_a_prompt_it_begins_by_itself(run: str, call: Call, language: Path) -> None:
    assert go_on(call, run, "--length", "30")


def test_what_the_run_does_not_know_is_noted(call: Call, language: Path) -> None:
    outcome = call("generate", "characters", "--prompt", "the ÄXÄ")
    assert outcome.code == 0 and outcome.out.startswith("the ÄXÄ")
    assert outcome.err == "note: unknown to the run, and read as <unk>: X Ä\n"
    outcome = call("generate", "words", "--prompt", "<pad> harpoon whale")
    assert outcome.code == 0
    assert outcome.err == "note: unknown to the run, and read as <unk>: <pad> harpoon\n"


def test_padding_and_unknown_are_never_written(call: Call, language: Path) -> None:
    out = go_on(call, "words", "--length", "300", "--temperature", "100")
    assert "<pad>" not in out and "<unk>" not in out and len(set(out.split())) > 8


@pytest.mark.parametrize("temperature", ["-1", "nan", "inf", "hot"])
def test_a_temperature_that_is_none_is_refused(temperature: str, call: Call, language: Path) -> None:
    outcome = call("generate", "words", "--temperature", temperature)
    assert (outcome.code, outcome.out) == (2, "")
    assert "--temperature" in outcome.err and "Traceback" not in outcome.err


def test_no_length_and_an_unknown_run_are_refused(call: Call, language: Path) -> None:
    assert call("generate", "words", "--length", "0").code == 2
    assert_one_line(call("generate", "wrds"), "wrds")


def test_runs_of_other_tasks_are_refused(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnnlab.workflows.train.write_artifacts", lambda run: {})
    assert call("train", *write_tagged(tmp_path), "training.epochs=1", "hydra.run.dir=outputs/one").code == 0
    outcome = call("generate", "latest")
    assert_one_line(outcome, "task=language", "this run's task is tagging")
    assert outcome.out == ""


def test_what_says_nothing_of_a_series_or_of_a_text_is_refused(
    call: Call, tmp_path: Path, language: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_one_line(call("generate", "words", "--start", "3"), "--start")
    monkeypatch.setattr("rnnlab.workflows.train.write_artifacts", lambda run: {})
    words = [*write_series(tmp_path), "training.epochs=1", "hydra.run.dir=outputs/one"]
    assert call("train", *words).code == 0
    for option in (["--prompt", "a"], ["--temperature", "2"], ["--seed", "3"]):
        assert_one_line(call("generate", "outputs/one", *option), option[0], "task=series")
    told = call("generate", "outputs/one", "--length", "2")
    assert told.code == 0 and "reading its own outputs" in told.out
