"""`rnnlab train`: run folders, sweeps, equal runs, interruptions and what a person gets to see."""

import csv
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml
from safetensors import safe_open

import rnnlab
from rnnlab.core.metrics import TIMES
from rnnlab.experiment.compose import CONFIG_DIR
from rnnlab.reports.records import metric_names
from tests.cli.conftest import Start, wait_for_rows
from tests.conftest import Command, Outcome
from tests.sweeps import events_of, folders_of
from tests.times import without_times

Call = Callable[..., Outcome]
COLUMNS = ["epoch", "train_acc", "train_loss", "valid_acc", "valid_loss", "seconds", "cpu_seconds"]
EXPERIMENTS = sorted(
    path.relative_to(CONFIG_DIR / "experiment").with_suffix("").as_posix()
    for path in (CONFIG_DIR / "experiment").rglob("*.yaml")
)


def run_folder(outcome: Outcome) -> Path:
    *_, folder, time = outcome.out.strip().splitlines()
    assert outcome.code == 0 and folder.startswith("run folder: "), outcome
    assert time.startswith("total training time "), outcome
    return Path(folder.removeprefix("run folder: "))


def summary_of(folder: Path) -> dict[str, object]:
    summary = json.loads((folder / "summary.json").read_text())
    assert isinstance(summary, dict)
    return summary


def metrics_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open() as file:
        return list(csv.DictReader(file))


def epoch_of(checkpoint: Path) -> int:
    with safe_open(checkpoint, framework="pt") as file:
        return int(json.loads(file.metadata()["rnnlab"])["epoch"])


