"""From Python: `rnnlab.train`, `sweep`, `experiment` and `load_run`."""

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch

import rnnlab
from rnnlab.core.errors import InputError
from tests.conftest import Outcome
from tests.times import without_times
from tests.trained import train_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run on tiny texts, cut to four words."""
    words = ("model=lstm", "model.dropout=0.5", "data.max_length=4")
    return train_run(tmp_path_factory.mktemp("run"), *words)


def test_a_run_gives_metrics_and_the_model_in_evaluation_mode(folder: Path) -> None:
    run = rnnlab.load_run(folder)
    assert isinstance(run.metrics, pd.DataFrame)
    assert run.metrics["epoch"].tolist() == list(range(7))
    assert isinstance(run.model, torch.nn.Module)
    assert not run.model.training


def test_a_run_predicts_one_text_or_several(folder: Path) -> None:
    run = rnnlab.load_run(str(folder))
    several = run.predict(["the film was great", "an awful film"])
    assert several["Input text"].tolist() == ["the film was great", "an awful film"]
    assert several["Classifier probability"].between(0, 1).all()
    one = run.predict("the film was great")
    assert one["Classifier probability"][0] == pytest.approx(several["Classifier probability"][0], abs=1e-12)
    assert several["Unknown words"].tolist() == ["", "an"]


def test_a_text_is_cut_as_the_runs_texts_were(folder: Path) -> None:
    run = rnnlab.load_run(folder)
    cut, long = run.predict(["the film was a", "the film was a great awful plot"])["Classifier probability"]
    assert cut == pytest.approx(long, abs=1e-12)


def test_inserted_tokens_cannot_be_written_into_a_text(folder: Path) -> None:
    (text,) = rnnlab.load_run(folder).encode(["<newpos> film"])
    assert text.unknown == ["<newpos>"]


def test_the_best_checkpoint_can_be_asked_for(folder: Path) -> None:
    best = rnnlab.load_run(folder, checkpoint="best")
    assert best.epoch == int(best.metrics["valid_loss"][1:].idxmin())


def test_an_empty_text_and_a_run_that_is_none_say_so(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="text 2: is empty"):
        rnnlab.load_run(folder).predict(["film", "  "])
    with pytest.raises(InputError, match="no run"):
        rnnlab.load_run(tmp_path / "none")
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "metrics.csv").write_text("")
    with pytest.raises(InputError, match=r"metrics\.csv: has no rows"):
        _ = rnnlab.load_run(copy).metrics


def test_importing_the_package_alone_stays_light() -> None:
    code = "import sys, rnnlab; print(sorted({'torch', 'numpy', 'pandas'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_run_without_texts_predicts_none_and_says_so(call: Callable[..., Outcome]) -> None:
    assert call("train", "task=series", "training.epochs=1", "hydra.run.dir=outputs/series").code == 0
    with pytest.raises(InputError, match="series: task=series reads no texts with a class"):
        rnnlab.load_run("series").predict("a text")


@pytest.fixture
def here(tiny: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words that train on tiny data, in their folder."""
    monkeypatch.chdir(tmp_path)
    return tiny


def test_a_training_from_python_is_the_commands(
    here: list[str], call: Callable[..., Outcome], tmp_path: Path
) -> None:
    words = [*here, "model=lstm", "model.dropout=0.3", "insert=end", "probe.every=1"]
    run = rnnlab.train(*words, "hydra.run.dir=outputs/python", progress=False)
    assert call("train", *words, "hydra.run.dir=outputs/command").code == 0
    command = tmp_path / "outputs" / "command"
    assert run.folder == tmp_path / "outputs" / "python"
    files = {path.relative_to(command) for path in command.rglob("*") if path.is_file()}
    assert files == {path.relative_to(run.folder) for path in run.folder.rglob("*") if path.is_file()}
    same = [path for path in files if path.suffix in (".safetensors", ".csv") and path.name != "metrics.csv"]
    assert len(same) > 5
    for path in same:
        assert (run.folder / path).read_bytes() == (command / path).read_bytes(), path
    pd.testing.assert_frame_equal(
        without_times(run.metrics),
        without_times(rnnlab.load_run("command").metrics),
        check_exact=True,
    )
    assert run.summary["status"] == "finished" and run.summary["command"].startswith(
        "rnnlab train data=files"
    )


