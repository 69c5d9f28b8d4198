"""`rnnlab evaluate`: figures of a finished run, on its own splits or any file."""

import csv
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn.metrics import brier_score_loss, f1_score, roc_auc_score

import rnnlab
from rnnlab.core.intervals import wilson
from tests.conftest import Outcome, write_tiny

Call = Callable[..., Outcome]


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return tmp_path / "outputs" / "one"


def figures(outcome: Outcome) -> tuple[list[float], list[list[int]]]:
    """Returns accuracy and loss, and counts[label][predicted], as they are printed."""
    assert outcome.code == 0, outcome
    (net,) = re.findall(r"│ net +│ +(\d\.\d{4}) │ +(\d\.\d{4}) │", outcome.out)
    metrics = [float(number) for number in net]
    rows = re.findall(r"│ (?:neg|pos)\s+│ ([\d,]+)\s+│ ([\d,]+)", outcome.out)
    return metrics, [[int(count.replace(",", "")) for count in row] for row in rows]


def test_the_figures_are_those_of_the_last_epoch_and_the_table_adds_up(call: Call, run: Path) -> None:
    outcome = call("evaluate", "one")
    metrics, table = figures(outcome)
    *_, last = csv.DictReader((run / "metrics.csv").read_text().splitlines())
    assert metrics == pytest.approx([float(last["valid_acc"]), float(last["valid_loss"])], abs=1e-4)
    assert [sum(row) for row in table] == [10, 10]
    assert (table[0][0] + table[1][1]) / 20 == pytest.approx(metrics[0], abs=1e-4)
    assert "epoch 2, on valid (20 texts)" in outcome.out and outcome.err == ""


def test_a_split_or_checkpoint_can_be_chosen(call: Call, run: Path) -> None:
    assert sum(map(sum, figures(call("evaluate", "one", "--split", "train"))[1])) == 40
    (run / "checkpoints" / "best.safetensors").unlink()
    outcome = call("evaluate", "one", "--checkpoint", "best")
    assert outcome.code == 2 and "best.safetensors" in outcome.err


def test_a_file_is_evaluated_without_inserted_tokens(call: Call, run: Path, tmp_path: Path) -> None:
    lines = [line.split("\t") for line in (tmp_path / "valid.tsv").read_text().splitlines()]
    flipped = [f"{'neg' if label == 'pos' else 'pos'}\t{text}\n" for label, text in lines]
    (tmp_path / "flipped [b].tsv").write_text("".join(flipped))
    right = figures(call("evaluate", "one", "data.test=valid.tsv"))
    outcome = call("evaluate", "one", "data.test=flipped [b].tsv")
    wrong = figures(outcome)
    assert "on flipped [b].tsv (20 texts)" in outcome.out
    assert right[0][0] + wrong[0][0] == pytest.approx(1) and right[1][::-1] == wrong[1]
    # The training saw every text with its class's token; the file has none.
    assert right[0] != figures(call("evaluate", "one"))[0]


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["nope"], ["no run 'nope'"]),
        (["oen"], ["'one'"]),
        (["one", "data.tset=x"], ["data.tset", "'data.test'"]),
        (["one", "data.test="], ["data.test", "PATH"]),
        (["one", "data.test=valud.tsv"], ["valud.tsv", "'valid.tsv'"]),
        (["one", "--split", "test"], ["--split test", "train, valid"]),
        (["one", "data.test=valid.tsv", "--split", "train"], ["--split train", "data.test"]),
    ],
)
def test_what_is_not_there_is_refused(words: list[str], parts: list[str], call: Call, run: Path) -> None:
    outcome = call("evaluate", *words)
    assert outcome.code == 2 and outcome.out == "" and len(outcome.err.splitlines()) == 1
    assert all(part in outcome.err for part in parts), outcome.err


def test_texts_that_changed_since_are_not_evaluated_as_if_they_had_not(
    call: Call, run: Path, tmp_path: Path
) -> None:
    with (tmp_path / "train.tsv").open("a") as file:
        file.write("pos\tsomething new\n")
    outcome = call("evaluate", "one", "--split", "train")
    assert outcome.code == 2 and "train.tsv" in outcome.err and "changed" in outcome.err


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "checkpoint cut off": (lambda run: _cut(run / "checkpoints" / "last.safetensors"), "last.safetensors"),
    "no vocabulary": (lambda run: (run / "vocabulary.txt").unlink(), "vocabulary.txt"),
    "other vocabulary": (
        lambda run: (run / "vocabulary.txt").write_text("<pad>\n<unk>\n"),
        "embedding.weight",
    ),
    "no YAML": (lambda run: (run / "config.yaml").write_text("*a: ["), "config.yaml"),
    "no mapping": (lambda run: (run / "config.yaml").write_text("- 1"), "config.yaml"),
}