@pytest.fixture(autouse=True)
def without_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares the runs of this process their figures and page, which have tests of their own."""
    monkeypatch.setattr("rnnlab.workflows.train.write_artifacts", lambda run: {})


# Where a shell starts the tests in the background, Ctrl-C is ignored from birth; a person's is not.


def test_a_run_folder_holds_all_that_was_promised(call: Call, tiny: list[str], tmp_path: Path) -> None:
    outcome = call("train", *tiny, "data.vectors=vectors.txt", "insert=end", "data.test=valid.tsv")
    folder = run_folder(outcome)
    assert folder.parent == tmp_path / "outputs" and folder.name.startswith("boe-end-")
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names >= {
        *(f".hydra/{name}.yaml" for name in ("config", "hydra", "overrides")),
        *("config.yaml", "metrics.csv", "summary.json", "vocabulary.txt", "train.log"),
        *(f"checkpoints/{name}.safetensors" for name in ("last", "best")),
    }
    assert not [name for name in names if name.endswith(".tmp")]

    rows = metrics_of(folder)
    assert list(rows[0]) == COLUMNS
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert all(0 <= float(row[name]) <= 1 for row in rows for name in ("train_acc", "valid_acc"))
    for name in TIMES:
        assert float(rows[0][name]) == 0 < float(rows[1][name])

    config = yaml.safe_load((folder / "config.yaml").read_text())
    assert config["training"]["epochs"] == 2 and config["insert"] == "end" and config["seed"] == 1
    assert "${" not in (folder / "config.yaml").read_text()
    assert (folder / "vocabulary.txt").read_text().splitlines()[:2] == ["<pad>", "<unk>"]
    assert (folder / "vocabulary.txt").read_text().splitlines()[-2:] == ["<newneg>", "<newpos>"]
    assert "epoch=2" in (folder / "train.log").read_text()
    assert epoch_of(folder / "checkpoints" / "last.safetensors") == 2


def test_a_summary_says_how_the_run_came_about(call: Call, tiny: list[str], tmp_path: Path) -> None:
    words = [*tiny, "data.vectors=vectors.txt", "model=birnn", "seed=3"]
    folder = run_folder(call("train", *words))
    summary = summary_of(folder)
    assert summary["status"] == "finished" and summary["seed"] == 3 and summary["device"] == "cpu"
    assert summary["command"] == shlex.join(["rnnlab", "train", *words])
    assert summary.keys() >= {"wall_seconds", "peak_memory_mib", "git", "parameters"}
    # Runs are put in order by it, even those of the same second.
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", str(summary["started"]))
    final, best, versions, data = (summary[name] for name in ("final", "best", "versions", "data"))
    assert isinstance(final, dict) and isinstance(best, dict)
    assert list(final) == list(best) == COLUMNS and final["epoch"] == 2
    assert isinstance(versions, dict) and versions.keys() >= {"python", "torch", "rnnlab"}
    assert isinstance(data, dict) and data.keys() == {"train", "valid", "vectors"}
    assert all(len(facts["sha256"]) == 64 for facts in data.values())
    training = summary["training"]
    assert isinstance(training, dict) and training["steps"] == 2 * 40 / 8
    for name in TIMES:
        assert training[name] == pytest.approx(sum(float(row[name]) for row in metrics_of(folder)), abs=1e-9)
    assert training["steps_per_second"] == pytest.approx(10 / training["seconds"], abs=0.1)


def test_the_command_of_a_summary_runs_it_again(call: Call, tiny: list[str], tmp_path: Path) -> None:
    (tmp_path / "mine" / "model").mkdir(parents=True)
    (tmp_path / "mine" / "model" / "small.yaml").write_text(
        "_target_: rnnlab.cells.gru.GRU\nhidden_size: 3\n"
    )
    (tmp_path / "train.tsv").rename(tmp_path / "my, train=1.tsv")
    words = ["--config-dir", "mine", "model=small", "data.train='my, train=1.tsv'", "training.clip_norm=1"]
    first = run_folder(call("train", *tiny, *words))
    _, *again = shlex.split(str(summary_of(first)["command"]))
    second = run_folder(call(*again))
    assert first != second
    assert (first / "config.yaml").read_text() == (second / "config.yaml").read_text()


def test_figures_of_the_training_texts_after_each_epoch_stand_at_the_end_of_the_row(
    call: Call, tiny: list[str]
) -> None:
    words = [*tiny, "model=rnn", "model.dropout=0.3", "insert=end", "engine=torch"]
    plain = run_folder(call("train", *words))
    outcome = call("train", *words, "training.evaluate_train=true")
    both = run_folder(outcome)
    assert "train after loss" in outcome.out
    rows = metrics_of(both)
    assert list(rows[0]) == [*COLUMNS, "train_after_acc", "train_after_loss"]
    alone = without_times(pd.read_csv(plain / "metrics.csv"))
    assert alone.equals(pd.read_csv(both / "metrics.csv")[list(alone)])
    checkpoints = [(run / "checkpoints" / "last.safetensors").read_bytes() for run in (plain, both)]
    assert checkpoints[0] == checkpoints[1]
    assert rnnlab.load_run(both).evaluate("train")["loss"] == float(rows[-1]["train_after_loss"])
    assert metric_names(pd.DataFrame(rows)) == ["acc", "loss"]


@pytest.mark.parametrize("model", ["boe", "birnn"])
def test_the_same_command_twice_gives_the_same_run(model: str, call: Call, tiny: list[str]) -> None:
    words = [*tiny, f"model={model}", "insert=middle", "model.dropout=0.3", "data.vectors=vectors.txt"]
    first, second = (run_folder(call("train", *words)) for _ in range(2))
    assert first != second
    rows = [without_times(pd.read_csv(folder / "metrics.csv")) for folder in (first, second)]
    assert len(rows[0]) == 3 and rows[0].equals(rows[1])
    for name in ("last", "best"):
        bytes_of = [
            (folder / "checkpoints" / f"{name}.safetensors").read_bytes() for folder in (first, second)
        ]
        assert bytes_of[0] == bytes_of[1]
    other = run_folder(call("train", *words, "seed=2"))
    assert not without_times(pd.read_csv(other / "metrics.csv")).equals(rows[0])


def test_the_best_checkpoint_follows_the_monitor(call: Call, tiny: list[str]) -> None:
    words = ["training.epochs=4", "optimizer=sgd", "optimizer.lr=5", "training.monitor=valid_acc"]
    folder = run_folder(call("train", *tiny, *words))
    accuracies = [float(row["valid_acc"]) for row in metrics_of(folder)[1:]]
    best = accuracies.index(max(accuracies)) + 1
    assert best < 4, "choose settings under which the last epoch is not the best"
    assert epoch_of(folder / "checkpoints" / "best.safetensors") == best
    assert epoch_of(folder / "checkpoints" / "last.safetensors") == 4


def test_early_stopping_ends_a_run(call: Call, tiny: list[str]) -> None:
    words = ["training.epochs=50", "training.patience=2", "optimizer=sgd", "optimizer.lr=5"]
    rows = metrics_of(run_folder(call("train", *tiny, *words)))
    losses = [float(row["valid_loss"]) for row in rows[1:]]
    assert len(rows) < 51 and losses.index(min(losses)) == len(losses) - 3


def test_without_validation_its_cells_are_empty(call: Call, tiny: list[str]) -> None:
    outcome = call("train", *tiny, "data.valid=null")
    assert "no validation examples" in outcome.err
    rows = metrics_of(run_folder(outcome))
    assert [row["valid_acc"] for row in rows] == ["", "", ""] and rows[2]["train_acc"] != ""
    assert "nan" not in outcome.out.lower()


@pytest.mark.parametrize("name", ['it\'s a "quoted" one', "a=b,c {x} [y] (z) ü 🙂", "back\\slash", "end\\"])
def test_the_run_folder_is_the_one_asked_for(name: str, call: Call, tiny: list[str], tmp_path: Path) -> None:
    escaped = name.replace("\\'", "\\\\'").replace("'", "\\'")
    escaped += "\\" * name.endswith("\\")
    outcome = call("train", *tiny, "training.epochs=1", f"hydra.run.dir='my runs/{escaped}'")
    assert run_folder(outcome) == tmp_path / "my runs" / name
    assert {path.name for path in (tmp_path / "my runs").iterdir()} == {name}
    assert (tmp_path / "my runs" / name / ".hydra" / "config.yaml").is_file()
    assert summary_of(tmp_path / "my runs" / name)["status"] == "finished"


def test_a_run_folder_is_never_used_twice(call: Call, tiny: list[str], tmp_path: Path) -> None:
    folder = run_folder(call("train", *tiny, "hydra.run.dir=runs/a"))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    outcome = call("train", *tiny, "hydra.run.dir=runs/a")
    assert outcome.code == 2 and "not empty" in outcome.err
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_cfg_prints_the_configuration_and_runs_nothing(call: Call, tiny: list[str], tmp_path: Path) -> None:
    outcome = call("train", *tiny, "--cfg", "job", "insert=end")
    printed = yaml.safe_load(outcome.out)
    assert outcome.code == 0 and printed["insert"] == "end" and printed["training"]["epochs"] == 2
    outcome = call("train", *tiny, "--cfg", "job", "--package", "model")
    assert yaml.safe_load(outcome.out)["_target_"] == "rnnlab.models.boe.BoE"
    assert not (tmp_path / "outputs").exists()


def test_a_sweep_runs_every_combination(call: Call, tiny: list[str], tmp_path: Path) -> None:
    outcome = call("train", "-m", *tiny, "training.epochs=1", "model=glob(b*e)", "seed=1,2", "engine=torch")
    assert outcome.code == 0 and re.fullmatch(r"2 jobs, \d at a time\n", outcome.err)
    (sweep,) = (tmp_path / "outputs").glob("sweep-*")
    folders = folders_of(sweep)
    names = sorted(folder.name for folder in folders)
    files = ["journal.jsonl", "report.html", "sweep.csv"]
    assert sorted(path.name for path in sweep.iterdir()) == [".claims", *names, *files]
    assert all(re.fullmatch(r"boe-none-[0-9a-f]{10}", name) for name in names)
    assert [summary_of(folder)["seed"] for folder in folders] == [1, 2]


@pytest.mark.parametrize("launcher", ["local", "basic"])
def test_in_a_sweep_one_failing_job_does_not_stop_the_others(
    launcher: str, call: Call, tiny: list[str], tmp_path: Path
) -> None:
    words = ["engine=torch", "optimizer=sgd", "optimizer.lr=0.1,1e38,0.2", "hydra.sweep.dir='my sweep'"]
    words.append(f"hydra/launcher={launcher}")
    outcome = call("train", "-m", *tiny, *words)
    assert outcome.code == 1 and "Traceback" not in outcome.err
    (said,) = (line for line in outcome.err.splitlines() if "the training loss became" in line)
    folders = folders_of(tmp_path / "my sweep")
    assert said.startswith(f"error: {folders[1].name}: ")
    assert "\nerror: a job of the sweep failed; what the others found is kept" in outcome.err
    assert [summary_of(folder)["status"] for folder in folders] == ["finished", "failed", "finished"]
    assert (folders[1] / "train.log").read_text().count("ERROR the training loss became") == 1
    table = pd.read_csv(tmp_path / "my sweep" / "sweep.csv")
    assert table["optimizer.lr"].tolist() == [0.1, 1e38, 0.2]
    assert table["status"].tolist() == ["finished", "failed", "finished"]
    assert table["error"][1] in said and table["valid_loss"].notna().tolist() == [True, False, True]
    assert (
        f"note: 1 job failed; try again with: rnnlab train {shlex.join(['--multirun', *tiny, *words])}"
        in outcome.err
    )


@pytest.mark.slow
def test_sweeps_of_both_launchers_find_the_same(call: Call, tiny: list[str], tmp_path: Path) -> None:
    words = ["model=boe,rnn", "seed=1,2", "insert=end"]
    for launcher in ("local", "basic"):
        sweep = [f"hydra/launcher={launcher}", f"hydra.sweep.dir={launcher}"]
        assert call("train", "-m", *tiny, *words, *sweep).code == 0
    local, basic = (without_times(pd.read_csv(tmp_path / name / "sweep.csv")) for name in ("local", "basic"))
    assert len(local) == 4 and local.equals(basic)
    for run in local["run"]:
        for name in ("metrics.csv", "checkpoints/last.safetensors"):
            one, other = ((tmp_path / launcher / run / name) for launcher in ("local", "basic"))
            if name.endswith(".csv"):
                assert without_times(pd.read_csv(one)).equals(without_times(pd.read_csv(other)))
            else:
                assert one.read_bytes() == other.read_bytes()


def folders_once_planned(sweep: Path) -> list[Path]:
    """Returns the folders of a sweep's jobs, in the order of its plan, once there is one."""
    end = time.monotonic() + 600
    while not (folders := folders_of(sweep)):
        assert time.monotonic() < end
        time.sleep(0.05)
    return folders


