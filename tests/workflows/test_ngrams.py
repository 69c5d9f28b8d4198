"""A bag of embeddings with hashed n-grams, from training to what a person asks of the run."""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import rnnlab
from rnnlab.workflows.trained_run import TrainedRun
from tests.conftest import Outcome

PAIRS = "data.ngrams=2"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Texts whose class is the order of two words, all words being as frequent in both classes."""
    folder, rng = tmp_path_factory.mktemp("order"), random.Random(1)
    for name, count in (("train", 80), ("valid", 40), ("test", 60)):
        lines = []
        for index in range(count):
            words = rng.choices(["the", "a", "film", "plot"], k=4)
            words.insert(rng.randrange(4), "good bad" if index % 2 else "bad good")
            lines.append(f"{'pos' if index % 2 else 'neg'}\t{' '.join(words)}\n")
        (folder / f"{name}.tsv").write_text("".join(lines))
    return folder


@pytest.fixture
def trained(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., TrainedRun]:
    """Trains a bag on them, without a hidden layer."""
    monkeypatch.chdir(tmp_path)

    def train(*words: str) -> TrainedRun:
        paths = [f"data.{name}={folder}/{name}.tsv" for name in ("train", "valid", "test")]
        bag = ["data=files", "data.tokenizer=whitespace", "model=boe", "model.head_size=null"]
        much = [
            "optimizer.lr=0.05",
            "training.epochs=12",
            "data.ngram_buckets=999",
        ]
        return rnnlab.train(*paths, *bag, *much, "hydra.run.dir=outputs/r", *words)

    return train


@pytest.mark.slow
def test_a_bag_of_pairs_learns_the_order_of_two_words_that_a_bag_of_words_cannot(
    trained: Callable[..., TrainedRun],
) -> None:
    assert trained(PAIRS).summary["test"]["acc"] == 1.0
    run = trained("hydra.run.dir=outputs/words", "~data.ngram_buckets")
    assert run.summary["test"]["acc"] < 0.7


@pytest.mark.slow
def test_engines_agree_about_ngrams(trained: Callable[..., TrainedRun]) -> None:
    by_torch, by_numpy = (
        trained(PAIRS, f"engine={engine}", f"hydra.run.dir=outputs/{engine}").metrics["valid_loss"]
        for engine in ("torch", "scratch")
    )
    assert by_torch.iloc[-1] < 0.3
    np.testing.assert_allclose(by_numpy, by_torch, rtol=1e-4)


def test_what_is_asked_of_a_run_counts_its_ngrams(
    trained: Callable[..., TrainedRun], call: Callable[..., Outcome]
) -> None:
    run = trained(PAIRS)
    answers = run.predict(["the good bad film", "the bad good film"])["Classifier probability"]
    assert answers[0] > 0.8 > 0.2 > answers[1]
    outcome = call("predict", "latest", "the good bad film", "--trace")
    assert outcome.code == 0 and f"{answers[0]:.4f}" in outcome.out
    outcome = call("predict", "latest", "the good bad film", "--attribute")
    assert outcome.code == 0 and "good bad" in outcome.out
    for words in (("neighbours", "latest", "film"), ("evaluate", "latest", "--split", "test")):
        assert call(*words).code == 0
    words = [f"data.{key}={value}" for key, value in run.config.data.model_dump().items() if key in DATA]
    shown = call("data", "show", "data=files", "model=boe", *words)
    assert "good bad" in shown.out and "bad good" in shown.out


DATA = ("train", "valid", "tokenizer", "ngrams", "ngram_buckets")
