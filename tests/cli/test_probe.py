"""`rnnlab probe`: any probe, also one's own, on a finished run."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import Outcome

Call = Callable[..., Outcome]


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A copy of the finished run `one`."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return tmp_path / "outputs" / "one"


def test_a_probe_leaves_its_table_in_the_run_folder_and_in_the_report(call: Call, run: Path) -> None:
    outcome = call("probe", "one", "gradients", "reduction=mean")
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("one, epoch 2\n") and "table: outputs/one/gradients.csv" in outcome.out
    table = pd.read_csv(run / "gradients.csv")
    assert table["position"].tolist() == ["start", "middle", "end"]
    assert call("grads", "--run", "one", "--reduction", "mean").code == 0
    again = pd.read_csv(run / "gradients.csv").drop(columns="model")
    pd.testing.assert_frame_equal(table, again, check_exact=True)
    assert call("report", "one").code == 0
    assert "Gradients by position" in (run / "report.html").read_text()


def test_a_probe_of_ones_own_is_found_by_its_file(call: Call, run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "configs" / "probe"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text(
        "# @package probe.active.mine\n_target_: rnnlab.probes.positions.Positions\npositions: [0.0, 1.0]\n"
    )
    outcome = call("probe", "one", "mine", "max_texts=4", "--format", "csv")
    assert outcome.code == 0, outcome.err
    assert outcome.out == (run / "mine.csv").read_text()
    assert pd.read_csv(run / "mine.csv")["position"].tolist()[1:] == [0.0, 1.0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["one", "gradeints"], "no probe 'gradeints'; did you mean 'gradients'? (there are: gradients, "),
        (["one", "gradients", "redction=mean"], "no such key of Gradients; did you mean 'reduction'?"),
        (["one", "gradients", "reduction=maen"], "found 'maen'"),
        (["one", "gradients", "batch_size=0"], "expected greater than 0, found 0"),
        (["one", "gradients", "reduction"], "cannot read 'reduction': expected KEY=VALUE"),
        (["one", "gradients", "batch_size=1,2"], "batch_size=1,2: expected KEY=VALUE, one value"),
        (["one", "through_time"], "one: probe through_time: BoE carries no state from step to step"),
        (["two", "gradients"], "no run 'two'"),
    ],
    ids=lambda value: "_".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_is_one_line_and_leaves_nothing(
    words: list[str], said: str, call: Call, run: Path
) -> None:
    before = sorted(run.rglob("*"))
    outcome = call("probe", *words)
    assert outcome.code == 2 and outcome.out == "", outcome
    assert said in outcome.err and len(outcome.err.splitlines()) == 1
    assert sorted(run.rglob("*")) == before
