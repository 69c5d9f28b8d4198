"""Tables and figures of sweeps: what varies, and medians with quartiles over seeds."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.container import ErrorbarContainer

from rnnlab.reports.horizon_figure import draw_horizon
from rnnlab.reports.records import read_records
from rnnlab.reports.sweep import draw_repetitions, read_sweep, sweep_figures
from rnnlab.reports.sweep_page import write_sweep_page
from rnnlab.reports.sweep_table import journal_table, varied_names
from rnnlab.runs.journal import EventName, Happened, Job, Journal, Planned, PlannedJob
from rnnlab.runs.settings import flatten
from tests.runs_made_up import make_run


def figures(loss: float) -> dict[str, float | int | None]:
    return {"step": 10, "train_loss": loss, "valid_loss": loss, "seconds": 0.1}


def write_run(folder: Path, settings: dict[str, object], loss: float, status: str = "finished") -> None:
    folder.mkdir(parents=True)
    row = figures(loss)
    summary = {"status": status, "best": row, "monitor": "valid_loss", "baselines": {"loss": {"rule": 0.5}}}
    (folder / "summary.json").write_text(json.dumps(summary))
    (folder / "config.yaml").write_text(yaml.safe_dump(settings))
    pd.DataFrame([row]).to_csv(folder / "metrics.csv", index=False)


def write_sweep(folder: Path, runs: list[dict[str, object]], losses: list[float], failed: int = -1) -> None:
    """Writes runs and a journal in which all are done but the one of that number."""
    for number, (settings, loss) in enumerate(zip(runs, losses, strict=True)):
        write_run(folder / f"x-{number}", settings, loss, status="failed" if number == failed else "finished")
    jobs = {
        f"x-{number}": PlannedJob(hash="0", words=[], settings=flatten(settings))
        for number, settings in enumerate(runs)
    }
    journal = Journal(folder)
    journal.add(Planned(settings={}, jobs=jobs, asked=list(jobs)))
    for number, name in enumerate(jobs):
        event: EventName = "failed" if number == failed else "done"
        best = None if number == failed else figures(losses[number])
        journal.add(Happened(event=event, job=name, hash="0", best=best))


def read_journal(folder: Path) -> Journal:
    journal = Journal(folder)
    journal.read()
    return journal


def test_a_table_of_a_sweep_holds_what_varies_in_the_order_of_its_plan(tmp_path: Path) -> None:
    runs: list[dict[str, object]] = [{"seed": number, "task": {"length": 5}} for number in range(12)]
    write_sweep(tmp_path, runs, [number / 10 for number in range(12)], failed=11)
    journal = read_journal(tmp_path)
    table = journal_table(journal)
    names = ["run", "seed", "step", "train_loss", "valid_loss", "seconds", "status", "error"]
    assert list(table.columns) == names
    assert table["seed"].tolist() == list(range(12))  # 10 after 9, not after 1
    assert len(read_sweep(journal)) == 11 and sweep_figures(journal, read_sweep(journal)) == {}


SEEDS = ({"seed": "1"}, {"seed": "2"})
LSTM, RNN = {"model._target_": "LSTM", "model.forget": "1"}, {"model._target_": "RNN"}
VARIED = {
    "a choice, not what comes with it": (
        [("model=lstm seed=1", LSTM | SEEDS[0]), ("model=rnn seed=1", RNN | SEEDS[0])],
        ["model"],
    ),
    "a choice and a setting of its own": (
        [("model=lstm model.size=5", LSTM | {"model.size": "5"}), ("model=rnn model.size=6", RNN)],
        ["model", "model.size"],
    ),
    "a preset that makes other choices": (
        [("experiment=a", LSTM | {"epochs": "5"}), ("experiment=b", RNN | {"epochs": "6"})],
        ["experiment"],
    ),
    "what a later plan names for the first time": (
        [("seed=1", SEEDS[0] | RNN), ("seed=1 model=lstm +epochs=5", SEEDS[0] | LSTM | {"epochs": "5"})],
        ["model", "epochs"],
    ),
    "what nobody named: a changed default": (
        [("seed=1", SEEDS[0] | {"model.size": "5"}), ("seed=2", SEEDS[1] | {"model.size": "6"})],
        ["seed", "model.size"],
    ),
    "what is of another part of a choice": (
        [("model=lstm ~clip", LSTM), ("model=rnn", RNN), ("model=rnn", RNN | {"clip": "1"})],
        ["model", "clip"],
    ),
    "all that differs where words are unknown": ([("", LSTM), ("", RNN)], ["model._target_", "model.forget"]),
    "no hash of a file": (
        [("seed=1", SEEDS[0] | {"sha256 of data.train": "a"}), ("seed=2", SEEDS[1])],
        ["seed"],
    ),
    "nothing of a single job": ([("model=lstm", LSTM)], []),
}


@pytest.mark.parametrize(("jobs", "expected"), VARIED.values(), ids=VARIED.keys())
def test_columns_are_what_the_words_have_varied(
    jobs: list[tuple[str, dict[str, str]]], expected: list[str]
) -> None:
    described = []
    for words, settings in jobs:
        given = dict(word.lstrip("+~").split("=") for word in words.split() if "=" in word)
        choices = {"model": "rnn", "experiment": "None"} | {
            k: v for k, v in given.items() if k in ("model", "experiment")
        }
        described.append(Job("x", "0", words.split(), settings, choices if words else {}))
    assert varied_names(described) == expected


def test_repetitions_are_drawn_as_medians_with_quartiles(tmp_path: Path) -> None:
    losses = np.random.default_rng(0).random((2, 5))
    runs_of: list[dict[str, object]] = [
        {"seed": seed, "task": {"length": (5, 10)[length]}} for length, seed in np.ndindex(2, 5)
    ]
    write_sweep(tmp_path, runs_of, losses.ravel().tolist())
    journal = read_journal(tmp_path)
    runs = read_sweep(journal)
    assert list(sweep_figures(journal, runs)) == ["repetitions"]
    table = journal_table(journal)
    figure = draw_repetitions(table, "task.length", "valid_loss", runs[0].summary)
    (bars,) = (part for part in figure.axes[0].containers if isinstance(part, ErrorbarContainer))
    line, _, (reach,) = bars.lines
    assert np.allclose(line.get_ydata(), np.median(losses, axis=1))
    for segment, row in zip(reach.get_segments(), losses, strict=True):
        assert np.allclose(segment[:, 1], np.quantile(row, [0.25, 0.75]))


@pytest.mark.parametrize("tried", [2, 0])
def test_a_rate_that_was_measured_has_its_interval_drawn(tried: int) -> None:
    row = {"model": "gru", "length": 5, "number": 2, "tried": tried, "rate": 0.5, "low": 0.1, "high": 0.9}
    (axes,) = draw_horizon(pd.DataFrame([row]), "success").axes
    (bars,) = (part for part in axes.containers if isinstance(part, ErrorbarContainer))
    segments = bars.lines[2][0].get_segments()
    assert len(segments) == (1 if tried else 0)
    assert not tried or np.allclose(segments[0][:, 1], [0.1, 0.9])


def test_a_sweeps_page_says_what_its_repeats_say(tmp_path: Path) -> None:
    for number, (insert, seed) in enumerate((i, s) for i in ("end", "start") for s in range(6)):
        accuracy = (0.9 if insert == "end" else 0.8) + seed / 1000
        make_run(tmp_path / f"{number}-x", [0.5, accuracy], seed, {"insert": f"<{insert}>"})
    table = pd.DataFrame([{"run": "12-x", "status": "failed", "error": "<b>it broke</b>"}])
    runs = [read_records(folder) for folder in sorted(tmp_path.iterdir())]
    write_sweep_page(tmp_path / "page.html", "x", table, runs, {})
    page = (tmp_path / "page.html").read_text()
    assert page.index("Comparison") < page.index("Runs") and "insert=&lt;end&gt; and" in page
    assert "are told apart" in page and "&lt;b&gt;it broke&lt;/b&gt;" in page
    assert page.count("<svg") == 1 and "<end>" not in page


def test_the_page_of_a_sweep_without_repeats_makes_no_sentences(tmp_path: Path) -> None:
    folders = [make_run(tmp_path / f"{n}-x", [0.5, 0.8], 1, {"optimizer": {"lr": n}}) for n in range(3)]
    runs = [read_records(folder) for folder in folders]
    write_sweep_page(tmp_path / "page.html", "x", pd.DataFrame({"run": ["0-x"]}), runs, {})
    page = (tmp_path / "page.html").read_text()
    assert "too few seeds" not in page and "one run of each" in page
