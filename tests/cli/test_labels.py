"""Labels of one's own from the first command to the last: five from TSV, unbalanced, one never validated."""

import csv
import gzip
import io
import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from sklearn.metrics import classification_report, f1_score

import rnnlab
from rnnlab.core.errors import InputError
from rnnlab.workflows.evaluate import evaluate
from tests.conftest import Outcome
from tests.labelled_texts import write_labelled

Call = Callable[..., Outcome]
STARS = ("1", "2", "3", "4", "5")
FIVE = {"1": 30, "2": 8, "3": 12, "4": 3, "5": 40}
THREE = {"negative": 20, "neutral": 5, "positive": 15}
DATA = ["data=files", "data.tokenizer=whitespace"]


def train(folder: Path, *words: str) -> None:
    from rnnlab.cli.app import main

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("HYDRA_FULL_ERROR", "1")
        patch.setattr(sys, "argv", ["rnnlab", "train", *DATA, *words])
        with pytest.raises(SystemExit) as stop:
            main()
    assert not stop.value.code


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data of five and of three labels, and a run on each: `five` and `three`."""
    folder = tmp_path_factory.mktemp("labels")
    write_labelled(folder / "train.tsv", FIVE)
    write_labelled(folder / "valid.tsv", {label: 6 for label in STARS if label != "4"}, seed=1)
    write_labelled(folder / "test.tsv", dict.fromkeys(STARS, 4), seed=2)
    for seed, name in enumerate(("train", "valid")):
        write_labelled(folder / f"{name}.csv", THREE, seed)
    shared = ["model=rnn", "model.hidden_size=8", "optimizer.lr=0.01", "training.epochs=4"]
    probes = ["probe.every=2", "probe=[gradients,positions,through_time,health]", "insert=end"]
    files = ["data.train=train.tsv", "data.valid=valid.tsv"]
    train(folder, *files, *shared, *probes, "hydra.run.dir=outputs/five")
    files = ["data.train=train.csv", "data.valid=valid.csv"]
    train(folder, *files, *shared, "engine=scratch", "hydra.run.dir=outputs/three")
    return folder


@pytest.fixture
def runs(trained: Path, call: Call, tmp_path: Path) -> Call:
    """Runs commands beside copies of data and runs."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return call


