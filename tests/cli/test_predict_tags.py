"""`rnnlab predict` on a tagger: a tag for every word."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

from tests.conftest import Outcome

Call = Callable[..., Outcome]

SENTENCES = "the\tDET\ncat\tNOUN\nsleeps\tVERB\n\na\tDET\ndog\tNOUN\nbarks\tVERB\n\n"


def train(call: Call, tmp_path: Path) -> None:
    (tmp_path / "train.tsv").write_text(SENTENCES * 10)
    (tmp_path / "valid.tsv").write_text(SENTENCES)
    words = ["task=tagging", "data.train=train.tsv", "data.valid=valid.tsv", "model.hidden_size=8"]
    assert call("train", *words, "training.epochs=20", "optimizer.lr=0.05").code == 0


def test_every_word_gets_its_tag_and_unknown_ones_are_named(call: Call, tmp_path: Path) -> None:
    train(call, tmp_path)
    outcome = call("predict", "latest", "a cat barks", "the zebra sleeps", "--format", "csv")
    assert outcome.code == 0
    rows = list(csv.DictReader(io.StringIO(outcome.out)))
    assert [row["Tag"] for row in rows[:3]] == ["DET", "NOUN", "VERB"]
    assert [row["Known"] for row in rows] == ["True"] * 4 + ["False", "True"]
    assert all(1 / 3 < float(row["Probability"]) <= 1 for row in rows)
    assert [row["Text"] for row in rows] == ["text 1"] * 3 + ["text 2"] * 3


def test_what_a_tagger_cannot_show_is_said_in_a_line(call: Call, tmp_path: Path) -> None:
    train(call, tmp_path)
    for words in (["--trace", "a cat"], ["--attribute", "a cat"], [" "]):
        outcome = call("predict", "latest", *words)
        assert outcome.code == 2 and outcome.out == ""
        assert outcome.err.startswith("error: ") and outcome.err.count("\n") == 1
