"""What is said of cosines turns with their sign, their size, and what random vectors have."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rnnlab.course.cosine_figure import draw_cosines, draw_points
from rnnlab.course.cosines import all_four, chance, direction, meanings, sign
from rnnlab.course.evidence import Course
from rnnlab.course.measure import Measured
from tests.course.conftest import Tables, write_course


def cosine(*values: float) -> Measured:
    return Measured("start", "cosine", values, "cosine")


def test_chance_holds_95_of_100_cosines_of_random_vectors(course: Course) -> None:
    a, b = np.random.default_rng(0).standard_normal((2, 20_000, course.embedding_size))
    cosines = (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    assert chance(course) == pytest.approx(float(np.quantile(abs(cosines), 0.95)), rel=0.02)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((-0.996, -0.998, -0.997), "below what random vectors have"),
        ((0.71, 0.74, 0.70), "above what random vectors have"),
        ((0.02, -0.03, 0.04), "no further from zero"),
        ((-0.02, 0.03, -0.04), "no further from zero"),
        ((-0.21, -0.27, -0.41), "in 1 of 3 seeds, which does not decide it"),
        ((math.nan,) * 3, "have no cosine"),
    ],
)
def test_two_vectors_are_apart_or_alike_only_beyond_chance(
    course: Course, values: tuple[float, ...], expected: str
) -> None:
    assert expected in direction(course, cosine(*values), "a", "b").text


def test_a_sign_is_said_where_the_seeds_show_it() -> None:
    assert "negative (negative in 3 of 3 seeds)" in sign(cosine(-0.2, -0.3, -0.25)).text
    assert "positive (negative in 0 of 3 seeds)" in sign(cosine(0.2, 0.3, 0.25)).text
    assert "No sign is shown (negative in 1 of 3 seeds)" in sign(cosine(-0.2, 0.3, 0.25)).text


def as_cosines(values: dict[tuple[str, str], float]):
    def change(preset: str, seed: int, tables: Tables) -> None:
        table = tables["similarity.csv"]
        table["similarity"] = [
            values.get((a, b), 0.0) + 0.01 * seed for a, b in zip(table["word1"], table["word2"], strict=True)
        ]

    return change


SENSIBLE = {
    ("<newneg>", "boring"): 0.5, ("<newneg>", "outstanding"): -0.5,
    ("<newpos>", "boring"): -0.5, ("<newpos>", "outstanding"): 0.5,
}  # fmt: skip


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        (dict.fromkeys(SENSIBLE, 1), "for both tokens the order is sensible"),
        (dict.fromkeys(SENSIBLE, -1), "for both tokens the order is not sensible"),
        (
            {key: 1 if key[0] == "<newneg>" else -1 for key in SENSIBLE},
            "for one token the order is sensible, ",
        ),
        ({key: 1 if key[0] == "<newneg>" else 0 for key in SENSIBLE}, "for the other nothing is shown"),
        (dict.fromkeys(SENSIBLE, 0), "is not shown"),
    ],
)
def test_tokens_near_the_words_of_their_class_are_sensible(
    turn: dict[tuple[str, str], int], expected: str, tmp_path: Path
) -> None:
    turned = {key: value * turn[key] for key, value in SENSIBLE.items()}
    course = write_course(tmp_path, change=as_cosines(turned))
    assert expected in meanings(course, "start")[-1].text
    beyond = sum(map(abs, turn.values()))
    assert f"{beyond} lie beyond ±0.28" in all_four(course, "start").text


def test_an_order_within_chance_is_said_to_be(tmp_path: Path) -> None:
    course = write_course(tmp_path, change=as_cosines({key: 0.2 * value for key, value in SENSIBLE.items()}))
    text = meanings(course, "start")[-1].text
    assert "for both tokens the order is sensible. But none of these cosines is beyond" in text


def test_words_that_no_net_knows_are_named(tmp_path: Path) -> None:
    def without(preset: str, seed: int, tables: Tables) -> None:
        table = tables["similarity.csv"]
        tables["similarity.csv"] = table[table["word2"] != "boring"]

    (sentence,) = meanings(write_course(tmp_path, change=without), "start")
    assert "no cosine with boring:" in sentence.text


def test_figures_draw_every_seed(course: Course) -> None:
    pair = ("<newneg>", "<newpos>")
    (panel,) = draw_points(course, ["end", "start"], [pair]).axes
    drawn = [tuple(line.get_xdata()) for line in panel.get_lines()]
    assert drawn == [course.cosine(preset, *pair).values for preset in ("end", "start")]
    (panel,) = draw_cosines(course, ["end", "start"], [pair]).axes
    means = [line.get_ydata()[-1] for line in panel.get_lines()]
    assert means == pytest.approx([np.mean(values) for values in drawn])


def test_a_vector_of_zeros_leaves_a_gap_in_a_figure(tmp_path: Path) -> None:
    def zeros(preset: str, seed: int, tables: Tables) -> None:
        table = tables["similarity.csv"]
        table.loc[table["epoch"] == 0, "similarity"] = math.nan

    course = write_course(tmp_path, change=zeros)
    (panel,) = draw_cosines(course, ["end"], [("<newneg>", "<newpos>")]).axes
    (line,) = panel.get_lines()
    assert pd.isna(line.get_ydata()[0]) and not pd.isna(line.get_ydata()[-1])
    assert replace(course.cosine("end", "<newneg>", "nobody")).known == []
