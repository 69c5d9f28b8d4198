"""Each issue is made by a real training; the doctor finds it, and nothing else."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnlab.experiment.compose import checked, compose_config
from rnnlab.runs.finder import find_run
from rnnlab.workflows.examine import examine
from rnnlab.workflows.trained_run import load_run

Call = Callable[..., Any]
STUCK, VANISHED, OVERFITTING = "loss stuck at ln 2", "vanished early gradients", "overfitting"
ONE_CLASS, COVERAGE = "one-class output", "poor vector coverage"
WORDS = [f"w{number}" for number in range(30)]


def write_data(
    folder: Path,
    *,
    texts: int,
    length: int = 6,
    positive: float = 0.5,
    last_word_tells: float = 0.5,
    with_vectors: int = 32,
) -> list[str]:
    """Two files of random words, the last of which agrees with the label in that share of the texts."""
    generator = np.random.default_rng(0)
    for name in ("train", "valid"):
        labels = ["pos"] * round(positive * texts) + ["neg"] * (texts - round(positive * texts))
        lines = []
        for index, label in enumerate(labels):
            agrees = index % 100 < 100 * last_word_tells
            marks = {"pos": "good", "neg": "bad"} if agrees else {"pos": "bad", "neg": "good"}
            lines.append(f"{label}\t{' '.join([*generator.choice(WORDS, length - 1), marks[label]])}\n")
        (folder / f"{name}.tsv").write_text("".join(lines))
    rows = [
        f"{word} {' '.join(f'{number:.3f}' for number in generator.standard_normal(8))}\n"
        for word in ["good", "bad", *WORDS][:with_vectors]
    ]
    (folder / "vectors.txt").write_text("".join(rows))
    names = ("data.train=train.tsv", "data.valid=valid.tsv", "data.vectors=vectors.txt")
    return ["data=files", *names, "data.tokenizer=whitespace"]


HEALTHY = ({"texts": 60, "length": 12}, ["model=rnn", "insert=end", "optimizer.lr=0.01", "training.epochs=5"])
CASES: dict[str, tuple[dict[str, Any], list[str], set[str]]] = {
    "healthy": (*HEALTHY, set()),
    "stuck": (
        {"texts": 40},
        ["model=boe", "optimizer=sgd", "optimizer.lr=1e-9", "training.epochs=2", "seed=3"],
        {STUCK},
    ),
    "vanished": (
        {"texts": 200, "length": 60, "last_word_tells": 0.8},
        ["model=rnn", "optimizer.lr=0.005", "training.epochs=3", "freeze=true"],
        {VANISHED},
    ),
    "overfitting": (
        {"texts": 40},
        ["model=boe", "optimizer.lr=0.03", "training.epochs=30", "training.batch_size=40"],
        {OVERFITTING},
    ),
    "one class": (
        {"texts": 200, "positive": 0.75},
        ["model=boe", "freeze=true", "optimizer.lr=0.01", "training.epochs=2"],
        {ONE_CLASS},
    ),
    "coverage": ({**HEALTHY[0], "with_vectors": 10}, HEALTHY[1], {COVERAGE}),
}


@pytest.mark.parametrize("case", CASES)
def test_each_sickness_is_found_alone(case: str, call: Call, tmp_path: Path) -> None:
    settings, words, expected = CASES[case]
    words = [*words, *write_data(tmp_path, **settings)]
    assert call("train", *words).code == 0
    diagnoses = examine(load_run("latest"))
    assert {diagnosis.issue for diagnosis in diagnoses if diagnosis.found} == expected, diagnoses
    assert {diagnosis.issue for diagnosis in diagnoses} == {
        STUCK,
        VANISHED,
        OVERFITTING,
        ONE_CLASS,
        COVERAGE,
    }
    for diagnosis in diagnoses:
        assert re.search(r"\d", diagnosis.evidence), "evidence without a figure"
        assert bool(diagnosis.overrides) == bool(diagnosis.found)
        for override in diagnosis.overrides:
            checked(compose_config([*words, *override.split()]))


@pytest.mark.slow
def test_a_run_of_the_course_in_which_all_is_well_has_no_findings(call: Call) -> None:
    assert call("train", "experiment=course/end").code == 0
    told = call("doctor", "latest")
    assert told.code == 0
    assert "no findings" in told.out


def test_a_sick_run_is_told_in_a_table_and_is_no_failure(call: Call, tiny: list[str]) -> None:
    assert call("train", *tiny, "optimizer=sgd", "optimizer.lr=1e-9").code == 0
    told = call("doctor", "latest")
    assert told.code == 0
    assert re.search(r"loss stuck at ln 2 +│ found .*ln 2 = 0\.6931.*│ optimizer=adam", told.out)
    assert re.search(r"^[12] findings?$", told.out, re.MULTILINE)


def test_without_validation_texts_overfitting_is_not_looked_for(call: Call, tiny: list[str]) -> None:
    assert call("train", *tiny, "data.valid=null").code == 0
    assert re.search(r"overfitting +│ not checked", call("doctor", "latest").out)


def test_a_run_whose_figures_are_gone_or_broken_is_bad_input(call: Call, tiny: list[str]) -> None:
    assert call("train", *tiny).code == 0
    metrics = find_run("latest").folder / "metrics.csv"
    metrics.write_text("epoch,train_acc\n0,0.5\n1,0.5\n2,0.5\n")
    told = call("doctor", "latest")
    assert (told.code, told.err.count("\n")) == (2, 1)
    assert "metrics.csv" in told.err
    assert "train_loss" in told.err
    metrics.unlink()
    assert "metrics.csv: missing" in call("doctor", "latest").err