def process_of_a_job(path: Path) -> int:
    """Returns which process does a job, once it has written that down."""
    end = time.monotonic() + 600
    while not (path.is_file() and path.read_text()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return int(path.read_text())


SLOW = """
import logging, os, time
from pathlib import Path
import torch

class Slow(torch.optim.SGD):
    def __init__(self, params, *, lr: float = 0.1, waits: bool = False) -> None:
        super().__init__(params, lr=lr)
        self._waits = waits
    def step(self, closure=None):
        if self._waits and len(self.param_groups[0]["params"]) > 1:  # and not merely tried out
            (folder,) = (Path(h.baseFilename).parent for h in logging.getLogger().handlers)
            Path("pids").mkdir(exist_ok=True)
            (Path("pids") / folder.name).write_text(str(os.getpid()))
            time.sleep(600)
        return super().step(closure)
"""


@pytest.mark.slow
def test_of_a_sweep_one_job_may_be_killed_and_ctrl_c_ends_all_others(
    start: Start, tiny: list[str], tmp_path: Path
) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    (tmp_path / "configs" / "optimizer").mkdir(parents=True)
    (tmp_path / "configs" / "optimizer" / "slow.yaml").write_text("_target_: slow.Slow\nwaits: false\n")
    words = [
        "optimizer=slow",
        "optimizer.waits=true,false",
        "seed=1,2",
        "training.epochs=1",
        "--module",
        "slow",
    ]
    process = start("train", "-m", *tiny, *words, "hydra.launcher.workers=2", "hydra.sweep.dir=sweep")
    folders = folders_once_planned(tmp_path / "sweep")
    pids = [process_of_a_job(tmp_path / "pids" / folder.name) for folder in folders[:2]]
    os.kill(pids[0], signal.SIGKILL)
    while Counter(event.event for event in events_of(tmp_path / "sweep"))["done"] < 2:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=600)
    assert process.returncode == 130 and "Traceback" not in err
    assert f"error: {folders[0].name}: its process was ended by SIGKILL" in err
    assert "note: interrupted; the finished runs are kept in sweep" in err
    assert [summary_of(folder)["status"] for folder in folders] == [
        "failed",
        "interrupted",
        *["finished"] * 2,
    ]
    assert "ended by SIGKILL" in str(summary_of(folders[0])["error"])
    assert "ERROR its process was ended by SIGKILL" in (folders[0] / "train.log").read_text()
    assert pd.read_csv(tmp_path / "sweep" / "sweep.csv")["status"].tolist() == ["killed", *["finished"] * 2]
    with pytest.raises(ProcessLookupError):
        os.kill(pids[1], 0)


