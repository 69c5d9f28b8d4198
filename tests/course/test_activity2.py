"""Activity 2 says what the runs show, and the opposite where they show that."""

import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rnnlab.course.activity2 import QUESTIONS
from rnnlab.course.activity2.gain import gain, overtaking_epoch
from rnnlab.course.activity2.gain_figure import draw_gain
from rnnlab.course.activity2.signs import signs
from rnnlab.course.activity2.start import told_apart
from rnnlab.course.evidence import Course
from rnnlab.course.measure import Measured
from rnnlab.course.metrics import same_epoch_by_epoch
from rnnlab.course.norm_figure import draw_norms
from rnnlab.course.question import Answer
from rnnlab.reports.records import Records
from tests.course.conftest import Tables, tables_of, write_course

Change = Callable[[str, int, Tables], None]


def answer(course: Course, number: str) -> Answer:
    (question,) = [question for question in QUESTIONS.all if question.number == number]
    return question.answer(course)


def found(course: Course, number: str) -> str:
    return "\n".join(sentence.text for sentence in answer(course, number).found)


def mechanism(course: Course, number: str) -> str:
    return "\n".join(sentence.text for sentence in answer(course, number).mechanism)


def exchanged(one: str, other: str) -> Change:
    """Returns a change after which two presets have each other's tables."""
    partner = {one: other, other: one}

    def change(preset: str, seed: int, tables: Tables) -> None:
        if preset in partner:
            tables |= tables_of(partner[preset], seed)

    return change


def run_of(accuracy: np.ndarray) -> Records:
    metrics = pd.DataFrame(
        {"epoch": np.arange(len(accuracy)), "valid_acc": accuracy, "valid_loss": -accuracy}
    )
    return Records(name="", folder=Path(), metrics=metrics)


def test_all_eleven_questions_have_their_numbers() -> None:
    assert [question.number for question in QUESTIONS.all] == [f"1.2.{number}" for number in range(1, 12)]


def test_fine_tuning_helps_or_hurts_as_the_metrics_say(course: Course, tmp_path: Path) -> None:
    all_four = "in training accuracy, training loss, validation accuracy and validation loss."
    assert f"over the last epochs: better {all_four}" in found(course, "1.2.1")
    turned = write_course(tmp_path, change=exchanged("rnn", "rnn-unfrozen"))
    assert f"over the last epochs: worse {all_four}" in found(turned, "1.2.1")


@pytest.mark.parametrize("name", ["valid_acc", "valid_loss"])
def test_a_run_has_overtaken_when_it_stays_ahead(name: str) -> None:
    generator = np.random.default_rng(3)
    other, window = generator.uniform(0.4, 0.6, 61), 6
    ours = other + np.where(np.arange(61) > 30, 0.1, -0.05) + generator.normal(0, 0.02, 61)
    expected = math.nan
    for epoch in range(60, 0, -1):
        mean = np.mean((ours - other)[max(1, epoch - window + 1) : epoch + 1])
        if mean <= 0:
            break
        expected = epoch
    assert 30 < expected < 40
    assert overtaking_epoch(run_of(ours), run_of(other), name, window) == expected
    assert math.isnan(overtaking_epoch(run_of(other), run_of(ours), name, window))
    assert math.isnan(overtaking_epoch(run_of(ours), run_of(ours), name, window))


def test_a_gain_that_comes_late_is_slow_and_one_that_never_comes_is_none(tmp_path: Path) -> None:
    def late(preset: str, seed: int, tables: Tables) -> None:
        rnn = tables_of("rnn", seed)["metrics.csv"]
        if preset == "rnn-unfrozen":
            rnn.loc[rnn["epoch"] >= 60 + seed, "train_after_acc"] += 0.1
            rnn["valid_acc"] -= 0.05
            tables["metrics.csv"] = rnn

    text = found(write_course(tmp_path / "late", change=late), "1.2.2")
    assert (
        "Training accuracy, averaged over 10 epochs, is higher with fine-tuning from epoch 62 (61 to 63)"
        in text
    )
    assert "it is slow to come: from epoch 62 (61 to 63) on" in text
    assert "The gain in training accuracy over the last 20 epochs is larger than the gain" in text
    assert "Validation accuracy, averaged over 10 epochs, is higher with fine-tuning in none of 3" in text


def test_a_gain_from_the_first_epochs_on_is_fast(course: Course) -> None:
    assert "it is fast to come" in found(course, "1.2.2")


