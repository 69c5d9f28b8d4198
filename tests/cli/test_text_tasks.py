"""Runs of tagging, language and series: their folders, and what every command makes of them."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.cli.texts_to_train_on import write_series, write_tagged, write_text
from tests.conftest import Outcome
from tests.times import without_times

Call = Callable[..., Outcome]
MAKE: dict[str, tuple[Callable[[Path], list[str]], list[str]]] = {
    "tagging": (write_tagged, []),
    "characters": (write_text, []),
    "words": (write_text, ["task.token=word"]),
    "series": (write_series, []),
    "series-many": (write_series, ["task.every_step=true", "task.targets=[waves,rain]"]),
    "sine": (write_series, ["data=generated", "task.rows=90"]),
}
WORDS = {"tagging": ("the", "dog"), "characters": ("e", "s"), "words": ("whale", "sea")}
FINDINGS = {
    "tagging": {"baselines.csv", "tags.csv", "confusion.csv"},
    "characters": {"baselines.csv"},
    "words": {"baselines.csv"},
    "series": {"series.csv"},
    "series-many": {"series.csv"},
    "sine": {"series.csv"},
}


def words_for(kind: str, folder: Path) -> list[str]:
    make, further = MAKE[kind]
    words = [word for word in make(folder) if kind != "sine" or not word.startswith("data")]
    return [*words, *further]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folders with a finished run `outputs/one` of each kind, probed while it trained; to be copied."""
    from rnnlab.cli.app import main

    made: dict[str, Path] = {}

    def train(kind: str) -> Path:
        if kind not in made:
            folder = made[kind] = tmp_path_factory.mktemp(kind)
            words = [*words_for(kind, folder), "probe.every=1", "hydra.run.dir=outputs/one"]
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(folder)
                patch.setenv("HYDRA_FULL_ERROR", "1")
                patch.setattr(sys, "argv", ["rnnlab", "train", *words])
                with (folder / "err.txt").open("w") as file:
                    patch.setattr(sys, "stderr", file)
                    with pytest.raises(SystemExit) as stop:
                        main()
                assert not stop.value.code, (folder / "err.txt").read_text()
        return made[kind]

    return train


@pytest.fixture
def run(trained: Callable[[str], Path], tmp_path: Path, kind: str) -> Path:
    """A copy of a finished run in the test's own folder."""
    shutil.copytree(trained(kind), tmp_path, dirs_exist_ok=True)
    return tmp_path / "outputs" / "one"


every_kind = pytest.mark.parametrize("kind", MAKE)


@pytest.mark.slow
@every_kind
def test_a_run_has_its_figures_findings_and_report(kind: str, run: Path) -> None:
    summary = json.loads((run / "summary.json").read_text())
    metrics = pd.read_csv(run / "metrics.csv")
    assert summary["status"] == "finished" and metrics["epoch"].tolist() == [0, 1, 2]
    (metric, rules), *_ = summary["baselines"].items()
    assert f"valid_{metric}" in metrics and all(np.isfinite(list(rules.values())))
    assert np.isfinite(without_times(metrics).select_dtypes("number")).all(axis=None)
    assert metrics["valid_loss"].iloc[-1] < metrics["valid_loss"].iloc[0]
    for name in FINDINGS[kind]:
        assert len(pd.read_csv(run / name)) > 0
    report = (run / "report.html").read_text()
    assert all(rule in report for rule in rules)
    assert (run / "figures" / "curves.png").read_bytes().startswith(b"\x89PNG")


@every_kind
def test_probes_that_make_no_sense_are_noted_and_the_others_followed(kind: str, run: Path) -> None:
    told = (run.parent.parent / "err.txt").read_text()
    task = "series" if kind in ("series-many", "sine") else kind
    name = "language" if kind in ("characters", "words") else task
    assert f"probe gradients: task={name} has no class-marking tokens" in told
    assert "Traceback" not in told
    probes = {path.name for path in (run / "probes").iterdir()}
    assert "gradients.csv" not in probes and {"through_time.csv", "health.csv"} <= probes
    for probe in probes:
        assert set(pd.read_csv(run / "probes" / probe)["epoch"]) == {0, 1, 2}


@every_kind
@pytest.mark.parametrize("words", [["evaluate"], ["weights"], ["through-time"], ["report"]], ids=" ".join)
def test_commands_for_every_task_work(words: list[str], kind: str, run: Path, call: Call) -> None:
    outcome = call(*words, str(run))
    assert outcome.code == 0, outcome
    if words == ["evaluate"]:
        last = pd.read_csv(run / "metrics.csv").iloc[-1]
        assert f"{last['valid_loss']:.4f}" in outcome.out and "sequences" in outcome.out
        rules = next(iter(json.loads((run / "summary.json").read_text())["baselines"].values()))
        assert all(f"{value:.4f}" in outcome.out for value in rules.values())
        assert call("evaluate", "latest", "--split", "train").code == 0


@every_kind
def test_word_vectors_are_compared_where_inputs_are_words(kind: str, run: Path, call: Call) -> None:
    pair = WORDS.get(kind, ("the", "dog"))
    for words in (["similarity", str(run), *pair], ["neighbours", str(run), pair[0]]):
        outcome = call(*words)
        if kind in WORDS:
            assert outcome.code == 0 and pair[0] in outcome.out, outcome
        else:
            assert outcome.code == 2 and outcome.err.count("\n") == 1, outcome
            assert "the inputs of task=series are numbers" in outcome.err