@pytest.fixture
def without_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs end with their training: figures and pages take as long as all else."""
    monkeypatch.setattr("rnnlab.workflows.train.write_artifacts", lambda run: {})


@pytest.mark.slow
@pytest.mark.parametrize(("name", "ending"), [("five", "tsv"), ("three", "csv")])
def test_precision_recall_and_f1_are_scikit_learns(runs: Call, name: str, ending: str) -> None:
    found = evaluate(rnnlab.load_run(name), test=f"valid.{ending}")
    outcome = runs("predict", name, "--file", f"valid.{ending}", "--format", "csv")
    rows = list(csv.DictReader(outcome.out.splitlines()))
    true, called = [row["True label"] for row in rows], [row["Output label"] for row in rows]
    report = classification_report(true, called, output_dict=True, zero_division=0)
    assert found.by_class is not None
    table = found.by_class.set_index("label")
    for label in sorted({*true, *called}):
        of_label = table.loc[label, ["precision", "recall", "f1", "texts"]].tolist()
        assert of_label == pytest.approx(list(report[label].values())), label
    for ours, theirs in (("macro average", "macro avg"), ("weighted average", "weighted avg")):
        of_all = table.loc[ours, ["precision", "recall", "f1", "texts"]].tolist()
        assert of_all == pytest.approx(list(report[theirs].values()))
    assert f"accuracy {report['accuracy']:.4f} over {len(rows)} texts" in outcome.err
    assert found.metrics["acc"] == pytest.approx(report["accuracy"])


def test_evaluate_prints_them_beside_the_confusion_and_says_what_nothing_by_nothing_is(runs: Call) -> None:
    out = runs("evaluate", "five").out
    assert "label / predicted" in out and "0 / 0 counts as 0" in out and "macro average" in out
    (missing,) = re.findall(r"│ 4 +│ +(\S+) │ +(\S+) │ +(\S+) │ +0 │ +(\d+) │", out.split("by label")[1])
    assert set(missing[:3]) <= {"-", "0.0000"}
    assert "on test.tsv (20 texts)" in runs("evaluate", "five", "data.test=test.tsv").out


def test_a_run_knows_its_labels_without_the_data(runs: Call, tmp_path: Path) -> None:
    for name in ("train.tsv", "valid.tsv"):
        (tmp_path / name).unlink()
    run = rnnlab.load_run("five")
    assert run.classes == STARS and run.sizes.output_size == 5
    table = run.predict(["a great film", "awful"])
    assert list(table) == ["Input text", *(f"P({star})" for star in STARS), "Output label", "Unknown words"]
    chances = table[[f"P({star})" for star in STARS]]
    assert chances.sum(axis=1).tolist() == pytest.approx([1, 1])
    assert (chances.idxmax(axis=1).str[2] == table["Output label"]).all()
    assert runs("evaluate", "five", "data.test=test.tsv").code == 0


def test_a_text_is_traced_and_attributed(runs: Call) -> None:
    rows = pd.read_csv(_lines(runs("predict", "five", "a great film", "--trace", "--format", "csv").out))
    whole = rnnlab.load_run("five").predict("a great film")
    columns = [f"P({star})" for star in STARS]
    assert rows[columns].iloc[-1].tolist() == pytest.approx(whole[columns].iloc[0].tolist(), abs=1e-12)
    outcome = runs("predict", "five", "a great film", "--attribute", "--format", "csv")
    shares = pd.read_csv(_lines(outcome.out), dtype={"Label": str})
    assert set(shares["Label"]) == {whole["Output label"][0]}
    change = shares["Logit"][0] - shares["Baseline logit"][0]
    assert abs(change) > 0.01 and shares["Attribution"].sum() == pytest.approx(change, rel=0.01, abs=0.001)
    assert "each text's most probable label" in outcome.err


def test_every_command_that_asks_about_tokens_has_all_of_them(runs: Call) -> None:
    tokens = [f"<new{star}>" for star in STARS]
    commands = {
        "grads": ["--run", "five", "--full"],
        "positions": ["five", "--steps", "2"],
        "similarity": ["five"],
        "neighbours": ["five", *tokens],
    }
    for command, words in commands.items():
        outcome = runs(command, *words)
        assert outcome.code == 0, outcome
        assert all(token in outcome.out for token in tokens), command
    similarity = pd.read_csv("outputs/five/similarity.csv")
    pairs = set(zip(similarity["word1"], similarity["word2"], strict=True))
    assert len(pairs) == 10 + 5 * 2 and ("<new1>", "<new5>") in pairs and ("<new3>", "boring") in pairs
    assert pd.read_csv("outputs/five/probes/gradients.csv").groupby(["epoch", "position"]).size().eq(5).all()
    assert runs("through-time", "five").code == 0


def test_the_doctor_compares_with_a_guess_among_all_labels(runs: Call) -> None:
    out = runs("doctor", "five").out
    assert "loss stuck at ln 5" in out and "ln 5 = 1.6094" in out
    assert re.search(r"of the validation\s+texts are called '[1-5]'", re.sub(r"[│\s]+", " ", out))


@pytest.mark.slow
def test_the_report_has_every_label_and_no_pairs(runs: Call) -> None:
    run = rnnlab.load_run("five")
    page = run.report().read_text()
    for heading in (
        "precision, recall and F1 of each label",
        "confusion: a row per true label",
        "macro average",
    ):
        assert heading in page
    assert "predicted 5" in page and "&lt;new4&gt;" in page and "Minimal pairs" not in page
    assert not (run.folder / "pairs.csv").exists()
    table = pd.read_csv(run.folder / "classes.csv")
    assert table["label"].tolist() == [*STARS, "macro average", "weighted average"]
    predictions = pd.read_csv(run.folder / "predictions.csv")
    assert ((predictions["label"] == predictions["called"]) == (predictions["outcome"] == "right")).all()


def test_pairs_are_about_the_labels_that_mean_it(runs: Call) -> None:
    assert len(pd.read_csv("outputs/three/pairs_summary.csv")) == 6
    outcome = runs("pairs", "five")
    assert outcome.code == 2 and "--positive: no label is called so; expected one of 1, 2, 3" in outcome.err
    outcome = runs("pairs", "five", "--positive", "5", "--negative", "1", "--suite", "order")
    assert outcome.code == 0 and "order" in outcome.out
    assert runs("pairs", "five", "--positive", "5", "--negative", "6").code == 2
    assert runs("pairs", "five", "--positive", "5", "--negative", "5").code == 2


@pytest.mark.usefixtures("without_report")
def test_both_engines_learn_the_same(runs: Call) -> None:
    words = ["data.train=train.csv", "data.valid=valid.csv", "model=rnn", "model.hidden_size=8", *DATA]
    words += ["insert=start", "training.epochs=2", "training.precision=float64"]
    metrics = {
        engine: rnnlab.train(*words, f"engine={engine}", f"hydra.run.dir=outputs/{engine}").metrics
        for engine in ("torch", "scratch")
    }
    columns = ["train_acc", "train_loss", "valid_acc", "valid_loss"]
    assert metrics["torch"]["valid_loss"].iloc[-1] > 0.1
    pd.testing.assert_frame_equal(metrics["torch"][columns], metrics["scratch"][columns], rtol=1e-10)


@pytest.mark.usefixtures("without_report")
def test_two_other_labels_keep_one_logit_with_names_of_their_own(runs: Call, tmp_path: Path) -> None:
    text = (tmp_path / "train.tsv").read_text()
    lines = [line for line in text.splitlines() if line[0] in "15"]
    renamed = [("ham" if line[0] == "1" else "spam") + line[1:] for line in lines]
    (tmp_path / "mails.tsv").write_text("\n".join(renamed) + "\n")
    words = ["data.train=mails.tsv", "data.valid_fraction=0.3", "insert=end", "training.epochs=1", *DATA]
    run = rnnlab.train(*words, "hydra.run.dir=outputs/mails")
    assert run.classes == ("ham", "spam") and run.sizes.output_size == 1
    assert run.vocabulary.words[-2:] == ("<newham>", "<newspam>")
    table = run.predict("a film")
    assert table["P(ham)"][0] + table["P(spam)"][0] == pytest.approx(1)
    gradients = run.probe("gradients")
    assert {"newham_norm", "newspam_norm", "cosine", "ratio_to_end"} < set(gradients)
    assert gradients["newspam_norm"].gt(0).all()
    moved = run.probe("positions", positions=[0.0, 1.0])
    assert moved["logit_shift"].iloc[-1] == pytest.approx(
        moved["newspam_shift"].iloc[-1] - moved["newham_shift"].iloc[-1]
    )
    assert "predicted spam" in runs("evaluate", "mails").out


def test_a_label_that_is_not_the_runs_is_refused_by_file_and_line(runs: Call, tmp_path: Path) -> None:
    (tmp_path / "new.tsv").write_text("1\tawful\n6\tsublime\n")
    for words in (
        ["evaluate", "five", "data.test=new.tsv"],
        ["predict", "five", "--file", "new.tsv"],
        ["train", *DATA, "data.train=train.tsv", "data.valid=new.tsv"],
        ["train", *DATA, "data.train=train.tsv", "data.valid=valid.tsv", "data.test=new.tsv"],
    ):
        outcome = runs(*words)
        assert outcome.code == 2 and len(outcome.err.splitlines()) == 1, outcome
        assert "new.tsv, line 2: unknown label '6'; expected one of" in outcome.err
        assert "1, 2, 3, 4, 5" in outcome.err
    outcome = runs("data", "check", "train.tsv", "new.tsv")
    assert outcome.code == 2 and "new.tsv, line 2: unknown label '6'" in outcome.out
    assert re.search(r"label 4 +┃? *│ +3 ", outcome.out)


def test_names_of_labels_that_are_not_those_of_the_outputs_are_refused(runs: Call, tmp_path: Path) -> None:
    path = tmp_path / "outputs" / "five" / "summary.json"
    summary = json.loads(path.read_text())
    assert summary["classes"] == list(STARS)
    for wrong, said in (
        (["1", "2"], r"classes: expected 5 names"),
        ("12345", r"classes: expected a valid list, found '12345'"),
        ([1, 2, 3, 4, 5], r"classes\.0: expected a valid string, found 1"),
    ):
        path.write_text(json.dumps(summary | {"classes": wrong}))
        with pytest.raises(InputError, match=rf"summary\.json: {said}"):
            rnnlab.load_run("five")


def test_labels_of_markup_and_spaces_are_shown_as_they_are(runs: Call, tmp_path: Path) -> None:
    labels = ("<b>so so</b>", "[red]bad", "fine")
    lines = [f"{label}\tthe film number {n}\n" for n in range(6) for label in labels]
    (tmp_path / "odd.tsv").write_text("".join(lines))
    words = ["data.train=odd.tsv", "data.valid_fraction=0.5", "insert=end", "model=boe", "training.epochs=1"]
    assert runs("train", *words, *DATA, "hydra.run.dir=outputs/odd").code == 0
    page = (tmp_path / "outputs" / "odd" / "report.html").read_text()
    assert "<b>so" not in page and "&lt;b&gt;so so&lt;/b&gt;" in page
    assert "<new<b>so_so</b>>" in (tmp_path / "outputs" / "odd" / "vocabulary.txt").read_text()
    out = runs("evaluate", "odd").out + runs("grads", "--run", "odd").out
    assert "[red]bad" in out and "<b>so so</b>" in out and "<new<b>so_so</b>>" in out


def _lines(text: str) -> io.StringIO:
    return io.StringIO(text)


@pytest.mark.slow
def test_real_texts_of_three_kinds_are_told_apart(
    call: Call, real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnnlab.workflows.train.write_artifacts", lambda run: {})
    lines = {
        kind: (real_data / "polarity" / f"rt-polarity.{kind}").read_text("utf-8", "replace").splitlines()
        for kind in ("pos", "neg")
    }
    novel = gzip.decompress((real_data / "language" / "moby-dick.txt.gz").read_bytes()).decode()
    lines["novel"] = [line.strip() for line in novel.splitlines() if len(line) > 50]
    for split, first in (("train", 0), ("valid", 300)):
        for kind, texts in lines.items():
            (tmp_path / split / kind).mkdir(parents=True)
            for number, text in enumerate(texts[first : first + 300]):
                (tmp_path / split / kind / f"{number}.txt").write_text(text)
    words = ["data.train=train", "data.valid=valid", "model=boe", "training.epochs=6", *DATA]
    run = rnnlab.train(*words, "hydra.run.dir=outputs/kinds", "optimizer.lr=0.01")
    assert run.classes == ("neg", "novel", "pos")
    found = evaluate(run)
    texts, true = [], []
    for kind in ("neg", "novel", "pos"):
        texts += lines[kind][300:600]
        true += [kind] * 300
    called = run.predict(texts)["Output label"]
    assert found.by_class is not None
    table = found.by_class.set_index("label")
    assert table.loc["macro average", "f1"] == pytest.approx(f1_score(true, called, average="macro"))
    assert table.loc["novel", "f1"] > 0.8 and found.metrics["acc"] > 0.6