def test_a_seed_in_which_the_gain_never_comes_is_counted(tmp_path: Path) -> None:
    def only_some(preset: str, seed: int, tables: Tables) -> None:
        if preset == "rnn-unfrozen" and seed == 2:
            tables["metrics.csv"] = tables_of("rnn", seed)["metrics.csv"]

    text = found(write_course(tmp_path, change=only_some), "1.2.2")
    assert "in 2 of 3 seeds; in the others it never is for good." in text


def test_the_figure_of_gains_has_a_line_a_seed(course: Course) -> None:
    panel = draw_gain(course, "rnn-unfrozen", "rnn").axes[0]
    lines = [line for line in panel.get_lines() if len(line.get_xdata()) > 2]
    pairs = zip(course.runs["rnn-unfrozen"], course.runs["rnn"], strict=True)
    for line, (run, other) in zip(lines, pairs, strict=True):
        assert list(line.get_ydata()) == pytest.approx(list(gain(run, other, "train_after_acc", 10)))


def ignored(preset: str, seed: int, tables: Tables) -> None:
    """A token at the start changes nothing."""
    without_token = {"start": "rnn-unfrozen", "start-frozen": "rnn"}
    if preset in without_token:
        tables["metrics.csv"] = tables_of(without_token[preset], seed)["metrics.csv"].head(11)
    if preset == "start-frozen":
        tables["tokens.csv"].loc[tables["tokens.csv"]["word"].str.startswith("<"), "length"] = 0.0
        tables["positions.csv"]["logit_shift"] = 0.0


def test_a_token_that_changes_no_digit_is_ignored(tmp_path: Path) -> None:
    course = write_course(tmp_path, change=ignored)
    text = found(course, "1.2.3")
    assert "the same to six digits after each of 10 epochs. The net ignores the token." in text
    assert "The net ignores the token here, too." in text
    assert "both are one and the same word" in mechanism(course, "1.2.3")
    assert "does not move the output" in mechanism(course, "1.2.3")


def test_a_token_that_changes_one_loss_is_not_ignored(tmp_path: Path) -> None:
    def but_for_one(preset: str, seed: int, tables: Tables) -> None:
        ignored(preset, seed, tables)
        if preset == "start" and seed == 2:
            tables["metrics.csv"].loc[7, "valid_loss"] += 1e-4

    sentence = same_epoch_by_epoch(
        write_course(tmp_path, change=but_for_one), "start", "rnn-unfrozen", "Both", "Ignored."
    )
    assert "not the same to six digits, but in 2 of 3 seeds." in sentence.text
    assert "Ignored" not in sentence.text
    assert "validation loss 0 (0 to 1.0·10⁻⁴)" in sentence.text
    assert [max(figure.values) for figure in sentence.figures] == pytest.approx([0, 0, 0, 1e-4])


def test_frozen_vectors_that_moved_are_not_called_zeros(course: Course) -> None:
    assert "are not all zero" in mechanism(course, "1.2.3")
    assert "does move the logit" in mechanism(course, "1.2.3")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((-0.99, -0.98, -0.97), "are told apart"),
        ((0.9, 0.91, 0.92), "are not told apart"),
        ((0.02, -0.01, 0.03), "hardly told apart"),
        ((-0.21, -0.27, -0.41), "is not shown"),
        ((math.nan,) * 3, "nothing says that the two tokens are told apart"),
    ],
)
def test_tokens_are_told_apart_by_opposite_vectors(
    course: Course, values: tuple[float, ...], expected: str
) -> None:
    assert expected in told_apart(course, Measured("start", "cosine", values, "cosine")).text


def test_end_and_start_exchanged_turn_their_answer(course: Course, tmp_path: Path) -> None:
    higher = "With the token at the end, validation accuracy over the last 2 epochs is higher"
    assert higher in found(course, "1.2.6")
    assert "is lower than with the token at the start" in found(course, "1.2.7")
    turned = write_course(tmp_path, change=exchanged("end", "start"))
    assert higher.replace("higher", "lower") in found(turned, "1.2.6")
    assert "is higher than with the token at the start" in found(turned, "1.2.7")


def test_a_gradient_that_grows_on_its_way_back_is_said_to(course: Course, tmp_path: Path) -> None:
    def mirrored(preset: str, seed: int, tables: Tables) -> None:
        table = tables["probes/gradients.csv"]
        table["position"] = table["position"].map({"start": "end", "end": "start", "middle": "middle"})
        table["ratio_to_end"] = 1 / table["ratio_to_end"]
        table["cosine"] = -table["cosine"]

    text = found(course, "1.2.9")
    assert "largest at the end of the texts" in text
    assert "point opposite ways, beyond chance, at the start and in the middle and at the end." in text
    assert (
        "at the start of the texts, is 3.3·10⁻⁶ times that with them at the end: less is told there." in text
    )
    assert "for <newneg>, in the middle, is larger than at the start" in text
    assert re.search("−0.90( ± 0.00)?, below what random vectors have", text)
    turned = found(write_course(tmp_path, change=mirrored), "1.2.9")
    assert "largest at the start of the texts" in turned
    assert "are at no position shown to point opposite ways" in turned
    assert "more is told there" in turned
    assert "for <newneg>, in the middle, is smaller than at the start" in turned
    assert re.search(" 0.90( ± 0.00)?, above what random vectors have", turned)


