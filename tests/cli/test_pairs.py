import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Outcome
from tests.trained import train_run

SUITES = ["order", "negation", "intensifier-early", "intensifier-late", "intensifier-moved", "clauses"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(train_run(tmp_path_factory.mktemp("run"), "model=boe"))


@pytest.fixture
def pairs(call: Callable[..., Outcome], run: str) -> Callable[..., Outcome]:
    """Runs `rnnlab pairs RUN WORDS…` on a trained bag of embeddings."""
    return lambda *words: call("pairs", run, *words)


def table_of(out: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip("│").split("│")]
        for line in out.splitlines()
        if line.startswith("│")
    ]


@pytest.mark.slow
def test_all_suites_are_reported(pairs: Callable[..., Outcome]) -> None:
    outcome = pairs()
    rows = table_of(outcome.out)
    assert [row[0] for row in rows] == SUITES
    assert all(int(row[1]) >= 50 for row in rows)
    assert "unknown to the run, and so all alike to it: " in outcome.err


def test_a_pair_has_a_row_as_in_the_file_of_the_runs_end(pairs: Callable[..., Outcome], run: str) -> None:
    printed = list(csv.DictReader(io.StringIO(pairs("--format", "csv").out)))
    with (Path(run) / "pairs.csv").open(newline="") as file:
        assert printed == list(csv.DictReader(file))
    assert {row["epoch"] for row in printed} == {"6"}


def test_a_bag_of_embeddings_ties_on_word_order(pairs: Callable[..., Outcome]) -> None:
    rows = table_of(pairs("--suite", "order", "--suite", "clauses").out)
    assert len(rows) == 2
    for row in rows:
        _, number, same_words, ties, right, wrong, share, *_ = row
        assert number == same_words == ties
        assert [right, wrong, share] == ["0", "0", "-"]


def test_own_pairs_are_judged(pairs: Callable[..., Outcome], tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(
        "positive,negative\ngreat film,awful film\nboring,outstanding\n[red] film,film [red]\n"
    )
    rows = list(csv.DictReader(io.StringIO(pairs("--file", "own.csv", "--format", "csv").out)))
    assert [row["outcome"] for row in rows] == ["right", "wrong", "tie"]
    assert [row["first"] for row in rows] == ["great film", "boring", "[red] film"]
    assert [row["unknown"] for row in rows] == ["", "", "[red]"]
    (row,) = table_of(pairs("--file", "own.csv").out)
    assert row[:7] == ["own", "3", "1", "1", "1", "1", "0.5000"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--file", "own.csv"], "own.csv, line 1: no column negative in the header"),
        (["--file", "blank.csv"], "blank.csv, line 2: is empty; expected a text of at least one word"),
        (["--file", "none.csv"], "none.csv: no such file"),
        (["--suite", "negatoin"], "--suite 'negatoin' is not one of"),
        (["--suite", "order", "--file", "own.csv"], "--suite and --file: make no sense together"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    pairs: Callable[..., Outcome], tmp_path: Path, words: list[str], message: str
) -> None:
    (tmp_path / "own.csv").write_text("positive,negatve\ngood,bad\n")
    (tmp_path / "blank.csv").write_text("positive,negative\ngood,\n")
    outcome = pairs(*words)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"error: {message}")
    assert outcome.err.count("\n") == 1
