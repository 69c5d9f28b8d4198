"""`rnnlab similarity` and `rnnlab neighbours` on runs trained here."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from safetensors.torch import load_file
from torch.nn.functional import cosine_similarity

from rnnlab.runs.finder import find_run

Call = Callable[..., Any]


def vectors_of(run: Path) -> dict[str, Any]:
    matrix = load_file(run / "checkpoints" / "last.safetensors")["model.embedding.weight"].double()
    return dict(zip((run / "vocabulary.txt").read_text().split("\n"), matrix, strict=False))


def rows_of(output: str) -> dict[tuple[str, str], str]:
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in output.splitlines()]
    return {(row[0], row[1]): row[2] for row in cells if len(row) == 4}


def test_the_five_pairs_of_a_run_and_their_curve(call: Call, tiny: list[str]) -> None:
    assert call("train", *tiny, "insert=end", "training.epochs=3").code == 0
    told = call("similarity", "latest")
    run = find_run("latest").folder
    assert told.code == 0, told.err
    rows, vectors = rows_of(told.out), vectors_of(run)
    assert len(rows) == 5
    for (word1, word2), cell in rows.items():
        reference = float(cosine_similarity(vectors[word1], vectors[word2], dim=0))
        assert abs(reference) > 1e-3
        assert float(cell) == pytest.approx(reference, abs=6e-5)
    last = pd.read_csv(run / "similarity.csv").query("epoch == 3")
    assert last["similarity"].tolist() == pytest.approx([float(cell) for cell in rows.values()], abs=6e-5)
    assert "* <newpos> outstanding" in told.out
    assert (run / "figures" / "similarity.png").read_bytes().startswith(b"\x89PNG")


def test_pairs_of_ones_own_missing_words_and_zero_vectors(call: Call, tiny: list[str]) -> None:
    assert call("train", *tiny).code == 0
    told = call("similarity", "latest", "great", "awful", "outstandin", "great", "<newpos>", "great")
    assert told.code == 0
    rows = rows_of(told.out)
    assert set(rows) == {("great", "awful"), ("<newpos>", "great")}
    assert re.fullmatch(r"-?0\.\d{4}", rows["great", "awful"])
    assert rows["<newpos>", "great"] == "0.0000" and told.out.count("zero vector") == 1
    assert "nan" not in told.out.lower()
    assert told.err == (
        "note: 'outstandin' is not in the run's vocabulary; skipped; did you mean 'outstanding'?\n"
    )


def test_a_single_word_is_no_pair(call: Call, tiny: list[str]) -> None:
    assert call("train", *tiny).code == 0
    told = call("similarity", "latest", "great")
    assert (told.code, told.out) == (2, "")
    assert "expected words in pairs, found 1" in told.err
    assert "rnnlab neighbours" in told.err


def test_neighbours_before_and_after(call: Call, tiny: list[str], tmp_path: Path) -> None:
    words = [*tiny, "data.vectors=vectors.txt", "optimizer.lr=0.1", "training.epochs=4"]
    assert call("train", *words).code == 0
    told = call("neighbours", "latest", "great", "-n", "3", "nowhere")
    assert told.code == 0
    assert told.err == "note: 'nowhere' is not in the run's vocabulary; skipped\n"
    first = re.search(r"│ 1 │ (\S+) +│ +(\S+) │ (\S+) +│ +(\S+) │", told.out)
    assert first is not None
    assert "│ 4 │" not in told.out

    lines = [line.split() for line in (tmp_path / "vectors.txt").read_text().splitlines()]
    before = pd.DataFrame([map(float, line[1:]) for line in lines], index=[line[0] for line in lines])
    after = pd.DataFrame({word: row.numpy() for word, row in vectors_of(find_run("latest").folder).items()}).T
    expected = [nearest(before, "great"), nearest(after.drop("<pad>"), "great")]
    assert expected[0] != expected[1], "training moved nothing"
    for (word, cosine), (found, shown) in zip(expected, [first.group(1, 2), first.group(3, 4)], strict=True):
        assert (word, f"{cosine:.4f}") == (found, shown)


def nearest(vectors: pd.DataFrame, word: str) -> tuple[str, float]:
    lengths = (vectors**2).sum(axis=1) ** 0.5
    cosines = (vectors @ vectors.loc[word] / lengths / lengths[word]).drop(word).dropna()
    return str(cosines.idxmax()), float(cosines.max())


def test_neighbours_without_a_vectors_file_come_from_the_seed(call: Call, tiny: list[str]) -> None:
    assert call("train", *tiny, "freeze=true").code == 0
    told = call("neighbours", "latest", "great", "<newpos>")
    rows = re.findall(r"│ \d+ +│ (\S+) +│ +(\S+) │ (\S+) +│ +(\S+) │", told.out)
    assert len(rows) >= 10
    assert all(before == after for *before, word, cosine in rows for after in [[word, cosine]])
    assert told.out.count("(its vector is zero)") == 2


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda path: path.unlink(), "vectors.txt"),
        (lambda path: path.write_text("a 1 2 3 4\n"), "has changed"),
    ],
)
def test_when_the_vectors_file_is_gone_or_another_only_the_end_is_shown(
    change: Callable[[Path], None], why: str, call: Call, tiny: list[str], tmp_path: Path
) -> None:
    assert call("train", *tiny, "data.vectors=vectors.txt").code == 0
    change(tmp_path / "vectors.txt")
    told = call("neighbours", "latest", "great")
    assert told.code == 0
    assert told.err.startswith("note: the vectors before training cannot be made again: ")
    assert why in told.err
    assert "after" in told.out
    assert "before training" not in told.out
