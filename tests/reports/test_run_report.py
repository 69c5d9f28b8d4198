"""The report of a run: a section for every record, known or not, and figures drawn from the same tables."""

import html
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from rnnlab.core.errors import InputError
from rnnlab.reports.run_report import write_report, write_run_report

POSITIONS = pd.DataFrame(
    {
        "position": [np.nan, 0.0, 1.0],
        "accuracy": [0.5, 0.6, 1.0],
        "newneg_shift": [np.nan, -0.1, -2.0],
        "newpos_shift": [np.nan, 0.1, 2.0],
        "logit_shift": [np.nan, 0.2, 4.0],
        "probability_shift": [np.nan, 0.05, 0.9],
    }
)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a run of three epochs that recorded no more than its metrics."""
    folder = tmp_path / "run"
    (folder / "probes").mkdir(parents=True)
    rows = {"epoch": [0, 1, 2], "train_loss": [0.7, 0.5, 0.4], "valid_loss": [0.7, 0.6, 0.65]}
    metrics = pd.DataFrame({**rows, "seconds": [0.0, 1.0, 1.5]})
    metrics.to_csv(folder / "metrics.csv", index=False)
    final = metrics.iloc[-1].to_dict()
    summary = {"status": "finished", "final": final, "best": final, "monitor": "valid_loss"}
    (folder / "summary.json").write_text(json.dumps(summary))
    (folder / "config.yaml").write_text(yaml.safe_dump({"insert": "end", "seed": 1}))
    return folder


def report(run: Path) -> str:
    write_run_report(run)
    return (run / "report.html").read_text()


def titles(page: str) -> list[str]:
    return [html.unescape(title) for title in re.findall(r"<h2[^>]*>(.*?)</h2>", page)]


def test_a_record_without_a_section_is_a_table_under_its_own_name(run: Path) -> None:
    pd.DataFrame({"<b>word": ["<i>one"], "score": [0.125]}).to_csv(run / "mine.csv", index=False)
    pd.DataFrame({"epoch": [0, 2], "speed": [1, 77]}).to_csv(run / "probes" / "speed.csv", index=False)
    page = report(run)
    assert titles(page)[1:-3] == ["Learning curves", "mine.csv", "probes/speed.csv"]
    assert "&lt;b&gt;word" in page and "&lt;i&gt;one" in page and "0.125" in page and ">77<" in page
    assert "<b>" not in page and "<i>" not in page


def test_a_record_that_lacks_the_columns_of_its_name_is_a_table_like_any_other(run: Path) -> None:
    pd.DataFrame({"x": [1], "y": [2]}).to_csv(run / "scatter.csv", index=False)
    pd.DataFrame({"epoch": [0], "kb": [512]}).to_csv(run / "probes" / "metrics.csv", index=False)
    page = report(run)
    assert set(titles(page)) >= {"scatter.csv", "probes/metrics.csv"} and ">512<" in page
    assert not (run / "figures" / "scatter.png").exists()


def test_a_probes_table_has_its_section_while_training_and_afterwards(run: Path) -> None:
    POSITIONS.to_csv(run / "positions.csv", index=False)
    logged = pd.concat([POSITIONS.assign(epoch=epoch) for epoch in (0, 2)])
    logged.to_csv(run / "probes" / "positions.csv", index=False)
    page = report(run)
    assert titles(page)[1:-3] == ["Learning curves", "The token moved through the texts"]
    captions = re.findall(r"<figcaption><b>(Output.*?)</b>", page)
    assert captions == ["Output by the position of the token", "Output by the position of the token, epoch 2"]
    assert "position in training" in page
    assert page.count("probability shift") == 2


def test_every_figure_of_the_page_is_a_picture_too(run: Path) -> None:
    POSITIONS.to_csv(run / "positions.csv", index=False)
    page = report(run)
    names = sorted(path.name for path in (run / "figures").iterdir())
    assert names == ["curves.png", "positions.png"]
    assert page.count("<svg") == 2


def test_equal_records_give_equal_pages(run: Path, tmp_path: Path) -> None:
    POSITIONS.to_csv(run / "positions.csv", index=False)
    first = report(run)
    write_report([run], tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text() == first


def test_a_large_record_is_cut_and_the_page_says_how_large_it_is(run: Path) -> None:
    pd.DataFrame({"n": range(5000)}).to_csv(run / "many.csv", index=False)
    page = report(run)
    assert "many.csv; the first and the last 20 of 5,000 rows" in page
    assert ">4999<" in page and ">2500<" not in page


@pytest.mark.parametrize("name", ["mine.csv", "probes/mine.csv", "similarity.csv"])
def test_a_record_that_is_no_csv_is_refused_in_a_line(run: Path, name: str) -> None:
    (run / name).write_text('a,b\n1,2\n"3,4,5\n6')
    with pytest.raises(InputError, match=rf"{name}: not readable as CSV \(.*\)$"):
        report(run)


def test_several_runs_share_their_curves_and_have_a_table_each(run: Path, tmp_path: Path) -> None:
    other = run.with_name("other")
    other.mkdir()
    for name in ("metrics.csv", "summary.json", "config.yaml"):
        (other / name).write_bytes((run / name).read_bytes())
    write_report([run, other], tmp_path / "both.html")
    page = (tmp_path / "both.html").read_text()
    assert page.count("<svg") == 1
    labels = re.findall(r"<text[^>]*>((?:run|other): \w+)</text>", page)
    assert labels == ["run: train", "run: valid", "other: train", "other: valid"]
    assert "run: values (metrics.csv)" in page and "other: values (metrics.csv)" in page