@pytest.mark.parametrize(("spoil", "part"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_run_is_refused_in_one_line(
    spoil: Callable[[Path], object], part: str, call: Call, run: Path
) -> None:
    spoil(run)
    outcome = call("evaluate", "one")
    assert outcome.code == 2 and len(outcome.err.splitlines()) == 1 and part in outcome.err


def test_a_strangers_run_runs_no_code(call: Call, run: Path, tmp_path: Path) -> None:
    text = (run / "config.yaml").read_text()
    assert "rnnlab.models.boe.BoE" in text
    (run / "config.yaml").write_text(text.replace("rnnlab.models.boe.BoE", "os.mkdir"))
    outcome = call("evaluate", "one")
    assert outcome.code == 2 and "model._target_" in outcome.err and "'os.mkdir'" in outcome.err


def test_scores_are_scikit_learns_and_their_tables_lie_in_the_run_folder_and_its_page(
    call: Call, run: Path
) -> None:
    outcome = call("evaluate", "one", "data.test=valid.tsv")
    assert outcome.code == 0, outcome
    rows = call("predict", "one", "--file", "valid.tsv", "--format", "csv").out.splitlines()
    texts = list(csv.DictReader(rows))
    true = np.array([text["True label"] == "pos" for text in texts])
    chances = np.array([float(text["Classifier probability"]) for text in texts])
    called = chances > 0.5
    scores = pd.read_csv(run / "evaluation.csv").set_index("measure")
    expected = {
        "accuracy": (true == called).mean(),
        "F1, pos": f1_score(true, called),
        "F1, macro average": f1_score(true, called, average="macro"),
        "ROC-AUC": roc_auc_score(true, chances),
        "Brier score": brier_score_loss(true, chances),
    }
    assert 0 < expected["Brier score"] < 0.5 and set(scores["on"]) == {"valid.tsv"}
    for measure, value in expected.items():
        assert scores.loc[measure, "net"] == pytest.approx(value, abs=1e-6), measure
        assert f"{value:.4f}" in outcome.out
    ends = wilson(int((true == called).sum()), 20)
    assert tuple(scores.loc["accuracy", ["low", "high"]]) == pytest.approx(ends)
    rules = scores.loc["accuracy", "by_rule"], scores.loc["Brier score", "by_rule"]
    assert scores.loc["accuracy", "rule"] == "always neg" and rules == (0.5, 0.25)
    by_class = pd.read_csv(run / "evaluation_classes.csv").set_index("label")
    assert by_class.loc["neg", "f1"] == pytest.approx(f1_score(~true, ~called))
    bins = pd.read_csv(run / "calibration.csv")
    assert bins["count"].sum() == 20 and (bins["low"] <= bins["right"]).all()
    assert "0.05" in outcome.out and (run / "figures" / "calibration.png").read_bytes()[1:4] == b"PNG"
    for name in ("evaluation.csv", "evaluation_classes.csv", "calibration.csv", "calibration.png"):
        assert name in outcome.out
    assert call("report", "one").code == 0
    page = (run / "report.html").read_text()
    assert "Confidence against accuracy, on valid.tsv" in page and "ROC-AUC" in page


@pytest.fixture
def two(run: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A second run, on the same texts, of another model that has hardly learned."""
    monkeypatch.setattr("rnnlab.workflows.train.write_artifacts", lambda run: {})
    words = [word for word in write_tiny(tmp_path) if not word.startswith("model")]
    assert call("train", *words, "model=rnn", "insert=start", "hydra.run.dir=outputs/two").code == 0
    return tmp_path / "outputs" / "two"


def test_two_runs_on_the_same_texts_have_mcnemars_test(call: Call, run: Path, two: Path) -> None:
    rows = [
        list(csv.DictReader(call("predict", name, "--file", "valid.tsv", "--format", "csv").out.splitlines()))
        for name in ("one", "two")
    ]
    one, other = ([row["True label"] == row["Output label"] for row in of_run] for of_run in rows)
    only_one = sum(mine and not theirs for mine, theirs in zip(one, other, strict=True))
    only_other = sum(theirs and not mine for mine, theirs in zip(one, other, strict=True))
    assert only_one + only_other > 0
    outcome = call("evaluate", "one", "two", "data.test=valid.tsv")
    p = binomtest(only_one, only_one + only_other, 0.5).pvalue
    assert (
        outcome.code == 0 and f"one alone has {only_one} texts right, two alone {only_other}" in outcome.out
    )
    assert f"exact binomial test: p = {p:.2g}" in outcome.out
    assert ("are told apart" if p < 0.05 else "are not told apart") in outcome.out
    (row,) = pd.read_csv(run / "mcnemar.csv").to_dict("records")
    assert (row["only_run"], row["only_other"], row["p"]) == (only_one, only_other, pytest.approx(p))
    assert row["both_right"] + row["both_wrong"] + only_one + only_other == 20
    # From Python, and on the split that both have of the same file.
    found = rnnlab.load_run("one").mcnemar(rnnlab.load_run("two"))
    assert found.on == "valid" and found.counts.to_numpy().sum() == 20


def test_a_run_is_not_told_apart_from_itself(call: Call, run: Path) -> None:
    outcome = call("evaluate", "one", "one")
    assert "one alone has 0 texts right, one alone 0" in outcome.out
    assert "p = 1. The two are not told apart" in outcome.out


def test_runs_on_other_texts_are_not_compared(call: Call, run: Path, two: Path, tmp_path: Path) -> None:
    text = (two / "config.yaml").read_text()
    lines = (tmp_path / "valid.tsv").read_text().splitlines(keepends=True)
    (tmp_path / "other.tsv").write_text("".join([*lines[1:], lines[0]]))
    assert "valid: valid.tsv" in text
    (two / "config.yaml").write_text(text.replace("valid: valid.tsv", "valid: other.tsv"))
    outcome = call("evaluate", "one", "two")
    assert outcome.code == 2 and outcome.out == "" and len(outcome.err.splitlines()) == 1
    assert "other examples or labels in valid" in outcome.err and "data.test=PATH" in outcome.err
    assert not (run / "mcnemar.csv").exists()
    assert call("evaluate", "one", "two", "three").code == 2


def test_python_has_the_same_scores(run: Path, call: Call) -> None:
    trained = rnnlab.load_run("one")
    metrics = trained.evaluate()
    assert list(metrics) == ["acc", "loss"] and not (run / "evaluation.csv").exists()
    found = trained.evaluation()
    assert found.scores is not None and found.scores["net"][0] == metrics["acc"]
    assert (run / "evaluation.csv").exists()
