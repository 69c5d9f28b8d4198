"""What a comparison of repeats says: SciPy's figures, and sentences that say no more than they allow."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rnnlab.core.errors import InputError
from rnnlab.core.permutation import paired_test
from rnnlab.reports.repeats.comparison import Comparison, compare_runs
from rnnlab.reports.repeats.formats import as_csv, as_json, as_latex, as_markdown
from rnnlab.reports.repeats.pair import Pair, corrected
from tests.runs_made_up import change, make_run

A = [0.91, 0.93, 0.92, 0.9, 0.94, 0.925, 0.915, 0.935]
B = [0.9, 0.91, 0.93, 0.88, 0.905, 0.92, 0.89, 0.91]
C = [0.7, 0.72, 0.69, 0.71, 0.73, 0.7, 0.68, 0.72]


def made(root: Path, groups: dict[str, list[float]], first_seed: int = 1, **facts: object) -> list[Path]:
    return [
        make_run(root / f"{name}-{seed}", [0.5, value], seed, {"model": name}, **facts)
        for name, values in groups.items()
        for seed, value in enumerate(values, start=first_seed)
    ]


def verdicts(found: Comparison) -> list[str]:
    return found.pairs["verdict"].tolist()


def test_groups_and_pairs_have_scipys_figures_best_first(tmp_path: Path) -> None:
    found = compare_runs(made(tmp_path, {"c": C, "b": B, "a": A}))
    assert found.groups["model"].tolist() == ["a", "b", "c"]
    for values, row in zip((A, B, C), found.groups.itertuples(), strict=True):
        interval = stats.bootstrap((values,), np.mean, rng=np.random.default_rng(0)).confidence_interval
        assert (row.low, row.high) == pytest.approx(tuple(interval), abs=1e-12)
        assert (row.n, row.mean, row.sd) == (
            8,
            pytest.approx(np.mean(values)),
            pytest.approx(np.std(values, ddof=1)),
        )
    differences = [np.subtract(A, B), np.subtract(A, C), np.subtract(B, C)]
    for values, row in zip(differences, found.pairs.itertuples(), strict=True):
        assert (row.low, row.high) == paired_test(values, 0 * values).interval
        assert row.low > 0
        assert row.d == pytest.approx(values.mean() / values.std(ddof=1)) and row.n == 8
        assert row.difference == pytest.approx(values.mean()) and row.test == "paired, exact"
    # Of the signs of A less B in thousandths, 10 20 -10 20 35 5 25 25, four give 130 or more.
    assert found.pairs["p"].tolist() == [8 / 256, 2 / 256, 2 / 256]
    assert found.pairs["p_holm"].tolist() == pytest.approx([8 / 256, 6 / 256, 6 / 256])
    assert verdicts(found) == ["told apart"] * 3
    assert "model=a and model=c are told apart: valid_acc 0.9219 against 0.7063" in found.sentences[1]


def test_losses_are_best_where_they_are_low(tmp_path: Path) -> None:
    found = compare_runs(made(tmp_path, {"b": B, "a": A}), metric="valid_loss")
    assert found.groups["model"].tolist() == ["a", "b"] and found.pairs["difference"][0] < 0
    assert "lower is better" in found.metric.sentence


def test_too_few_seeds_say_how_many_it_takes_at_least(tmp_path: Path) -> None:
    found = compare_runs(made(tmp_path, {"a": A[:3], "b": B[:3], "c": C[:3]}))
    assert verdicts(found) == ["too few seeds"] * 3
    assert found.pairs["seeds_needed"].tolist() == [7] * 3  # 3 · 2 / 2⁷ < 0.05 ≤ 3 · 2 / 2⁶
    assert "smallest p that can come out is 0.25, 0.75 corrected" in found.sentences[0]
    two = compare_runs(made(tmp_path / "two", {"a": A[:5], "c": C[:5]}))
    assert verdicts(two) == ["too few seeds"] and two.pairs["seeds_needed"].tolist() == [6]
    one = compare_runs(made(tmp_path / "one", {"a": A[:1], "c": C[:1]}))
    assert verdicts(one) == ["too few seeds"] and not one.repeated and "one run of each" in one.notes[-1]


def test_what_is_not_told_apart_says_what_it_would_take(tmp_path: Path) -> None:
    noise = np.random.default_rng(2).normal(0, 0.02, 10)
    other = (0.9 + noise - 0.004 + np.random.default_rng(3).normal(0, 0.01, 10)).tolist()
    found = compare_runs(made(tmp_path, {"a": (0.9 + noise).tolist(), "b": other}))
    assert verdicts(found) == ["not told apart"] and found.pairs["p"][0] > 0.05
    needed = found.pairs["seeds_needed"][0]
    effect = abs(found.pairs["d"][0])
    critical, shift = stats.t.ppf(0.975, needed - 1), effect * np.sqrt(needed)
    power = stats.nct.sf(critical, needed - 1, shift) + stats.nct.cdf(-critical, needed - 1, shift)
    assert 0.8 <= power < 0.82 and needed > 10 and f"about {needed}" in found.sentences[0]


def test_the_same_figures_are_not_told_apart_by_any_number(tmp_path: Path) -> None:
    found = compare_runs(made(tmp_path, {"a": A, "b": A}))
    assert verdicts(found) == ["not told apart"] and pd.isna(found.pairs["seeds_needed"][0])
    assert "no difference that more seeds could confirm" in found.sentences[0]


def test_without_a_seed_in_common_the_test_is_unpaired_and_says_so(tmp_path: Path) -> None:
    folders = made(tmp_path, {"a": A}) + made(tmp_path, {"c": C[:6]}, first_seed=100)
    found = compare_runs(folders)
    row = found.pairs.iloc[0]
    assert row["test"] == "unpaired, exact" and row["p"] == pytest.approx(2 / 3003) and row["n"] == 6
    pooled = np.sqrt((7 * np.var(A, ddof=1) + 5 * np.var(C[:6], ddof=1)) / 12)
    assert row["d"] == pytest.approx((np.mean(A) - np.mean(C[:6])) / pooled)
    assert any("no seed in common, so they are compared unpaired" in note for note in found.notes)
    assert "8 and 6, none in common, so unpaired" in found.sentences[0]


def test_seeds_of_one_group_alone_are_left_out_of_the_test_and_said(tmp_path: Path) -> None:
    found = compare_runs(made(tmp_path, {"a": A, "c": C[:6]}))
    assert found.pairs["n"].tolist() == [6] and found.groups["n"].tolist() == [8, 6]
    assert any("6 seeds in common; the test leaves out the 2 runs" in note for note in found.notes)


def test_groups_that_differ_in_more_than_seeds_are_never_compared_unpaired(tmp_path: Path) -> None:
    for number, (model, insert, seed) in enumerate((m, i, s) for m in "ab" for i in "xy" for s in (1, 2)):
        make_run(
            tmp_path / str(number),
            [0.9 + number / 100],
            seed + 10 * (model == "b"),
            {"model": model, "insert": insert},
        )
    found = compare_runs(list(tmp_path.iterdir()), by=["model"])
    assert found.pairs.empty and any("are not compared" in note for note in found.notes)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (
            {"machine": "another"},
            "not the same machine: machine: a machine (8 runs), another (8 runs); it differs",
        ),
        (
            {"git": {"commit": "9" * 40, "dirty": False}},
            "not the same code: git commit: cccccccccc (8 runs), 999",
        ),
        ({"source_sha256": "9" * 64}, "not the same code: rnnlab's source"),
        ({"source_sha256": None}, "not recorded (8 runs)"),
        (
            {"versions": {"rnnlab": "0.2.0", "torch": "2.13.0"}},
            "not the same versions: rnnlab: 0.1.0 (8 runs)",
        ),
        ({"data": {"train": {"path": "/data/train.tsv", "sha256": "9" * 64}}}, "not the same data: train"),
        ({"task": "adding"}, "not the same task"),
        ({"modules": {"mine": {"mine.Cell": "9" * 64}}}, "not the same code: mine.Cell"),
    ],
)
def test_an_assumption_that_fails_is_said(tmp_path: Path, facts: dict, said: str) -> None:
    folders = made(tmp_path, {"a": A}) + made(tmp_path, {"b": B}, **facts)
    notes = compare_runs(folders, by=["model"]).notes
    assert any(said in note for note in notes), notes
    same = compare_runs(made(tmp_path / "same", {"a": A, "b": B}))
    assert [note for note in same.notes if "bootstrap" not in note] == []


def test_runs_that_stopped_early_or_had_uncommitted_changes_are_said(tmp_path: Path) -> None:
    folders = made(tmp_path, {"a": A, "b": B})
    change(folders[0], git={"commit": "c" * 40, "dirty": True}, source_sha256=None)
    make_run(tmp_path / "long", [0.5, 0.6, 0.7], 9, {"model": "a"})
    notes = compare_runs([*folders, tmp_path / "long"]).notes
    assert any("not trained equally long: 1 to 2 rounds" in note for note in notes)
    assert any("1 run had uncommitted changes" in note for note in notes)


def test_metrics_are_of_the_last_epoch_the_best_or_the_test(tmp_path: Path) -> None:
    folders = [
        make_run(tmp_path / str(seed), [0.5, 0.8, 0.7], seed, test={"acc": 0.6, "examples": 50})
        for seed in (1, 2)
    ]
    means = {}
    for metric in (None, "best_valid_acc", "test_acc", "train_loss", "seconds"):
        found = compare_runs(folders, metric=metric)
        means[found.metric.name] = found.groups["mean"][0]
    expected = {"valid_acc": 0.7, "best_valid_acc": 0.8, "test_acc": 0.6, "train_loss": 0.3, "seconds": 0.15}
    assert means == pytest.approx(expected)
    best = compare_runs(folders, metric="best_valid_acc")
    assert "that valid_loss chose" in best.metric.sentence and any("flatters" in note for note in best.notes)
    last = compare_runs(folders).metric.sentence
    assert last == (
        "valid_acc after the last epoch (2), of each run a mean over the valid texts (500 examples); "
        "higher is better"
    )


def test_a_metric_that_is_not_there_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    folders = made(tmp_path, {"a": A})
    with pytest.raises(InputError, match="did you mean 'valid_acc'"):
        compare_runs(folders, metric="valid_ac")
    change(folders[0], final={"epoch": 1, "train_loss": 0.5})
    with pytest.raises(InputError, match="1 of 8 runs have none, as"):
        compare_runs(folders, metric="valid_acc")


def test_a_figure_that_is_no_number_is_left_out_and_said(tmp_path: Path) -> None:
    folders = made(tmp_path, {"a": A, "b": B})
    change(folders[0], final={"epoch": 1, "valid_acc": float("nan")})
    found = compare_runs(folders)
    assert found.groups["n"].tolist() == [7, 8] and any(
        "is no number; left out" in note for note in found.notes
    )


def test_at_most_sixty_of_a_thousand_comparisons_without_difference_are_told_apart() -> None:
    rng = np.random.default_rng(20)
    told = 0
    for _ in range(1000):
        left, right = rng.normal(0.9, 0.01, (2, 10))
        (pair,) = corrected([Pair("a", "b", left, right, paired=True)])
        told += pair.verdict == "told apart"
    assert 25 <= told <= 60


def test_of_three_groups_without_difference_hardly_any_family_has_a_pair_told_apart() -> None:
    rng = np.random.default_rng(21)
    told = 0
    for _ in range(400):
        groups = rng.integers(880, 920, (3, 8)) / 1000
        pairs = [Pair(str(i), str(j), groups[i], groups[j], paired=True) for i, j in ((0, 1), (0, 2), (1, 2))]
        told += any(pair.verdict == "told apart" for pair in corrected(pairs))
    assert told <= 28  # 7 %: 5 % and two standard deviations


def test_every_format_holds_the_figures_and_foreign_text_cannot_break_it(tmp_path: Path) -> None:
    folders = made(tmp_path, {"a|b_c": A, "50%&\\x": C})
    found = compare_runs(folders)
    facts = json.loads(as_json(found))
    assert [row["mean"] for row in facts["groups"]] == found.groups["mean"].tolist()
    assert facts["pairs"][0]["sentence"] == found.sentences[0] and facts["notes"] == found.notes
    path = tmp_path / "groups.csv"
    path.write_text(as_csv(found.groups))
    pd.testing.assert_frame_equal(pd.read_csv(path), found.groups, check_exact=True)
    markdown, latex = as_markdown(found), as_latex(found)
    assert r"a\|b\_c" in markdown and r"50\%\&\textbackslash{}x" in latex and r"a|b\_c" in latex
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    assert {line.replace(r"\|", "").count("|") for line in rows[:4]} == {7}
    assert latex.count(r"\begin{tabular}") == latex.count(r"\end{tabular}") == 2
    nothing = json.loads(as_json(compare_runs(folders[:1])))
    assert nothing["groups"][0]["sd"] is None and nothing["pairs"] == []


def test_the_figure_has_a_dot_a_seed_and_curves_as_mean_with_band(tmp_path: Path) -> None:
    values = np.random.default_rng(0).uniform(0.5, 0.9, (2, 4, 3)).round(3)
    for number, (group, seed) in enumerate(np.ndindex(2, 4)):
        make_run(tmp_path / str(number), values[group, seed].tolist(), seed, {"model": "ab"[group]})
    found = compare_runs(list(tmp_path.iterdir()))
    dots, curves = found.figure().axes
    order = [0, 1] if found.found[0].label == "model=a" else [1, 0]
    drawn = [line for line in dots.get_lines() if len(line.get_xdata()) == 4]
    for line, group in zip(drawn, order, strict=True):
        assert sorted(line.get_xdata()) == sorted(values[group, :, -1])
    assert [text.get_text() for text in curves.get_legend().get_texts()] == [
        f"{place} {group.label}" for place, group in enumerate(found.found, start=1)
    ]
    for line, band, group in zip(curves.get_lines(), curves.collections, order, strict=True):
        assert np.allclose(line.get_ydata(), values[group].mean(axis=0))
        edges = band.get_paths()[0].vertices
        low, high = edges[:, 1].min(), edges[:, 1].max()
        assert low < line.get_ydata().min() and high > line.get_ydata().max()
