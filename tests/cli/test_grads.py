"""`rnnlab grads`: one table, its CSV and its figure, of untrained nets and of finished runs."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import Outcome

Call = Callable[..., Outcome]
COLUMNS = ["model", "position", "newneg_norm", "newpos_norm", "cosine", "ratio_to_end"]
PNG = b"\x89PNG"


def read(folder: Path) -> pd.DataFrame:
    table = pd.read_csv(folder / "gradients.csv")
    assert table.columns.tolist() == COLUMNS
    assert (folder / "figures" / "gradients.png").read_bytes().startswith(PNG)
    return table


def test_an_untrained_net_gets_table_and_figure_where_hydra_is_told(
    call: Call, tiny: list[str], tmp_path: Path
) -> None:
    outcome = call("grads", *tiny, "hydra.run.dir=here")
    assert outcome.code == 0, outcome
    table = read(tmp_path / "here")
    assert table["model"].tolist() == ["boe"] * 3
    assert table["position"].tolist() == ["start", "middle", "end"]
    assert table["ratio_to_end"].tolist() == pytest.approx([1, 1, 1])
    assert "sum over mini-batches of 8" in outcome.out
    assert "(20 texts)" in outcome.out
    for norm in table["newpos_norm"]:
        assert f"{norm:.4g}" in outcome.out


def test_its_folder_is_no_run(call: Call, tiny: list[str], tmp_path: Path) -> None:
    assert call("grads", *tiny).code == 0
    (folder,) = (tmp_path / "outputs").glob("grads-boe-*")
    read(folder)
    assert {path.name for path in folder.iterdir()} == {".hydra", "figures", "gradients.csv", "grads.log"}
    assert "no run in" in call("runs").out
    assert call("evaluate", "latest").code == 2


def test_neither_freezing_nor_insertion_changes_a_figure(call: Call, tiny: list[str], tmp_path: Path) -> None:
    call("grads", *tiny, "model=rnn", "hydra.run.dir=one")
    call("grads", *tiny, "model=rnn", "freeze=true", "insert=end", "hydra.run.dir=two")
    pd.testing.assert_frame_equal(read(tmp_path / "one"), read(tmp_path / "two"))


def test_several_models_give_one_table(call: Call, tiny: list[str], tmp_path: Path) -> None:
    words = [word for word in tiny if word != "model=boe"]
    outcome = call("grads", "-m", *words, "model=rnn,birnn,lstm", "hydra.sweep.dir=sweep")
    assert outcome.code == 0, outcome
    table = read(tmp_path / "sweep")
    assert table["model"].tolist() == [name for name in ("rnn", "birnn", "lstm") for _ in range(3)]
    assert outcome.out.count("ratio to end:") == 1
    alone = pd.read_csv(tmp_path / "sweep" / "1-birnn" / "gradients.csv")
    pd.testing.assert_frame_equal(alone, table[table["model"] == "birnn"].reset_index(drop=True))


def test_nets_of_one_model_are_told_apart_by_what_differs(
    call: Call, tiny: list[str], tmp_path: Path
) -> None:
    assert call("grads", "-m", *tiny, "seed=1,2", "hydra.sweep.dir=sweep").code == 0
    assert set(read(tmp_path / "sweep")["model"]) == {"boe seed=1", "boe seed=2"}


def test_a_failure_in_a_sweep_keeps_the_other_figures(call: Call, tiny: list[str], tmp_path: Path) -> None:
    outcome = call("grads", "-m", *tiny, "data.valid=valid.tsv,gone.tsv", "hydra.sweep.dir=sweep")
    assert outcome.code == 1
    said, last = (line for line in outcome.err.splitlines() if line.startswith("error:"))
    assert "gone.tsv" in said and last.startswith("error: a job of the sweep failed")
    assert len(read(tmp_path / "sweep")) == 3
    assert "gone.tsv" in (tmp_path / "sweep" / "1-boe" / "grads.log").read_text()


def test_reduction_mean_divides_by_the_texts_where_batches_are_full(
    call: Call, tiny: list[str], tmp_path: Path
) -> None:
    call("grads", *tiny, "probe.active.gradients.batch_size=4", "hydra.run.dir=sum")
    outcome = call("grads", *tiny, "--reduction", "mean", "hydra.run.dir=mean")
    assert "mean over texts" in outcome.out
    total, mean = read(tmp_path / "sum"), read(tmp_path / "mean")
    assert total["newneg_norm"].tolist() == pytest.approx((mean["newneg_norm"] * 20 / 4).tolist())
    assert total["ratio_to_end"].tolist() == pytest.approx(mean["ratio_to_end"].tolist())


def test_full_prints_all_vectors(call: Call, tiny: list[str], tmp_path: Path) -> None:
    out = call("grads", *tiny, "--full").out
    kept_rows = pd.read_csv(next(tmp_path.glob("outputs/grads-*/gradients.csv")))
    for place in ("start", "middle", "end"):
        for token in ("<newneg>", "<newpos>"):
            vector = out.split(f"boe, {token} at the {place}:\n[")[1].split("]")[0]
            assert len(vector.split()) == 50
            row = kept_rows.query(f"position == {place!r}").iloc[0]
            kept = [row[f"{token[1:-1]}_{number}"] for number in range(50)]
            assert [float(number) for number in vector.split()] == pytest.approx(kept, rel=1e-4)
    assert "newneg_0" not in out


def test_a_run_gets_the_figures_that_its_probe_logged_after_the_last_epoch(
    call: Call, tiny: list[str], tmp_path: Path
) -> None:
    words = ["model=birnn", "insert=start", "probe.every=2", "hydra.run.dir=outputs/run"]
    assert call("train", *tiny, *words).code == 0
    outcome = call("grads", "--run", "run")
    assert outcome.code == 0, outcome
    assert outcome.out.startswith("run, epoch 2\nbirnn: ")
    table = read(tmp_path / "outputs" / "run")
    assert set(table["model"]) == {"birnn"}
    logged = pd.read_csv(tmp_path / "outputs" / "run" / "probes" / "gradients.csv")
    assert logged["epoch"].tolist() == [0, 0, 0, 2, 2, 2]
    last = logged[logged["epoch"] == 2].reset_index(drop=True)
    pd.testing.assert_frame_equal(table[COLUMNS[1:]], last[COLUMNS[1:]], rtol=1e-12)


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["model=lsmt"], ["model=lsmt", "'lstm'"]),
        (["data.train=gone.tsv"], ["data.train", "gone.tsv"]),
        (["--checkpoint", "best"], ["--checkpoint best", "--run"]),
        (["probe.active.gradients.reduction=maen"], ["reduction", "'maen'"]),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    words: list[str], parts: list[str], call: Call, tiny: list[str], tmp_path: Path
) -> None:
    before = set(tmp_path.rglob("*"))
    outcome = call("grads", *(word for word in tiny if word.split("=")[0] != words[0].split("=")[0]), *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert len(outcome.err.splitlines()) == 1
    for part in parts:
        assert part in outcome.err
    assert set(tmp_path.rglob("*")) == before


def test_a_run_brings_its_own_configuration(call: Call) -> None:
    for words in (["model=rnn"], ["-m"], ["--cfg", "job"]):
        outcome = call("grads", "--run", "latest", *words)
        assert outcome.code == 2
        assert "beside --run" in outcome.err
    assert "no run" in call("grads", "--run", "latest").err


def test_a_sweep_of_gradients_is_made_in_one_process(call: Call, tiny: list[str], tmp_path: Path) -> None:
    outcome = call("grads", "-m", *tiny, "seed=1,2", "hydra/launcher=local", "hydra.sweep.dir=sweep")
    assert outcome.code == 2 and outcome.err == (
        "error: hydra.launcher: this command computes in one process; leave it out\n"
    )
    assert not (tmp_path / "sweep").exists()
