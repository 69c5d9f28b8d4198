from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from rnnlab.cli.data_check import check
from rnnlab.data.check import check_files, find_duplicates, histogram
from rnnlab.data.readers import survey

TRAIN = "pos\tA fine film\nneg\tA dull film\nneg\ta  FINE film\n"
TEST = "pos\ta dull FILM\nneg\tso long\n"


@pytest.fixture
def train(tmp_path: Path) -> Path:
    path = tmp_path / "train.tsv"
    path.write_text(TRAIN)
    return path


@pytest.fixture
def test(tmp_path: Path) -> Path:
    path = tmp_path / "test.tsv"
    path.write_text(TEST)
    return path


def run(*arguments: str | Path) -> Result:
    app = typer.Typer()
    app.command()(check)
    command = [*map(str, arguments), "--tokenizer", "whitespace"]
    return CliRunner().invoke(app, command, env={"COLUMNS": "100"})


def figures_of(output: str) -> dict[str, list[str]]:
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in output.splitlines() if "│" in line]
    return {name: values for name, *values in rows}


def test_figures_are_those_of_the_texts(train: Path, test: Path, tmp_path: Path) -> None:
    vectors = tmp_path / "vectors.txt"
    vectors.write_text("film 1 2\na 3 4\nso 5 6\n")
    result = run(train, test, "--vectors", vectors)
    assert result.exit_code == 0, result.output
    assert figures_of(result.output) == {
        "texts": ["3", "2"],
        "negative": ["2 (66.7%)", "1 (50.0%)"],
        "positive": ["1 (33.3%)", "1 (50.0%)"],
        "empty texts": ["0", "0"],
        "bad lines": ["0", "0"],
        "tokens": ["9", "5"],
        "mean length": ["3.0", "2.5"],
        "longest": ["3", "3"],
        "vocabulary": ["4", "5"],
        "words with a vector": ["50.0%", "60.0%"],
        "tokens with a vector": ["66.7%", "60.0%"],
    }
    assert "no bad lines" in result.output


def test_lengths_are_drawn(train: Path) -> None:
    train.write_text("pos\tone two\nneg\tthree\npos\tfour\n")
    lines = run(train).output.splitlines()
    bars = {fields[0]: fields[1:] for line in lines if len(fields := line.split()) == 3 and "━" in fields[2]}
    assert bars == {"1": ["2", "━" * 40], "2": ["1", "━" * 20]}


def test_duplicates_are_counted_within_and_across(train: Path, test: Path) -> None:
    duplicates = find_duplicates([survey(train), survey(test)])
    assert duplicates.within == [1, 0]
    assert duplicates.across == {(0, 1): 1}
    assert duplicates.opposite == 2
    assert duplicates.groups == [
        [f"{train}, line 1", f"{train}, line 3"],
        [f"{train}, line 2", f"{test}, line 1"],
    ]
    output = run(train, test).output
    assert f"duplicates within {train}: 1\n" in output
    assert f"duplicates across {train} and {test}: 1\n" in output
    assert f"  the same text: {train}, line 2; {test}, line 1\n" in output


def test_every_bad_line_is_listed_by_number(train: Path, test: Path) -> None:
    train.write_text(TRAIN + "no tab\npos\tgood\nmeh\tso so\n")
    result = run(test, train)
    assert result.exit_code == 2
    assert f"bad: {train}, line 4: no tab" in result.output
    assert f"bad: {train}, line 6: unknown label 'meh'" in result.output
    assert figures_of(result.output)["bad lines"] == ["0", "2"]
    assert figures_of(result.output)["texts"] == ["2", "4"]


def test_a_file_that_cannot_be_read_does_not_hide_the_others(train: Path, tmp_path: Path) -> None:
    result = run(tmp_path / "tran.tsv", train)
    assert result.exit_code == 2
    assert f"bad: {tmp_path / 'tran.tsv'}: no such file or folder; did you mean 'train.tsv'?" in result.output
    assert figures_of(result.output)["texts"] == ["3"]


def test_only_a_missing_file_gives_one_line(tmp_path: Path) -> None:
    result = run(tmp_path / "nothing")
    assert result.exit_code == 2
    assert result.stdout == f"bad: {tmp_path / 'nothing'}: no such file or folder\n"


def test_what_training_refuses_is_bad_here_too(tmp_path: Path) -> None:
    one_class = tmp_path / "one.tsv"
    one_class.write_text("pos\tfine\n")
    assert "one.tsv: all 1 texts are positive" in run(one_class).output
    hollow = tmp_path / "hollow.tsv"
    hollow.write_text("pos\tfine\nneg\t<br />\nneg\tdull\n")
    assert "hollow.tsv: 1 of 3 texts hold no token" in run(hollow).output
    assert run(hollow, "--keep-html").exit_code == 0


def test_empty_texts_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("pos\tfine\nneg\tdull\n" * 50 + "pos\t\n")
    result = run(path)
    assert result.exit_code == 0
    assert f"empty: {path}, line 101\n" in result.output


def test_text_of_the_data_cannot_reach_the_terminal_raw(tmp_path: Path) -> None:
    path = tmp_path / "[red]a\x1b[31m:smile:.tsv"
    path.write_text("pos\tfine\nneg\tdull\n[bold]\x1b[2J\x07[/bold]\tx\n[/nothing]\n")
    result = run(path)
    assert result.exit_code == 2, result.exception
    assert "\x1b" not in result.output
    assert "\x07" not in result.output
    assert r"unknown label '[bold]\x1b[2J\x07[/bold]'" in result.output
    assert "found '[/nothing]'" in result.output
    assert r"[red]a\x1b[31m:smile:.tsv" in result.output


def test_a_histogram_counts_every_text_in_ranges_of_a_round_width() -> None:
    lengths = np.array([0, 9, 10, 59, 60, 5000] + [30] * 1000, dtype=np.int64)
    assert histogram(lengths) == [
        ("0–4", 1), ("5–9", 1), ("10–14", 1), ("15–19", 0), ("20–24", 0),
        ("25–29", 0), ("30–34", 1000), ("35–39", 0), ("40–44", 0), ("45+", 3),
    ]  # fmt: skip


@pytest.mark.slow
def test_real_coverage_is_that_of_the_sample(real_data: Path) -> None:
    report = check_files(
        [real_data / "imdb-train.tsv"],
        vectors=real_data / "glove_6B_50_sample_train.txt",
        tokenizer="spacy",
        strip_html=False,
    )
    (split,) = report.splits
    assert split.errors == []
    assert split.labels == {"neg": 500, "pos": 500}
    assert split.covered_tokens is not None
    assert split.covered_tokens > 0.95
