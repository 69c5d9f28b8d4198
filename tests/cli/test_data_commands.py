"""`rnnlab data show` and `rnnlab data check`: what they print, and what they refuse."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Outcome

Call = Callable[..., Outcome]


def test_show_marks_where_the_token_goes(call: Call, tiny: list[str]) -> None:
    outcome = call("data", "show", *tiny, "insert=middle", "-n", "2")
    assert outcome.code == 0 and outcome.err == ""
    assert "train: 40 examples; vocabulary: 17 words; insert=middle" in outcome.out
    rows = [line.split("│")[1:4] for line in outcome.out.splitlines() if "<new" in line]
    assert [row[0].strip() for row in rows] == ["neg", "pos"]
    assert [row[1].strip() for row in rows] == ["7", "7"]
    for row, token in zip(rows, ("<newneg>", "<newpos>"), strict=True):
        words = row[2].split()[::2]
        assert words.index(token) == 3 and len(words) == 7


def test_show_shows_numbers_and_what_is_asked_for(call: Call) -> None:
    outcome = call("data", "show", "task=recall", "task.length=3", "-n", "2")
    assert outcome.code == 0 and "train: drawn without end" in outcome.out
    rows = [line.split("│")[1:4] for line in outcome.out.splitlines() if "│ 3 " in line]
    assert len(rows) == 2
    assert all(row[0].strip() == row[2].split()[0] and len(row[2].split()) == 3 for row in rows)


def test_show_has_no_more_texts_than_there_are(call: Call, tiny: list[str]) -> None:
    outcome = call("data", "show", *tiny, "--split", "valid", "-n", "99")
    assert outcome.code == 0
    assert sum(line.startswith(("│ pos", "│ neg")) for line in outcome.out.splitlines()) == 20


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["data=files"], ["data.train", "value is needed"]),
        (["data=fils"], ["data=fils", "'files'"]),
        (["inser=end"], ["inser", "'insert'"]),
        (["--split", "test"], ["--split test", "train, valid"]),
        (["data.train=nope.tsv"], ["data.train", "nope.tsv"]),
        (["training.epochs=0"], ["training.epochs"]),
    ],
)
def test_show_refuses_what_training_would(
    words: list[str], parts: list[str], call: Call, tiny: list[str]
) -> None:
    outcome = call("data", "show", *(tiny if words[0] != "data=files" else []), *words)
    assert outcome.code == 2 and outcome.out == "" and len(outcome.err.splitlines()) == 1
    assert all(part in outcome.err for part in parts), outcome.err


def test_check_counts_what_is_there(call: Call, tiny: list[str], tmp_path: Path) -> None:
    first = (tmp_path / "train.tsv").read_text().splitlines()[0]
    with (tmp_path / "valid.tsv").open("a") as file:
        file.write(first + "\n")
    outcome = call(
        "data", "check", "train.tsv", "valid.tsv", "--vectors", "vectors.txt", "--tokenizer", "whitespace"
    )
    assert outcome.code == 0 and "no bad lines" in outcome.out
    assert "duplicates across train.tsv and valid.tsv: 1" in outcome.out
    rows = {
        line.split("│")[1].strip(): line.split("│")[2:-1] for line in outcome.out.splitlines() if "│" in line
    }
    assert [cell.strip() for cell in rows["texts"]] == ["40", "21"]
    assert [cell.strip() for cell in rows["negative"]] == ["20 (50.0%)", "11 (52.4%)"]
    assert [cell.strip() for cell in rows["tokens with a vector"]] == ["100.0%", "100.0%"]


def test_check_names_every_bad_line_and_ends_with_2(call: Call, tiny: list[str], tmp_path: Path) -> None:
    (tmp_path / "bad.tsv").write_bytes(b"pos\ta\nneg\tb\nno tab\npos\t\xff\nnice\tc\n")
    outcome = call("data", "check", "train.tsv", "bad.tsv", "nope.tsv")
    assert outcome.code == 2 and "Traceback" not in outcome.err
    bad = [line for line in outcome.out.splitlines() if line.startswith("bad: ")]
    assert [line.split(":")[1].strip() for line in bad] == [
        *(f"bad.tsv, line {number}" for number in (3, 4, 5)),
        "nope.tsv",
    ]


def test_foreign_text_cannot_steer_the_terminal(call: Call, tiny: list[str], tmp_path: Path) -> None:
    with (tmp_path / "train.tsv").open("a") as file:
        file.write("neg\ta\x1b[2Jb [red]c[/red] [/]\n")
    for words in (["show", *tiny, "-n", "99"], ["check", "train.tsv", "train.tsv"]):
        outcome = call("data", *words)
        assert outcome.code == 0 and "\x1b" not in outcome.out + outcome.err
