from collections.abc import Callable
from pathlib import Path

import pytest

import rnnlab
from tests.conftest import Outcome

TEST = "pos\ta great film\nneg\tan awful plot\npos\tawful\n"


def turn_labels(path: Path) -> None:
    """What is learned of right labels grows worse for wrong ones from an early epoch on."""
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(("neg" if line.startswith("pos") else "pos") + line[3:] for line in lines))


def test_a_run_ends_with_what_its_best_net_reaches_on_test_texts(
    call: Callable[..., Outcome], tiny: list[str], tmp_path: Path
) -> None:
    (tmp_path / "test.tsv").write_text(TEST)
    words = [*tiny, "data.test=test.tsv", "training.epochs=4", "optimizer.lr=0.3", "hydra.run.dir=outputs/r"]
    outcome = call("train", *words, "training.monitor=train_loss", "seed=3")
    best = rnnlab.load_run("latest", checkpoint="best")
    tested = best.summary["test"]
    assert best.evaluate("test") == pytest.approx({name: tested[name] for name in ("acc", "loss")}, rel=1e-5)
    assert tested["epoch"] == best.epoch and tested["examples"] == 3
    assert f"test: acc {tested['acc']:.4f}, loss {tested['loss']:.4f} (3 examples" in outcome.out
    assert f"epoch {best.epoch}, the best by train_loss" in outcome.out
    assert f"acc {tested['acc']:.4f}" in call("show", "latest").out.split("test of the best")[1]
    assert ">test acc<" in (tmp_path / "outputs" / "r" / "report.html").read_text()


def test_a_net_that_got_worse_is_not_the_one_that_is_tested(
    call: Callable[..., Outcome], tiny: list[str], tmp_path: Path
) -> None:
    (tmp_path / "test.tsv").write_text(TEST)
    turn_labels(tmp_path / "valid.tsv")
    assert call("train", *tiny, "data.test=test.tsv", "training.epochs=6", "optimizer.lr=0.1").code == 0
    last, best = (rnnlab.load_run("latest", checkpoint=which) for which in ("last", "best"))
    assert best.epoch == best.summary["test"]["epoch"] < last.epoch == 6
    assert best.summary["test"]["loss"] == pytest.approx(best.evaluate("test")["loss"], rel=1e-5)
    assert best.summary["test"]["loss"] != pytest.approx(last.evaluate("test")["loss"], rel=1e-3)


def test_without_test_texts_nothing_is_said_of_them(call: Callable[..., Outcome], tiny: list[str]) -> None:
    outcome = call("train", *tiny)
    assert "test:" not in outcome.out and "test" not in rnnlab.load_run("latest").summary


@pytest.mark.parametrize("engine", ["torch", "fused"])
def test_the_last_net_is_what_it_was_after_the_best_was_tested(
    engine: str, call: Callable[..., Outcome], tiny: list[str], tmp_path: Path
) -> None:
    (tmp_path / "test.tsv").write_text(TEST)
    turn_labels(tmp_path / "valid.tsv")
    words = [*tiny, "model=rnn", "training.epochs=4", "optimizer.lr=0.03", f"engine={engine}", "seed=2"]
    for name, more in (("tested", ["data.test=test.tsv"]), ("plain", [])):
        assert call("train", *words, *more, f"hydra.run.dir=outputs/{name}").code == 0
    tested, plain = (tmp_path / "outputs" / name for name in ("tested", "plain"))
    assert (tested / "predictions.csv").read_bytes() == (plain / "predictions.csv").read_bytes()
    best = rnnlab.load_run(tested, checkpoint="best")
    assert best.epoch < 4 and best.summary["test"]["loss"] == pytest.approx(
        best.evaluate("test")["loss"], rel=1e-5
    )