def test_a_loss_that_is_no_number_stops_the_run(call: Call, tiny: list[str], tmp_path: Path) -> None:
    words = ["engine=torch", "optimizer=sgd", "optimizer.lr=0.01", "training.epochs=9", "hydra.run.dir=run"]
    words += ["scheduler._target_=torch.optim.lr_scheduler.ExponentialLR", "+scheduler.gamma=1e20"]
    outcome = call("train", *tiny, "~scheduler.factor", "~scheduler.total_iters", *words)
    assert outcome.code == 1 and "run folder" not in outcome.out
    (line,) = outcome.err.splitlines()
    assert line.startswith("error: the training loss became ") and "batch" in line
    folder = tmp_path / "run"
    summary = summary_of(folder)
    assert summary["status"] == "failed" and str(summary["error"]) in line
    epoch = int(metrics_of(folder)[-1]["epoch"])
    assert epoch >= 1 and f"epoch {epoch + 1}, batch" in line
    assert epoch_of(folder / "checkpoints" / "last.safetensors") == epoch
    assert epoch_of(folder / "checkpoints" / "best.safetensors") <= epoch


def test_insertion_into_frozen_vectors_warns(call: Call, tiny: list[str]) -> None:
    words = ["insert=end", "training.epochs=1", "engine=torch"]
    assert "stay zeros, which carry no label" in call("train", *tiny, *words, "freeze=true").err
    assert call("train", *tiny, *words).err == ""


