"""The sentences of a run's page follow its tables, whichever way the figures go."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from rnnlab.reports.records import Records
from rnnlab.reports.what_happened import share, what_happened

PLACES = ["start", "middle", "end"]


def records(folder: Path, curves: dict[str, list[float]], **summary: Any) -> Records:
    """A run of two epochs with these figures."""
    metrics = pd.DataFrame({"epoch": [0, 1, 2], **curves, "seconds": 0.1})
    facts = {
        "task": "classification",
        "classes": ["neg", "pos"],
        "examples": {"train": 1000, "valid": 100},
        "majority": 0.5,
    }
    return Records(
        name="r", folder=folder, summary=facts | summary, settings={"insert": "start"}, metrics=metrics
    )


GOOD = {
    "train_acc": [0.5, 0.8, 0.95],
    "train_loss": [0.69, 0.5, 0.2],
    "valid_acc": [0.5, 0.8, 0.94],
    "valid_loss": [0.69, 0.5, 0.2],
}


def said(run: Records) -> str:
    return " ".join(finding.text for finding in what_happened(run).items)


@pytest.mark.parametrize(
    ("accuracy", "verdict"),
    [(0.94, "it has learned"), (0.55, "is not decided"), (0.2, "worse than no net")],
)
def test_a_net_is_set_beside_the_most_frequent_label(tmp_path: Path, accuracy: float, verdict: str) -> None:
    run = records(tmp_path, GOOD | {"valid_acc": [0.5, 0.5, accuracy]})
    verdicts = ("it has learned,", "is not decided", "worse than no net")
    assert [v for v in verdicts if v in said(run)] == [v for v in verdicts if v.startswith(verdict)]
    assert f"has {accuracy:.2f} of 100 validation texts right" in said(run)
    unbalanced = records(tmp_path, GOOD | {"valid_acc": [0.5, 0.5, accuracy]}, majority=0.99)
    assert "it has learned," not in said(unbalanced)


def test_a_loss_that_never_moved_is_that_of_guessing(tmp_path: Path) -> None:
    still = records(tmp_path, GOOD | {"train_loss": [0.69, 0.693, 0.69]})
    assert "is still that of guessing" in said(still) and "guessing" not in said(records(tmp_path, GOOD))


def test_overfitting_is_said_where_the_curves_part_and_not_where_they_do_not(tmp_path: Path) -> None:
    parted = GOOD | {"valid_acc": [0.5, 0.8, 0.75], "valid_loss": [0.69, 0.5, 0.9]}
    assert "It overfitted from epoch 1 on: accuracy ends at 0.950 in training and at 0.75" in said(
        records(tmp_path, parted)
    )
    assert "There is no sign of overfitting" in said(records(tmp_path, GOOD))
    slightly = GOOD | {"valid_loss": [0.69, 0.15, 0.2]}
    assert "It overfitted little" in said(records(tmp_path, slightly))
    assert "fit" not in said(records(tmp_path, {name: GOOD[name] for name in ("train_acc", "train_loss")}))


@pytest.mark.parametrize(
    ("with_token", "without", "shift", "verdict"),
    [
        (0.95, 0.6, 4.0, "It uses the token"),
        (0.6, 0.95, -4.0, "The token misleads it"),
        (0.91, 0.9, 1.5, "It hears the token, but hardly needs it"),
        (0.91, 0.9, -1.5, "It hears the token the wrong way round"),
        (0.91, 0.9, 0.2, "No use of the token can be seen"),
    ],
)
def test_a_token_is_used_where_more_texts_are_right_with_it_than_chance_gives(
    tmp_path: Path, with_token: float, without: float, shift: float, verdict: str
) -> None:
    row = {
        "insert": "start",
        "texts": 100,
        "accuracy": with_token,
        "accuracy_without": without,
        "shift": shift,
    }
    pd.DataFrame([row]).to_csv(tmp_path / "token_use.csv", index=False)
    text = said(records(tmp_path, GOOD))
    assert verdict in text and sum(text.count(v) for v in ("uses the", "misleads", "hears", "No use")) == 1
    assert f"{with_token:.2f} are right with the token of their class at the start, {without:.2f}" in text


def gradients(folder: Path, first: list[float], last: list[float]) -> None:
    (folder / "probes").mkdir(exist_ok=True)
    rows = [
        {"epoch": epoch, "position": place, "newneg_norm": norm, "newpos_norm": norm, "cosine": 0.1}
        for epoch, norms in ((0, first), (2, last))
        for place, norm in zip(PLACES, norms, strict=True)
    ]
    pd.DataFrame(rows).to_csv(folder / "probes" / "gradients.csv", index=False)


def test_what_reached_the_token_follows_the_probes_table(tmp_path: Path) -> None:
    faded, even = [1e-8, 1e-4, 1.0], [0.5, 0.1, 1.0]
    gradients(tmp_path, faded, even)
    text = said(records(tmp_path, GOOD))
    assert "Before training the gradient for a token at the start has all but vanished: it is 1·10⁻⁸" in text
    assert "After epoch 2 the gradient for a token at the start arrives: it is 0.5 of that at the end" in text
    gradients(tmp_path, even, faded)
    text = said(records(tmp_path, GOOD))
    assert "Before training the gradient for a token at the start arrives" in text
    assert "After epoch 2 the gradient for a token at the start has all but vanished" in text
    settled = said(records(tmp_path, GOOD | {"train_loss": [0.69, 0.1, 0.003]}))
    assert "vanished" not in settled
    assert "at the start is small, the training loss being down to 0.003: it is 1·10⁻⁸ of that" in settled
    gradients(tmp_path, [0.5, 0.5, 0.5], faded)
    assert "Before training the gradient is as large for a token wherever it stands." in said(
        records(tmp_path, GOOD)
    )
    gradients(tmp_path, faded[::-1], [0.0, 0.0, 0.0])
    text = said(records(tmp_path, GOOD))
    assert "Before training the gradient is largest for a token at the start." in text
    assert "After epoch 2 no gradient reaches a token at the start." in text


def test_a_task_without_labels_is_set_beside_its_simple_rules(tmp_path: Path) -> None:
    facts = {"task": "recall", "classes": [], "baselines": {"loss": {"forgetting": 1 / 3, "zero": 0.5}}}
    curves = {"train_loss": [0.4, 0.2, 0.1], "valid_loss": [0.4, 0.2, 0.1]}
    assert "loss is 0.1, better than the best simple rule (forgetting: 0.333)" in said(
        records(tmp_path, curves, **facts)
    )
    worse = curves | {"valid_loss": [0.4, 0.4, 0.4]}
    assert "loss is 0.4, no better than the best simple rule" in said(records(tmp_path, worse, **facts))


def test_states_speak_where_there_is_no_token(tmp_path: Path) -> None:
    (tmp_path / "probes").mkdir()
    rows = [
        {
            "epoch": e,
            "layer": 1,
            "direction": "forward",
            "path": "hidden",
            "distance": d,
            "gradient_median": g,
        }
        for e, norms in ((0, [1.0, 1e-5]), (2, [0.25, 1.0]))
        for d, g in enumerate(norms)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "probes" / "through_time.csv", index=False)
    text = said(records(tmp_path, GOOD))
    assert (
        "Before training the gradient has all but vanished 1 step before the end: there it is 1·10⁻⁵ of"
        in text
    )
    assert "After epoch 2 the gradient arrives 1 step before the end: there it is 4.0 times that" in text


@pytest.mark.parametrize(
    ("number", "text"), [(20, "0.12"), (100, "0.12"), (1000, "0.123"), (25_000, "0.123")]
)
def test_a_share_has_the_digits_that_its_number_of_texts_is_worth(number: int, text: str) -> None:
    assert share(0.12345, number) == text
