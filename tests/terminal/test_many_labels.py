"""More labels than fit beside each other in a terminal."""

import numpy as np
import pandas as pd
import pytest

from rnnlab.terminal.predictions import print_confusion, print_predictions

LABELS = ["label", *(f"topic number {number}" for number in range(1, 12))]


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnnlab.terminal.tables.PIPE_WIDTH", 80)


def test_the_most_frequent_confusions_stand_in_for_a_wide_table(
    capsys: pytest.CaptureFixture[str],
) -> None:
    counts = pd.DataFrame(np.diag(range(10, 22)), index=LABELS, columns=LABELS)
    counts.loc[LABELS[3], LABELS[5]], counts.loc[LABELS[7], LABELS[1]] = 4, 9
    print_confusion(counts)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("│")]
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines]
    assert cells == [[LABELS[7], LABELS[1], "9"], [LABELS[3], LABELS[5], "4"]]
    print_confusion(counts.iloc[:3, :3].set_axis(["a", "b", "c"]).set_axis(["a", "b", "c"], axis=1))
    out = capsys.readouterr().out
    assert "label / predicted" in out and max(map(len, out.splitlines())) <= 80


def test_the_largest_probabilities_stand_in_for_a_column_each(capsys: pytest.CaptureFixture[str]) -> None:
    chances = np.full(12, 0.02) + 0.1 * (np.arange(12) == 4) + 0.6 * (np.arange(12) == 9)
    shares = {f"P({label})": [chance] for label, chance in zip(LABELS, chances, strict=True)}
    row = {"Input text": "a film", **shares}
    rows = pd.DataFrame(row | {"Output label": LABELS[9], "Unknown words": ""})
    print_predictions(rows, "table")
    table = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "topic number 9 0.6200" in table and "topic number 4 0.1200" in table
    assert "topic number 8 0.02" not in table
    print_predictions(rows, "csv")
    assert capsys.readouterr().out.startswith("Input text,P(label),P(topic number 1),")