def test_the_users_own_configs_add_and_shadow(call: Call, tiny: list[str], tmp_path: Path) -> None:
    own = tmp_path / "configs"
    for group in ("model", "experiment"):
        (own / group).mkdir(parents=True)
    (own / "model" / "wide.yaml").write_text("_target_: rnnlab.models.boe.BoE\nhead_size: 77\n")
    (own / "model" / "gru.yaml").write_text("_target_: rnnlab.cells.gru.GRU\nhidden_size: 5\n")
    (own / "experiment" / "mine.yaml").write_text(
        "# @package _global_\ndefaults:\n  - override /model: wide\n  - _self_\ninsert: end\n"
    )
    added = yaml.safe_load(call("train", "--cfg", "job", "experiment=mine").out)
    assert (added["model"]["head_size"], added["insert"]) == (77, "end")
    assert yaml.safe_load(call("train", "--cfg", "job", "model=gru").out)["model"]["hidden_size"] == 5
    assert yaml.safe_load(call("train", "--cfg", "job", "model=lstm").out)["model"]["hidden_size"] == 50
    outcome = call("train", "model=wyde")
    assert outcome.code == 2 and "'wide'" in outcome.err
    assert run_folder(call("train", *tiny[:-2], "experiment=mine", "training.epochs=1")).name.startswith(
        "mine"
    )


@pytest.mark.slow
def test_every_preset_trains(call: Call, tiny: list[str], tmp_path: Path) -> None:
    data = ["data=files", "data.train=train.tsv", "data.valid=valid.tsv", "data.tokenizer=whitespace"]
    words = [*data, "training.epochs=1", "hydra.sweep.dir=sweep"]
    on_texts = [name for name in EXPERIMENTS if name.split("/")[0] in ("course", "imdb")]
    outcome = call("train", "-m", f"experiment={','.join(on_texts)}", *words)
    assert outcome.code == 0, outcome.err
    for folder, experiment in zip(folders_of(tmp_path / "sweep"), on_texts, strict=True):
        assert folder.name.startswith(experiment.replace("/", "-"))
        assert [row["epoch"] for row in metrics_of(folder)] == ["0", "1"]