@every_kind
@pytest.mark.parametrize(
    "words",
    [
        ["positions", "RUN"],
        ["predict", "RUN", "the dog", "--trace"],
        ["pairs", "RUN"],
        ["doctor", "RUN"],
        ["grads", "--run", "RUN"],
    ],
    ids=" ".join,
)
def test_commands_about_texts_with_a_class_say_why_not(
    words: list[str], kind: str, run: Path, call: Call
) -> None:
    before = set(run.rglob("*"))
    outcome = call(*[str(run) if word == "RUN" else word for word in words])
    assert outcome.code == 2 and outcome.err.startswith("error: ") and outcome.err.count("\n") == 1, outcome
    name = "language" if kind in ("characters", "words") else "tagging" if kind == "tagging" else "series"
    assert name in outcome.err
    assert set(run.rglob("*")) == before


def test_a_tagger_is_evaluated_on_another_file(
    trained: Callable[[str], Path], call: Call, tmp_path: Path
) -> None:
    shutil.copytree(trained("tagging"), tmp_path, dirs_exist_ok=True)
    test = call("evaluate", "latest", "--split", "test").out
    shutil.copy(tmp_path / "test.tsv", tmp_path / "other.tsv")
    other = call("evaluate", "latest", "data.test=other.tsv")
    assert other.code == 0, other
    assert other.out.replace("other.tsv", "test") == test


@pytest.mark.parametrize("engine", ["torch", "scratch"])
def test_a_run_without_validation_finds_what_it_did_on_training_words(
    engine: str, call: Call, tmp_path: Path
) -> None:
    words = [word for word in write_tagged(tmp_path) if not word.startswith(("data.valid", "data.test"))]
    outcome = call("train", *words, "model.dropout=0.0", f"engine={engine}", "hydra.run.dir=run")
    assert outcome.code == 0, outcome
    table = pd.read_csv(tmp_path / "run" / "baselines.csv").set_index("tagger")
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert table.loc["most frequent tag", "acc"] == pytest.approx(
        summary["baselines"]["acc"]["most frequent tag"]
    )


def test_vectors_are_counted_among_the_words_of_the_text(call: Call, tmp_path: Path) -> None:
    words = [word for word in write_text(tmp_path) if not word.startswith("data.embedding_dim")]
    (tmp_path / "vectors.txt").write_text("the 1 2 3\nwhale 3 2 1\nharpoon 1 1 1\n")
    outcome = call("train", *words, "task.token=word", "data.vectors=vectors.txt", "training.epochs=1")
    assert outcome.code == 0, outcome
    assert "train: 540 words, 9 distinct" in outcome.err
    assert "vectors: 2 of 9 words found" in outcome.err


SCRATCH = {
    "tagging": (write_tagged, ["model=bilstm", "model.dropout=0.0"]),
    "characters": (write_text, []),
    "series": (write_series, []),
    "series-many": (write_series, ["task.every_step=true", "model=lstm"]),
    "recall": (
        lambda folder: ["task=recall", "task.length=6", "task.valid_examples=64", "model.hidden_size=6"],
        ["training.steps=30", "training.validate_every=10"],
    ),
}


@pytest.mark.parametrize("kind", SCRATCH)
def test_the_engine_from_scratch_gives_torchs_figures(
    kind: str, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnnlab.workflows.train.write_artifacts", lambda run: {})
    make, further = SCRATCH[kind]
    words, tables = [*make(tmp_path), *further, "training.precision=float64"], []
    for engine in ("torch", "scratch"):
        outcome = call("train", *words, f"engine={engine}", f"hydra.run.dir={engine}")
        assert outcome.code == 0, outcome
        tables.append(without_times(pd.read_csv(tmp_path / engine / "metrics.csv")))
    ours, theirs = tables[1], tables[0]
    assert theirs["train_loss"].nunique() == len(theirs) >= 3
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-9, atol=0)


@pytest.mark.slow
def test_a_bilstm_tags_the_treebank_far_better_than_the_most_frequent_tag(
    call: Call, real_data: Path, tmp_path: Path
) -> None:
    paths = [f"data.{name}={real_data}/tagging/treebank-{name}.tsv" for name in ("train", "valid", "test")]
    outcome = call("train", "task=tagging", *paths, "training.epochs=5", "hydra.run.dir=run")
    assert outcome.code == 0, outcome
    table = pd.read_csv(tmp_path / "run" / "baselines.csv").set_index("tagger")
    net, rule = table.loc["net"], table.loc["most frequent tag"]
    assert net["split"] == "test" and net["acc"] >= 0.95 > rule["acc"] > 0.9
    assert net["unknown_words_acc"] > rule["unknown_words_acc"] + 0.2
    assert f"{rule['acc']:.4f}" in outcome.out


@pytest.mark.slow
def test_characters_of_a_novel_are_soon_guessed_better_than_by_pairs(
    call: Call, real_data: Path, tmp_path: Path
) -> None:
    words = [f"data.train={real_data}/language/moby-dick.txt.gz", "task.max_tokens=300000"]
    quick = ["training.epochs=1", "training.batch_size=16", "model.hidden_size=128"]
    outcome = call("train", "task=language", *words, *quick, "hydra.run.dir=run")
    assert outcome.code == 0, outcome
    table = pd.read_csv(tmp_path / "run" / "baselines.csv").set_index("model")["perplexity"]
    assert 1 < table["net"] < table["bigram"] < table["unigram"]