def test_a_run_just_trained_and_a_run_loaded_say_the_same(here: list[str]) -> None:
    trained = rnnlab.train(*here, "model=birnn", "insert=end", "data.test=valid.tsv", progress=False)
    loaded = rnnlab.load_run(trained.folder)
    for run in (trained, loaded):
        assert not run.model.training
        assert run.evaluate()["acc"] == run.metrics["valid_acc"].iloc[-1]
        assert run.evaluate("test").keys() == {"acc", "loss"}
    assert trained.evaluate("train") == loaded.evaluate("train")
    pd.testing.assert_frame_equal(trained.predict("a great film"), loaded.predict("a great film"))
    tables = [run.probe("through_time", examples=4, distances=3) for run in (trained, loaded)]
    pd.testing.assert_frame_equal(*tables, check_exact=True)
    assert tables[0]["examples"].unique().tolist() == [4]
    with pytest.raises(InputError, match=r"did you mean 'examples'\?"):
        loaded.probe("through_time", exmples=4)
    with pytest.raises(InputError, match="--split test: the run has none"):
        rnnlab.train(*here, progress=False).evaluate("test")


def test_a_report_is_written_anew(folder: Path) -> None:
    path = folder / "report.html"
    path.unlink(missing_ok=True)
    assert rnnlab.load_run(folder).report() == path and path.is_file()


def test_a_run_shows_in_a_notebook_with_its_names_escaped(folder: Path, tmp_path: Path) -> None:
    run = rnnlab.load_run(shutil.copytree(folder, tmp_path / "<b>one & only"))
    assert repr(run) == f"<{run.folder}: finished, epoch 6>"
    shown = run._repr_html_()
    assert "&lt;b&gt;one &amp; only, finished, epoch 6" in shown and "<b>one" not in shown
    assert f"{run.metrics['valid_loss'].iloc[-1]:.4f}" in shown


def test_rows_are_printed_as_they_come_unless_asked_not_to(
    here: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    rnnlab.train(*here, progress=False)
    assert capsys.readouterr() == ("", "")
    rnnlab.train(*here)
    assert "valid loss" in capsys.readouterr().out


def test_a_sweep_gives_a_table_and_its_runs(
    here: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = rnnlab.sweep(*here, "seed=1,2", "training.epochs=1", progress=False)
    assert capsys.readouterr() == ("", "")
    assert sweep.table["seed"].tolist() == [1, 2] and sweep.folder.parent == tmp_path / "outputs"
    assert [run.summary["seed"] for run in sweep.runs] == [1, 2]
    assert sweep.table["valid_loss"].tolist() == [run.metrics["valid_loss"].iloc[1] for run in sweep.runs]
    assert "valid_loss" in sweep._repr_html_()
    with pytest.raises(InputError, match=r"describe a sweep; use rnnlab\.sweep"):
        rnnlab.train("experiment=memory/lengths")


def test_an_experiment_is_trained_in_a_loop_of_ones_own(here: list[str]) -> None:
    words = [*here, "model=rnn", "optimizer=sgd", "optimizer.lr=0.1", "engine=torch"]
    run = rnnlab.train(*words, progress=False)
    experiment = rnnlab.experiment(*words)
    state, rows = experiment.training_state(), []
    with experiment.torch_settings():
        for epoch in range(1, experiment.plan.rounds + 1):
            for batch in experiment.plan.batches(epoch):
                state.optimizer.zero_grad()
                experiment.loss(batch).backward()
                state.optimizer.step()
            rows.append(experiment.evaluate("valid"))
    assert [row["loss"] for row in rows] == run.metrics["valid_loss"].tolist()[1:]
    for own, ours in zip(experiment.model.parameters(), run.model.parameters(), strict=True):
        assert torch.equal(own, ours)


def test_a_training_leaves_the_process_as_it_was(here: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    before = [*logging.getLogger().handlers], logging.getLogger().level, [*sys.argv], dict(os.environ)
    threads = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        run = rnnlab.train(*here, progress=False)
        run.predict("a great film")
        run.evaluate("train")
        run.probe("gradients")
        rnnlab.load_run("latest").predict("a great film")
        assert torch.get_num_threads() == 3
        assert torch.tensor(1e-38) / 10 > 0, "subnormal floats are kept"
    finally:
        torch.set_num_threads(threads)
    after = [*logging.getLogger().handlers], logging.getLogger().level, [*sys.argv], dict(os.environ)
    assert before == after


def test_what_is_wrong_is_raised_in_one_line_and_leaves_nothing(here: list[str], tmp_path: Path) -> None:
    before = set(tmp_path.rglob("*"))
    with pytest.raises(InputError, match=r"model=lsmt: no such model; did you mean 'lstm'\?"):
        rnnlab.train("model=lsmt")
    with pytest.raises(InputError, match="expected one of"):
        rnnlab.experiment("training.monitor=valid_accuracy")
    assert set(tmp_path.rglob("*")) == before


def test_the_module_runs_the_command_line() -> None:
    for words, begins in (["--version"], "rnnlab "), (["--help"], ""):
        done = subprocess.run(
            [sys.executable, "-m", "rnnlab", *words], capture_output=True, text=True, check=True
        )
        assert done.stdout.startswith(begins) and done.stdout.strip()