@pytest.mark.slow
def test_in_a_pipe_the_rows_are_plain_lines_folder_and_time_come_last(
    rnnlab: Command, tiny: list[str], tmp_path: Path
) -> None:
    done = rnnlab("train", *tiny, "engine=torch")
    header, *rows, blank, folder, time = done.stdout.splitlines()
    assert done.returncode == 0 and done.stderr == ""
    assert header.split() == [
        "epoch",
        *["train", "acc", "train", "loss", "valid", "acc", "valid", "loss"],
        "seconds",
    ]
    assert [row.split()[0] for row in rows] == ["0", "1", "2"] and all(len(row.split()) == 6 for row in rows)
    assert blank == "" and Path(folder.removeprefix("run folder: ")).is_dir()
    assert re.fullmatch(r"total training time [0-9.]+ s \([0-9.]+ s of CPU, [0-9,]+ steps per second\)", time)
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (["training.print_every=2"], [0, 2, 4, 5]),
        (
            [
                "optimizer.lr=1e-9",
                "training.patience=1",
                "training.monitor=valid_acc",
                "training.print_every=3",
            ],
            [0, 2],
        ),
        (
            ["task=recall", "training.steps=50", "training.validate_every=10", "training.print_every=15"],
            [0, 20, 30, 50],
        ),
    ],
)
def test_rows_are_printed_now_and_then_and_the_last_always(
    words: list[str], printed: list[int], call: Call, tiny: list[str]
) -> None:
    data = ["model=rnn"] if "task=recall" in words else [*tiny, "training.epochs=5"]
    outcome = call("train", *data, *words)
    assert run_folder(outcome).is_dir()
    rows = [line.split()[0] for line in outcome.out.splitlines() if line[:11].strip().isdigit()]
    assert rows == [str(place) for place in printed]


@pytest.mark.slow
def test_runs_started_at_once_share_the_cache_and_have_folders_of_their_own(
    start: Start, tiny: list[str], tmp_path: Path
) -> None:
    for process in [start("train", *tiny, "training.epochs=1") for _ in range(2)]:
        out, err = process.communicate(timeout=600)
        assert process.returncode == 0, (out, err)
    (cached,) = (tmp_path / "outputs" / ".cache").iterdir()
    assert not cached.name.startswith(".")
    folders = [path for path in (tmp_path / "outputs").iterdir() if path.name != ".cache"]
    assert len(folders) == 2
    assert all(summary_of(folder)["status"] == "finished" for folder in folders)


@pytest.mark.slow
def test_ctrl_c_keeps_the_finished_epochs(start: Start, tiny: list[str], tmp_path: Path) -> None:
    process = start("train", *tiny, "engine=torch", "training.epochs=100000", "hydra.run.dir=run")
    wait_for_rows(process, 3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=600)
    assert process.returncode == 130 and "Traceback" not in err
    kept = f"note: interrupted; the finished epochs are kept in {tmp_path / 'run'}"
    assert err == f"{kept}; go on with: rnnlab train --resume {tmp_path / 'run'}\n"
    rows, summary = metrics_of(tmp_path / "run"), summary_of(tmp_path / "run")
    assert summary["status"] == "interrupted" and len(rows) >= 3
    assert isinstance(summary["final"], dict) and str(summary["final"]["epoch"]) == rows[-1]["epoch"]
    # The checkpoint of an epoch is kept just after its row.
    assert 0 <= int(rows[-1]["epoch"]) - epoch_of(tmp_path / "run" / "checkpoints" / "last.safetensors") <= 1


@pytest.mark.slow
def test_a_killed_run_is_whole_and_shown_as_killed(
    call: Call, start: Start, tiny: list[str], tmp_path: Path
) -> None:
    process = start("train", *tiny, "training.epochs=100000", "hydra.run.dir=outputs/run")
    wait_for_rows(process, 3)
    time.sleep(0.05)
    process.kill()
    process.communicate(timeout=600)
    folder = tmp_path / "outputs" / "run"
    rows = metrics_of(folder)
    assert len(rows) >= 3 and all(len(row) == len(COLUMNS) and None not in row.values() for row in rows)
    assert summary_of(folder)["status"] == "running"
    assert "killed" in call("runs").out
    assert "killed" in call("show", "run").out
    outcome = call("evaluate", "run")
    assert outcome.code == 2 and "killed" in outcome.err and "--resume run" in outcome.err


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom rnnlab.cli.app import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(*[name for name in sys.modules if '.' not in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *_, modules = done.stdout.splitlines()
    assert "Usage" in done.stdout and "typer" in modules.split()
    assert not {"torch", "spacy", "pandas", "hydra", "omegaconf", "numpy", "pydantic"} & set(modules.split())
