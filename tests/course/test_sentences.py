"""Every sentence of the page is read against the files that it rests on, whichever way the figures go."""

import math
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rnnlab.course.evidence import PRESETS, Course
from rnnlab.course.measure import Comparison, Measured, Source
from rnnlab.course.page import answers
from rnnlab.course.question import Sentence
from tests.course.conftest import Tables, tables_of, write_course

NOT_SHOWN = re.compile(r"\bno\b|\bnot\b|nothing|neither|undecided|cannot|hardly", re.IGNORECASE)
PARTNER = {  # with whom a run changes its tables, so that every comparison of the course goes the other way
    "boe": "rnn", "rnn": "boe", "start": "end", "end": "start", "middle": "middle-bigger",
    "middle-bigger": "middle", "start-adam": "lstm-start-adam", "lstm-start-adam": "start-adam",
    "birnn-start": "birnn-middle", "birnn-middle": "birnn-start",
}  # fmt: skip


def swapped(preset: str, seed: int, tables: Tables) -> None:
    tables |= tables_of(PARTNER.get(preset, preset), seed)


def all_alike(preset: str, seed: int, tables: Tables) -> None:
    tables |= tables_of("start", seed)


def mirrored(preset: str, seed: int, tables: Tables) -> None:
    for metric in ("acc", "loss"):
        columns = [f"{name}_{metric}" for name in ("train_after", "valid")]
        tables["metrics.csv"][columns] = tables["metrics.csv"][columns[::-1]].to_numpy()
    similarity = tables["similarity.csv"]
    similarity["similarity"] = -similarity["similarity"]
    gradient = tables["probes/gradients.csv"]
    turned = {"start": "end", "end": "start", "middle": "middle"}
    gradient["position"] = gradient["position"].map(turned)


def noise(preset: str, seed: int, tables: Tables) -> None:
    generator = np.random.default_rng([seed, *map(ord, preset)])
    metrics = tables["metrics.csv"]
    for name in metrics.columns[1:]:
        metrics[name] = generator.uniform(0.3, 0.7, len(metrics))


def one_epoch(preset: str, seed: int, tables: Tables) -> None:
    for name, table in tables.items():
        if "epoch" in table:
            last = table["epoch"].max()
            kept = table[table["epoch"].isin([0, 1] if name == "metrics.csv" else [0, last])]
            tables[name] = kept.assign(epoch=kept["epoch"].clip(upper=1))


def words_unknown(preset: str, seed: int, tables: Tables) -> None:
    for name, columns in (("similarity.csv", ("word1", "word2")), ("tokens.csv", ("word",))):
        table = tables[name]
        tables[name] = table[~table[list(columns)].isin(["boring", "outstanding"]).any(axis=1)]


COURSES: dict[str, tuple[int, Callable[[str, int, Tables], None] | None]] = {
    "as told": (3, None), "swapped": (3, swapped), "all alike": (3, all_alike), "mirrored": (3, mirrored),
    "noise": (3, noise), "one seed": (1, None), "one epoch": (2, one_epoch),
    "two words unknown": (3, words_unknown),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", COURSES)
def test_no_sentence_contradicts_its_figures(name: str, tmp_path: Path) -> None:
    seeds, change = COURSES[name]
    course = write_course(tmp_path, seeds=seeds, change=change)
    walk(course, tmp_path)


def walk(course: Course, root: Path) -> None:
    """Fails at the first sentence that does not fit the files below `root`."""
    for question, answer in answers(course):
        assert answer.found, question.number
        for sentence in [*answer.found, *answer.mechanism]:
            place = f"{question.number}: {sentence.text}"
            assert not re.search(r"\bnan\b|\binf\b|None|\{|\}", sentence.text), place
            assert_supported(sentence, place)
            for figure in [*sentence.figures, *(s for c in sentence.claims for s in (c.left, c.right))]:
                assert_read_rightly(figure, root, place)
            for claim in sentence.claims:
                assert verdict_of(claim) == claim.verdict, place


def assert_supported(sentence: Sentence, place: str) -> None:
    """A sentence with a figure names what it rests on; one that nothing is shown of says so."""
    without_names = re.sub(r"question \S+|1,?000|\b2\b", "", sentence.text)
    if re.search(r"\d", without_names):
        assert sentence.claims or sentence.figures, f"{place}: a figure without a source"
    if len(sentence.claims) == 1 and sentence.claims[0].verdict == "open":
        assert NOT_SHOWN.search(sentence.text), f"{place}: claims more than is shown"
    for figure in sentence.figures:
        if figure.known:
            assert str(figure) in sentence.text, f"{place}: {figure} is not in it"


def assert_read_rightly(figure: Measured, root: Path, place: str) -> None:
    """A figure with a source is what stands there, read without rnnlab."""
    if figure.source is None or not figure.of:
        return
    for seed, value in enumerate(figure.values, start=1):
        expected = read(root / f"{figure.of}-seed{seed}", figure.source)
        assert value == pytest.approx(expected, nan_ok=True), f"{place}: {figure.source} of seed {seed}"


@cache
def rows_of(path: Path) -> list[dict[str, Any]]:
    """Returns the rows of a table, none where there is none; each test has files of its own."""
    if not path.is_file():
        return []
    found = pd.read_csv(path, keep_default_na=False, na_values=[""]).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in found]


def read(folder: Path, source: Source) -> float:
    rows = rows_of(folder / source.file)
    for column, value in source.where:
        latest = max((row["epoch"] for row in rows), default=0) if column == "epoch" else None
        wanted = latest if value == "last" else value
        rows = [
            row for row in rows if row[column] == wanted or (row[column] != row[column] and wanted != wanted)
        ]
    values = [row[source.column] for row in rows][-(source.last or len(rows)) :] if rows else []
    return float(np.mean(values)) if values else math.nan


def verdict_of(claim: Comparison) -> str:
    """Returns what SciPy's paired interval says, widened by what other texts would change."""
    left, right = (np.array(side.values, dtype=float) for side in (claim.left, claim.right))
    there = ~(np.isnan(left) | np.isnan(right))
    left, right = left[there], right[there]
    if not len(left):
        return "open"
    if claim.left.unit in ("size", "seconds"):
        equal = left == right
        left, right = (np.where(equal, 0, np.log(np.maximum(side, 1e-300))) for side in (left, right))
    difference = left - right
    if np.all(np.abs(difference) <= 1e-6):
        return "same"
    reach = 0.0
    if len(difference) > 1:
        reach = stats.t.ppf(0.975, len(difference) - 1) * stats.sem(difference)
    if claim.left.texts is not None:
        shares = np.array([np.nanmean(side.values) for side in (claim.left, claim.right)])
        reach = np.hypot(reach, 1.959964 * np.sqrt((shares * (1 - shares)).sum() / claim.left.texts))
    mean = difference.mean()
    return "higher" if mean - reach > 0 else "lower" if mean + reach < 0 else "open"


@pytest.mark.slow
def test_every_run_of_the_course_is_compared_somewhere(course: Course) -> None:
    claims = [c for _, answer in answers(course) for s in answer.found for c in s.claims]
    assert {side.of for claim in claims for side in (claim.left, claim.right)} >= set(PRESETS)
