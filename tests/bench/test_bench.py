"""`rnnlab bench` as a whole: tables, JSON and figure of one run; what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from rnnlab.bench.bench import run_bench
from rnnlab.bench.contestants import FUSED, PACKED, PADDED, SCRATCH, TORCH
from rnnlab.bench.cost import Axis, slopes
from rnnlab.bench.engines import Sizes
from rnnlab.bench.request import PARTS, Request
from rnnlab.bench.tables import bench_tables, markdown
from rnnlab.cells.lstm import LSTM
from rnnlab.training.engine_table import EngineTable
from tests.conftest import Outcome
from tests.labelled_texts import write_labelled

REPOSITORY = Path(__file__).resolve().parents[2]
Call = Callable[..., Outcome]
TINY = Sizes(embedding=4, hidden=4, batch=2, length=8, texts=4, vocabulary=9)


@pytest.mark.slow
def test_all_that_is_measured_is_written_down(
    tiny: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [word for word in tiny if word.split("=")[0] in ("data", "data.train", "data.valid")]
    request = Request(
        words,
        models=("rnn",),
        rounds=1,
        contestants=(FUSED, TORCH, PACKED, PADDED),
        frozen=(False,),
        memory_of=("rnn",),
        memory_contestants=(PACKED,),
        layers=(("rnn", 8),),
        own_cell=(TINY,),
        axes=(Axis("hidden", (4, 8), TINY),),
    )
    folder = tmp_path / "bench"
    found = run_bench(request, output=folder)
    facts = found.facts()
    assert json.loads((folder / "bench.json").read_text()) == json.loads(json.dumps(facts))
    assert facts["settings"]["threads"] == 1 and "flushed" in facts["settings"]["subnormal_floats"]
    assert facts["matrix_products_flops_per_second"] > 1e8
    for part in PARTS:
        rows = found.table(part)
        pd.testing.assert_frame_equal(pd.read_csv(folder / f"{part}.csv"), rows, check_dtype=False)
        if part == "memory":
            assert (rows["peak_bytes"] >= rows["libraries_bytes"]).all()
            assert rows["libraries_bytes"].min() > 1e7
            continue
        assert rows["seconds"].min() > 0
        assert (rows["lowest"] <= rows["seconds"]).all() and (rows["seconds"] <= rows["highest"]).all()
        share = rows["flops"] / rows["seconds"] / facts["matrix_products_flops_per_second"]
        assert rows["share_of_matrix_products"].tolist() == pytest.approx(share.tolist())
    epochs = found.table("epochs").set_index("contestant")
    assert set(epochs.index) == {FUSED, TORCH, PACKED, PADDED} and epochs.loc[FUSED, "ratio"] == 1
    assert epochs["tokens"].unique().tolist() == [40 * 6]
    assert found.figure is not None and found.figure.read_bytes().startswith(b"\x89PNG")
    shown = found.shown()
    assert len(shown) == 7 and all(len(table.rows) for table in shown)
    page = (folder / "bench.md").read_text()
    assert all(table.title[1:] in page for table in shown) and found.measured_on in page


@pytest.mark.slow
def test_the_command_prints_tables_or_json(call: Call, tiny: list[str], tmp_path: Path) -> None:
    words = [word for word in tiny if word.split("=")[0] in ("data", "data.train", "data.valid")]
    options = ["--models", "boe", "--parts", "epochs", "--rounds", "1", "--output", "out"]
    printed = call("bench", *words, *options, "--json")
    assert printed.code == 0, printed
    facts = json.loads(printed.out)
    assert {row["frozen"] for row in facts["epochs"]} == {True, False}
    assert {FUSED, TORCH, SCRATCH, PACKED} <= {row["contestant"] for row in facts["epochs"]}
    shown = call("bench", *words, *options)
    assert shown.code == 0 and "seconds of an epoch" in shown.out and "fine-tuned" in shown.out
    assert "subnormal floats flushed to zero" in shown.out and "results: out" in shown.out


def test_a_quick_one_measures_less() -> None:
    quick, full = Request.read([], quick=True), Request.read([])
    assert set(quick.models) < set(full.models) and quick.rounds < full.rounds
    assert Request.read([], quick=True, models="gru", parts="memory", rounds=1).models == ("gru",)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["optimizer=adam"], "optimizer: bench chooses it itself"),
        (["model=gru"], "model: bench chooses it itself"),
        (["engine=torch"], "engine: bench chooses it itself"),
        (["--parts", "epoch"], "did you mean 'epochs'"),
        (["--models", "lstn"], "did you mean 'lstm'"),
        (["training.batch_size=null"], "training.batch_size: bench asks for a number, found null"),
        (["training.threads=null"], "training.threads: bench asks for a number, found null"),
        (["--tune", "--quick"], "--tune: measures the table of engine=auto and nothing else"),
        (["--output", "file.txt"], "--output: expected a folder"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(
    call: Call, tmp_path: Path, words: list[str], expected: str
) -> None:
    (tmp_path / "file.txt").write_text("")
    found = call("bench", *words)
    assert found.code == 2 and expected in found.err and found.err.count("\n") == 1, found
    assert not (tmp_path / "outputs").exists()


def test_more_than_two_labels_are_refused(call: Call, tmp_path: Path) -> None:
    write_labelled(tmp_path / "three.csv", {"negative": 4, "neutral": 4, "positive": 4})
    found = call("bench", "data=files", "data.train=three.csv", "--parts", "epochs")
    assert found.code == 2 and "bench trains on texts of two labels, found 3" in found.err


@pytest.mark.slow
def test_tune_writes_the_table_of_engine_auto(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnnlab.bench.tune.SIZES", ((2, 4, 2, 5),))
    monkeypatch.setattr("rnnlab.bench.tune.CELLS", {"LSTM": LSTM})
    found = call("bench", "--tune", "--output", "engines.json")
    assert found.code == 0 and found.out == "table of engine=auto: engines.json\n"
    (row,) = EngineTable.model_validate_json(Path("engines.json").read_text()).rows
    assert row.kind == "LSTM" and {"torch", "padded"} <= row.ms.keys()


def test_the_readme_shows_what_was_measured_and_nothing_else() -> None:
    measured = REPOSITORY / "docs" / "bench"
    facts = json.loads((measured / "bench.json").read_text())
    page = (measured / "bench.md").read_text()
    assert page == markdown(facts, bench_tables(facts, slopes(pd.DataFrame(facts["cost"]))))
    shown = (REPOSITORY / "README.md").read_text().split("<!-- bench -->\n")[1]
    assert shown.startswith(f"{page}<!-- end of bench -->")
    assert (measured / "figures" / "cost.png").is_file()