def test_the_figure_of_norms_draws_both_tokens_untrained_and_trained(course: Course) -> None:
    for panel, trained in zip(draw_norms(course, "rnn").axes, (False, True), strict=True):
        for line, token in zip(panel.get_lines(), ("newneg", "newpos"), strict=True):
            norms = [
                course.gradient("rnn", place, f"{token}_norm", trained=trained).middle
                for place in ("start", "middle", "end")
            ]
            assert norms[0] > 0 and list(line.get_ydata()) == norms


def signs_of(better: bool) -> Change:
    """Returns a change by which the middle's vectors are better than the start's by all signs, or worse."""

    def change(preset: str, seed: int, tables: Tables) -> None:
        if (preset == "middle") == better and preset in ("middle", "start"):
            tables["similarity.csv"] = tables_of("end", seed)["similarity.csv"]
            tables["tokens.csv"] = tables_of("end", seed)["tokens.csv"]
            tables["positions.csv"] = tables_of("end", seed)["positions.csv"]

    return change


@pytest.mark.slow
def test_signs_of_better_vectors_are_found_on_the_side_where_they_are(tmp_path: Path) -> None:
    for better, kind, other in ((True, "better", "worse"), (False, "worse", "better")):
        course = write_course(tmp_path / kind, change=signs_of(better))
        assert {sign.says for sign in signs(course, "middle", "start")} == {kind}
        text = found(course, "1.2.10")
        assert (
            f"A sign that the vectors in the middle are {kind} than at the start: cosine of <newneg>" in text
        )
        assert f"No sign points to vectors that are {other}" in text


def test_shifts_below_the_precision_of_the_nets_are_no_sign(tmp_path: Path) -> None:
    def tiny(preset: str, seed: int, tables: Tables) -> None:
        tables["positions.csv"]["logit_shift"] = {"middle": 2e-10, "start": 3e-9}.get(preset, 1.0)

    course = write_course(tmp_path, change=tiny)
    (heard,) = [sign for sign in signs(course, "middle", "start") if sign.what.startswith("shift")]
    assert heard.says == "same"


def test_equal_vectors_give_no_sign(course: Course) -> None:
    text = found(course, "1.2.10")
    assert "No sign points to vectors that are better" in text
    assert "No sign is decided: of 8 signs 0 say better, 0 worse" in text


def test_what_comes_nearest_to_a_sign_is_not_called_one(tmp_path: Path) -> None:
    def scattered(preset: str, seed: int, tables: Tables) -> None:
        if preset == "middle":
            pair = tables["similarity.csv"]["word2"] == "<newpos>"
            tables["similarity.csv"].loc[pair, "similarity"] += (-0.3, 0.02, -0.25)[seed - 1]

    text = found(write_course(tmp_path, change=scattered), "1.2.10")
    assert "No sign shows that the vectors in the middle are better" in text
    assert "not decided: cosine of <newneg> and <newpos>" in text


def test_performance_turns_with_middle_and_start(tmp_path: Path, course: Course) -> None:
    assert "validation accuracy is lower than with it at the end" in found(course, "1.2.11")
    turned = found(write_course(tmp_path, change=exchanged("middle", "birnn-start")), "1.2.11")
    assert "With the token in the middle, validation accuracy over the last 2 epochs is higher" in turned


def test_labels_other_than_neg_and_pos_are_called_by_their_tokens(tmp_path: Path) -> None:
    def renamed(preset: str, seed: int, tables: Tables) -> None:
        for name, table in tables.items():
            table = table.replace({"<newneg>": "<newbad>", "<newpos>": "<newgood>"})
            tables[name] = table.rename(
                columns=lambda column: column.replace("newneg", "newbad").replace("newpos", "newgood")
            )

    course = write_course(tmp_path, change=renamed, classes=("bad", "good"))
    for number in ("1.2.3", "1.2.7", "1.2.9", "1.2.10"):  # that read every table which names the tokens
        made = answer(course, number)
        text = " ".join(sentence.text for sentence in [*made.found, *made.mechanism])
        assert "newneg" not in text and "newpos" not in text
    assert "<newbad>" in found(course, "1.2.7") and "<newgood>" in found(course, "1.2.7")
