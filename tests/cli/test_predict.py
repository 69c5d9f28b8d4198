import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from rnnlab.terminal.predictions import ground
from tests.conftest import Command, Outcome
from tests.trained import train_run

HEADER = ["Input text", "Classifier probability", "Output label", "Unknown words"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(train_run(tmp_path_factory.mktemp("run"), "model=boe"))


@pytest.fixture
def predict(call: Callable[..., Outcome], run: str) -> Callable[..., Outcome]:
    """Runs `rnnlab predict RUN WORDS…` on a trained run."""
    return lambda *words: call("predict", run, *words)


def pipe(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR")


def rows_of(outcome: Outcome) -> list[dict[str, str]]:
    assert outcome.code == 0, outcome.err
    return list(csv.DictReader(io.StringIO(outcome.out)))


@pytest.mark.slow
def test_csv_has_a_row_a_text_with_its_unknown_words(predict: Callable[..., Outcome]) -> None:
    good, bad = rows_of(predict("outstanding Zorblax film", "awful", "--format", "csv"))
    assert list(good) == HEADER
    assert [good[name] for name in (HEADER[0], *HEADER[2:])] == ["outstanding Zorblax film", "pos", "zorblax"]
    assert [bad[name] for name in (HEADER[0], *HEADER[2:])] == ["awful", "neg", ""]
    assert float(bad[HEADER[1]]) < 0.5 < float(good[HEADER[1]])


def test_json_lines_are_an_object_a_text(predict: Callable[..., Outcome]) -> None:
    lines = [json.loads(line) for line in predict("awful", "great", "--format", "jsonl").out.splitlines()]
    assert [list(line) for line in lines] == [HEADER, HEADER]
    assert [line["Output label"] for line in lines] == ["neg", "pos"]


def test_table_has_the_three_columns_and_unknown_words_where_there_are_some(
    predict: Callable[..., Outcome],
) -> None:
    header = predict("awful").out.splitlines()[1]
    assert [cell.strip() for cell in header.strip("┃").split("┃")] == HEADER[:3]
    table = predict("awful zorblax").out.splitlines()
    assert [cell.strip() for cell in table[1].strip("┃").split("┃")] == HEADER
    assert table[3].strip("│").split("│")[3].strip() == "zorblax"


def test_a_pipe_gives_a_text_a_line(predict: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, "\ufeffgreat film\r\nawful é\n".encode())
    assert [row["Input text"] for row in rows_of(predict("--format", "csv"))] == ["great film", "awful é"]


@pytest.mark.slow
def test_a_real_pipe_of_a_real_shell(rnnlab: Command, run: str) -> None:
    done = rnnlab("predict", run, "--format", "csv", input="great\nawful\n")
    assert [line.split(",")[2] for line in done.stdout.splitlines()] == ["Output label", "pos", "neg"]
    done = rnnlab("predict", run, input="great film\n\n")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: standard input, line 2: is empty; expected a text of at least one word\n"


def test_a_pipe_without_an_end_is_refused_before_memory_is(
    predict: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Endless(io.BufferedIOBase):
        def __init__(self, line: bytes) -> None:
            self.line = line

        def read(self, size: int | None = -1) -> bytes:
            assert size is not None and size > 0, "asked for all of it at once"
            return self.line * (size // len(self.line))

    monkeypatch.setattr("rnnlab.core.memory.memory_limit", lambda: 2**24)
    for line, said in ((b"\0", "is a binary file"), (b"a film\n", "all at once, would need at least")):
        stdin = SimpleNamespace(buffer=Endless(line), isatty=lambda: False)
        monkeypatch.setattr(sys, "stdin", stdin)
        outcome = predict()
        assert outcome.code == 2 and "standard input: " in outcome.err and said in outcome.err, outcome


def test_a_file_without_labels_has_a_text_a_line(predict: Callable[..., Outcome], tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("great\tfilm\nawful\n")
    outcome = predict("--file", "texts.txt", "--format", "csv")
    assert [row["Input text"] for row in rows_of(outcome)] == ["great\tfilm", "awful"]
    assert "accuracy" not in outcome.out + outcome.err


LABELLED = {
    "t.tsv": "pos\tgreat film\nneg\tawful\npos\tboring\npos\toutstanding\n",
    "t.csv": "sentiment,review\npos,great film\nneg,awful\npos,boring\npos,outstanding\n",
}


@pytest.mark.parametrize("name", LABELLED)
def test_a_file_with_labels_gives_accuracy_and_confusion_too(
    predict: Callable[..., Outcome], tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text(LABELLED[name])
    out = predict("--file", name).out
    assert "accuracy 0.7500 over 4 texts" in out
    counts = [line.split("│")[1:4] for line in out.splitlines() if line.startswith(("│ neg ", "│ pos "))]
    assert [[cell.strip() for cell in row] for row in counts] == [["neg", "1", "0"], ["pos", "1", "2"]]
    outcome = predict("--file", name, "--format", "csv")
    assert [row["True label"] for row in rows_of(outcome)] == ["pos", "neg", "pos", "pos"]
    assert "accuracy 0.7500" in outcome.err


def test_trace_gives_the_probability_after_every_token(predict: Callable[..., Outcome]) -> None:
    rows = rows_of(predict("--trace", "--format", "csv", "great zorblax film", "awful"))
    assert [(row["Text"], row["Position"], row["Token"], row["Known"]) for row in rows] == [
        ("1", "1", "great", "True"),
        ("1", "2", "zorblax", "False"),
        ("1", "3", "film", "True"),
        ("2", "1", "awful", "True"),
    ]
    whole = rows_of(predict("great zorblax film", "--format", "csv"))[0]["Classifier probability"]
    assert float(rows[2]["Classifier probability"]) == pytest.approx(float(whole), abs=1e-12)


def test_attribute_gives_shares_that_add_up(predict: Callable[..., Outcome]) -> None:
    outcome = predict("--attribute", "--format", "csv", "great awful film")
    rows = rows_of(outcome)
    change = float(rows[0]["Logit"]) - float(rows[0]["Baseline logit"])
    shares = {row["Token"]: float(row["Attribution"]) for row in rows}
    assert sum(shares.values()) == pytest.approx(change, rel=0.01, abs=0.001)
    assert shares["awful"] < 0 < shares["great"]
    assert "baseline: zero vectors" in outcome.err


@pytest.mark.parametrize("option", ["--trace", "--attribute"])
def test_tokens_are_coloured_on_a_terminal_and_numbered(
    predict: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    on_a_terminal(monkeypatch)
    out = predict(option, "great zorblax [red]film").out
    assert "[red]film" in out
    assert out.count("\x1b[") > 6
    assert "struck out: unknown to the run" in out
    assert (" steps)" in out) == (option == "--attribute")


def test_colours_lean_to_red_for_neg_and_to_blue_for_pos() -> None:
    assert [ground(leaning) for leaning in (-1.0, 0.0, 1.0)] == [
        "black on rgb(250,90,70)",
        "black on rgb(247,247,247)",
        "black on rgb(70,130,250)",
    ]


@pytest.mark.parametrize("form", ["table", "csv", "jsonl"])
def test_a_text_cannot_steer_the_terminal(
    predict: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    on_a_terminal(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    out = predict("great \x1b[2Jfilm \x9b0m [bold]x", "--format", form).out
    assert "[bold]x" in out
    assert "\x1b[2J" not in out
    assert "\x9b" not in out


def test_in_a_pipe_texts_stay_as_they_are(predict: Callable[..., Outcome]) -> None:
    text = 'great "\x1b[2J", film'
    assert rows_of(predict(text, "--format", "csv"))[0]["Input text"] == text
    assert json.loads(predict(text, "--format", "jsonl").out)["Input text"] == text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["great", ""], "text 2: is empty; expected a text of at least one word"),
        (["<br/>"], "text 1: is empty"),
        (["great \udcff"], "text 1: not UTF-8"),
        (["--file", "none.txt"], "none.txt: no such file"),
        (["--file", "blank.txt"], "blank.txt, line 2: is empty; expected a text"),
        (["--file", "empty.txt"], "empty.txt: is empty; expected a text per line"),
        (["--file", "latin.txt"], "latin.txt, line 1: not UTF-8 (0xe9 at byte 4)"),
        (["--file", "mixed.tsv"], "mixed.tsv, line 2: no tab; expected label<TAB>text"),
        (["--file", "blank.txt", "great"], "--file: makes no sense beside a TEXT"),
        (["--trace", "--attribute", "great"], "--trace and --attribute: make no sense together"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    predict: Callable[..., Outcome], tmp_path: Path, words: list[str], message: str
) -> None:
    (tmp_path / "blank.txt").write_text("great\n \nfilm\n")
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9\n")
    (tmp_path / "mixed.tsv").write_text("pos\tgreat\nfilm\n")
    outcome = predict(*words)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"error: {message}")
    assert outcome.err.count("\n") == 1


def test_without_a_text_or_a_pipe_it_asks_for_one(
    predict: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe(monkeypatch, b"")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    outcome = predict()
    assert outcome.code == 2
    assert outcome.err.startswith("error: no text: give one after the run")
