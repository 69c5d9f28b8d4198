"""`rnnlab evaluate`: figures of a finished run, on its own splits or any file."""

import csv
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Outcome

Call = Callable[..., Outcome]


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return tmp_path / "outputs" / "one"


def figures(outcome: Outcome) -> tuple[list[float], list[list[int]]]:
    """Returns accuracy and loss, and counts[label][predicted], as they are printed."""
    assert outcome.code == 0, outcome
    metrics = [float(number) for number in re.findall(r"\d\.\d{4}", outcome.out)]
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
