"""The sentences of activity 3 turn with their figures, and say so where nothing is shown."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rnnlab.course.activity3 import QUESTIONS
from rnnlab.course.contrast import by_seed, from_the_middle_seed, parameters, time
from rnnlab.course.evidence import Course
from rnnlab.course.measure import Measured, compare
from rnnlab.course.question import differences
from rnnlab.course.reach import Way, arrives, both_ends, compared_distance, mean_gate, reach_table
from rnnlab.course.setup import setup
from rnnlab.course.token_use import reaches, read_at_output, token_table, with_and_without
from tests.course.conftest import Tables, tables_of, write_course

THROUGH_TIME = "probes/through_time.csv"
TURNED = {
    "lstm-start-adam": "start-adam", "start-adam": "lstm-start-adam", "birnn-start": "birnn-middle",
    "birnn-middle": "birnn-start", "middle": "end", "middle-bigger": "start",
}  # fmt: skip
Write = Callable[..., Course]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    return lambda change=None, **options: write_course(tmp_path, change=change, **options)


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> Course:
    def change(preset: str, seed: int, tables: Tables) -> None:
        tables |= tables_of(TURNED.get(preset, preset), seed)

    return write_course(tmp_path_factory.mktemp("turned"), change=change)


def said(course: Course, number: str) -> str:
    (question,) = (question for question in QUESTIONS.all if question.number == number)
    answer = question.answer(course)
    return "\n".join(sentence.text for sentence in [*answer.found, *answer.mechanism])


def test_the_activity_has_its_eight_questions_in_order() -> None:
    assert [question.number for question in QUESTIONS.all] == [f"1.3.{number}" for number in range(1, 9)]


def test_the_lstm_is_better_only_where_its_figures_are(course: Course, turned: Course) -> None:
    better = "With the LSTM, validation accuracy over the last 2 epochs is higher than with the RNN"
    assert better in said(course, "1.3.7")
    assert better.replace("higher", "lower") in said(turned, "1.3.7")


def test_what_the_cell_retains_turns_with_its_probe(write: Write, course: Course) -> None:
    larger = "what arrives over 32 words along the LSTM's cell is larger than along the RNN's state"
    assert larger in said(course, "1.3.7")

    def forgetful(preset: str, seed: int, tables: Tables) -> None:
        if preset == "lstm-start-adam":
            table = tables[THROUGH_TIME]
            table.loc[table["path"] == "cell", "jacobian_median"] *= 1e-6

    assert larger.replace("larger", "smaller") in said(write(forgetful), "1.3.7")


def test_the_birnn_is_better_only_where_its_figures_are(course: Course, turned: Course) -> None:
    accuracy = (
        "With the token in the middle, validation accuracy over the last 2 epochs is lower than with it"
    )
    assert accuracy in said(course, "1.3.6")
    assert accuracy.replace("lower", "higher") in said(turned, "1.3.6")
    assert "reaches a validation accuracy of 0.9 in 3 of 3 seeds" in said(course, "1.3.4")
    assert "The BiRNN, token at the start, reaches a validation accuracy of 0.9 in no seed" in said(
        turned, "1.3.4"
    )


def test_gradients_of_both_directions_are_compared_position_by_position(write: Write, course: Course) -> None:
    assert "Token at the start, the BiRNN against the RNN: higher gradient norm of <newneg>" in said(
        course, "1.3.5"
    )

    def one_way(preset: str, seed: int, tables: Tables) -> None:
        if preset == "birnn-start":
            tables["probes/gradients.csv"] = tables_of("start", seed)["probes/gradients.csv"]

    text = said(write(one_way), "1.3.5")
    assert "Token at the start, the BiRNN against the RNN: the same to six digits gradient norm" in text
    assert "higher gradient" not in text and "lower gradient" not in text


def test_adam_is_said_to_lengthen_vectors_only_where_it_did(write: Write, course: Course) -> None:
    assert "is not shown" in said(course, "1.3.3").split("That the vector of <newneg> became longer")[1]

    def longer(preset: str, seed: int, tables: Tables) -> None:
        if preset == "start-adam":
            tables["tokens.csv"]["length"] *= 100 + seed

    text = said(write(longer), "1.3.3")
    assert "Adam divides every gradient" in text and "greater length of <newneg>'s vector" in text


def shifts(*by_seed: float) -> Callable[[str, int, Tables], None]:
    def change(preset: str, seed: int, tables: Tables) -> None:
        tables["positions.csv"]["probability_shift"] = by_seed[seed - 1]

    return change


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((0.5, 0.51, 0.52), "raises the probability of pos by 0.510 ± 0.010."),
        ((-0.5, -0.51, -0.52), "lowers the probability of pos by −0.510 ± 0.010, the wrong way"),
        ((1e-9, -1e-9, 0.0), "less than one in a million"),
        (
            (0.9, 0.1, -0.1),
            "by −0.10 to 0.90, upwards in 2 of 3 seeds; that it does in others is not shown",
        ),
        ((np.nan, np.nan, np.nan), "is not known"),
    ],
)
def test_a_token_is_said_to_be_read_as_the_output_moves(
    write: Write, values: tuple[float, ...], expected: str
) -> None:
    assert expected in read_at_output(write(shifts(*values)), "start").text


def test_accuracy_without_the_token_is_that_of_the_row_without_a_position(write: Write) -> None:
    def change(preset: str, seed: int, tables: Tables) -> None:
        table = tables["positions.csv"]
        table["accuracy"] = np.where(table["position"].isna(), 0.5, table["position"].fillna(0) / 100 + 0.9)

    course = write(change)
    assert (
        "is higher than on the same texts without it: 0.900 against 0.500"
        in with_and_without(course, "start").text
    )
    rows = {row[0]: row for row in token_table(course, ["start", "middle"]).rows}
    assert rows["start"][1:3] == ["0.900", "0.500"] and rows["middle"][1] == "0.905"


def test_a_ratio_of_times_is_told_only_where_times_differ(course: Course, write: Write) -> None:
    equal = time(course, ("birnn-start", "start"), "the BiRNN", "the RNN")
    assert "times as long" not in equal.text

    def slower(preset: str, seed: int, tables: Tables) -> None:
        if preset == "birnn-start":
            tables["metrics.csv"]["cpu_seconds"] *= 2

    text = time(write(slower), ("birnn-start", "start"), "the BiRNN", "the RNN").text
    assert "slower" in text and "That is 2.0 times as long." in text


def test_parameters_are_counted_with_and_without_word_vectors(course: Course) -> None:
    text = parameters(course, ("lstm-start-adam", "start-adam"), "the LSTM against the RNN").text
    assert text.startswith("The LSTM against the RNN: 20,400 trainable parameters against 5,100 without")
    assert "4.0 times as many; with them 22,400 against 7,100, 3.2 times." in text


def test_distances_from_the_middle_seed_are_those_of_numpy(course: Course) -> None:
    accuracy = np.array(course.metric("lstm-start-adam", "valid_acc").values)
    expected = np.abs(accuracy - np.median(accuracy))
    assert expected.max() > 0
    assert from_the_middle_seed(course, "lstm-start-adam").values == pytest.approx(expected, rel=1e-12)
    assert by_seed(course, ["lstm-start-adam"]).rows[0][1:] == [f"{value:.3f}" for value in accuracy]


def test_a_single_seed_says_nothing_of_the_spread(write: Write) -> None:
    course = write(seeds=1)
    assert "A single seed says nothing about the spread" in said(course, "1.3.8")
    text = reaches(course, "end").text
    assert "reaches a validation accuracy of 0.9 in its only seed, first after epoch" in text


def test_nets_are_compared_at_the_farthest_distance_that_half_of_all_texts_have(write: Write) -> None:
    def change(preset: str, seed: int, tables: Tables) -> None:
        table = tables.get(THROUGH_TIME)
        if table is not None and preset == "start" and seed == 2:
            table.loc[table["distance"] > 8, "examples"] = 15
        if preset == "boe":
            tables[THROUGH_TIME] = pd.DataFrame()

    course = write(change)
    assert compared_distance(course, [Way("end"), Way("birnn-start", direction="backward")]) == 32
    assert compared_distance(course, [Way("end"), Way("start")]) == 8
    assert compared_distance(course, [Way("end"), Way("lstm-start-adam", "none such")]) == 0


def test_the_table_of_reach_holds_what_the_probe_has(course: Course) -> None:
    ways = [
        Way("start-adam"),
        Way("lstm-start-adam", "cell_only"),
        Way("lstm-start-adam", "cell_only", trained=False),
    ]
    table = pd.read_csv(course.first("lstm-start-adam").folder / THROUGH_TIME)
    rows = table[(table["path"] == "cell_only") & (table["distance"] == 32)].set_index("epoch")
    trained, untrained = (arrives(course, way, 32).values[0] for way in ways[1:])
    assert (trained, untrained) == pytest.approx(tuple(rows["jacobian_median"][[10, 0]]))
    assert trained > untrained > 0
    assert mean_gate(course, ways[1]).values[0] == pytest.approx(0.5 ** (1 / 8.05))
    shown = reach_table(course, ways, 32)
    assert shown.header[-1] == "mean forget gate" and shown.rows[0][-1] == "" and shown.rows[1][-1]


def test_first_and_last_words_stand_side_by_side_the_last_word_at_the_right(course: Course) -> None:
    left, right = both_ends(course, "birnn-start", "start").figure.axes
    assert [len(axes.get_lines()) for axes in (left, right)] == [1, 2]
    assert left.get_xlim()[0] < left.get_xlim()[1] and right.get_xlim()[0] > right.get_xlim()[1]


def test_differences_are_sorted_by_verdict() -> None:
    def figure(*values: float) -> Measured:
        return Measured("start", "accuracy", values, "share")

    one, two, noise = figure(0.5, 0.51, 0.5), figure(0.7, 0.72, 0.71), figure(0.9, 0.1, 0.5)
    pairs = [
        ("a", compare(two, one)),
        ("b", compare(one, two)),
        ("c", compare(one, one)),
        ("d", compare(noise, one)),
    ]
    texts = [sentence.text for sentence in differences("this against that", pairs)]
    begin = ["higher a (", "lower b (", "the same to six digits c (", "no difference shown in d ("]
    assert [
        text.startswith(f"This against that: {words}") for text, words in zip(texts, begin, strict=True)
    ] == [True] * 4


def test_the_setup_names_tokens_nets_and_machine(write: Write) -> None:
    blocks = setup(write(seeds=1, classes=("bad", "good"))).blocks
    texts = " ".join(block.text for block in blocks if block.kind == "paragraph")
    assert "<newbad> in texts of bad" in texts and "a machine, 2 cores" in texts and "with seed 1" in texts
    (table,) = (block for block in blocks if block.kind == "table")
    rows = {row[0]: dict(zip(table.header, row, strict=True)) for row in table.rows}
    assert rows["middle-bigger"]["state"] == "100" and rows["boe"]["token"] == "none"
    assert rows["start-adam"]["optimizer"] == "Adam" and rows["start-frozen"]["word vectors"] == "frozen"
