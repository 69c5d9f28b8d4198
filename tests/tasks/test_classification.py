import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from rnnlab.core.errors import InputError
from rnnlab.data.splits import TextSplit
from rnnlab.tasks.base import DataSettings, InputOutputSizes, TaskData
from rnnlab.tasks.classification import PROBABILITY, Classification, chances

TASK = Classification()


def test_the_loss_is_minus_the_logarithm_of_the_right_class_probability() -> None:
    logits = torch.tensor([[2.0], [2.0], [-1.5], [-1.5]], dtype=torch.float64)
    targets = torch.tensor([1.0, 0.0, 1.0, 0.0], dtype=torch.float64)
    probability = 1 / (1 + np.exp(-logits[:, 0].numpy()))
    expected = -np.log(np.where(targets == 1, probability, 1 - probability))
    assert (expected > 0.1).all()
    np.testing.assert_allclose(TASK.measure(logits, targets)["loss"], expected, rtol=1e-14)


def test_a_saturated_answer_has_a_finite_loss() -> None:
    loss = TASK.measure(torch.tensor([[200.0], [-200.0]]), torch.tensor([0.0, 1.0]))["loss"]
    assert loss.tolist() == [200.0, 200.0]


@pytest.mark.parametrize(
    ("logit", "target", "right"),
    [(0.1, 1, 1), (0.1, 0, 0), (-0.1, 1, 0), (-0.1, 0, 1), (0.0, 0, 1), (0.0, 1, 0), (90, 1, 1), (-90, 0, 1)],
)
def test_a_probability_above_one_half_means_positive(logit: float, target: int, right: int) -> None:
    for dtype in (torch.float32, torch.float64):
        measured = TASK.measure(torch.tensor([[logit]], dtype=dtype), torch.tensor([target], dtype=dtype))
        assert measured["acc"].tolist() == [right]
        assert measured["acc"].dtype == dtype


def test_only_the_loss_has_a_gradient() -> None:
    logits = torch.tensor([[0.3], [-0.2]], requires_grad=True)
    measured = TASK.measure(logits, torch.tensor([1.0, 1.0]))
    assert measured["loss"].requires_grad and not measured["acc"].requires_grad
    assert set(measured) == set(TASK.metrics)


def test_probabilities_are_those_of_the_positive_class() -> None:
    probabilities = chances(np.array([[0.0], [math.log(3)]]), ("neg", "pos"))[PROBABILITY]
    np.testing.assert_allclose(probabilities, [0.5, 0.75], rtol=1e-14)
    assert TASK.classes == ("neg", "pos")


TRAIN = "pos\tgood good film\nneg\tbad film\npos\tfine\nneg\tbad , bad\n"
OTHER = "pos\tgood plot\nneg\tplot\n"


@pytest.fixture
def settings(tmp_path: Path) -> DataSettings:
    for name, text in (("train", TRAIN), ("valid", OTHER), ("test", OTHER)):
        (tmp_path / f"{name}.tsv").write_text(text)
    paths = {name: tmp_path / f"{name}.tsv" for name in ("train", "valid", "test")}
    return DataSettings(paths, seed=1, precision=torch.float64, tokenizer="whitespace", insert="end")


def words_of(task_data: TaskData, split: TextSplit) -> list[list[str]]:
    words = task_data.vocabulary.words
    return [[words[number] for number in split.text(index)] for index in range(len(split))]


def test_texts_to_train_and_validate_on_get_their_token_and_those_to_test_on_do_not(
    settings: DataSettings,
) -> None:
    task_data = TASK.load(settings)
    assert words_of(task_data, task_data.train)[:2] == [
        ["good", "good", "film", "<newpos>"],
        ["bad", "film", "<newneg>"],
    ]
    assert words_of(task_data, task_data.splits["valid"]) == [
        ["good", "<unk>", "<newpos>"],
        ["<unk>", "<newneg>"],
    ]
    assert words_of(task_data, task_data.splits["test"]) == [["good", "<unk>"], ["<unk>"]]
    assert words_of(task_data, task_data.texts["valid"]) == [["good", "<unk>"], ["<unk>"]]
    (batch,) = task_data.train.batches(np.arange(4), 4)
    assert batch.targets.dtype == torch.float64 and batch.targets.tolist() == [1, 0, 1, 0]
    assert (task_data.classes, task_data.sizes) == (("neg", "pos"), InputOutputSizes(output_size=1))


def test_the_cache_is_written_only_once_the_vectors_are_known_to_be_good(settings: DataSettings) -> None:
    folder = settings.path("train").parent
    vectors = folder / "vectors.txt"
    vectors.write_text("good 1 2\nbad 1\n")
    settings = replace(settings, cache=folder / "cache", vectors=vectors)
    with pytest.raises(InputError, match=r"vectors\.txt, line 2"):
        TASK.load(settings)
    assert not (folder / "cache").exists()
    vectors.write_text("good 1 2\nbad 1 3\n")
    task_data = TASK.load(settings)
    assert len(list((folder / "cache").iterdir())) == 1
    assert task_data.vector_coverage == pytest.approx(5 / 9)
    assert TASK.load(replace(settings, vectors=None)).vector_coverage is None


def test_a_file_is_read_in_the_words_of_a_net_that_was_trained_without_it(settings: DataSettings) -> None:
    vocabulary = TASK.load(settings).vocabulary
    for name in ("train", "valid"):
        settings.path(name).unlink()
    name, examples, notes, _ = TASK.load_test(settings.path("test"), settings, vocabulary)
    assert name.endswith("test.tsv") and notes == () and examples.precision == torch.float64
    assert examples.ids.tolist() == [vocabulary["good"], 1, 1]


def test_confusion_counts_every_text_once(settings: DataSettings) -> None:
    train = TASK.load(replace(settings, insert="none")).train
    counts = TASK.class_answers(lambda batch: batch.lengths[:, None] - 1.5, train, ("neg", "pos")).confusion
    assert counts.loc["neg"].to_dict() == {"neg": 0, "pos": 2}
    assert counts.loc["pos"].to_dict() == {"neg": 1, "pos": 1}


def test_each_of_many_labels_has_a_token_and_a_logit(tmp_path: Path) -> None:
    lines = {
        "train": ["10\tgood film indeed", "9\tbad film", "so so\ta film"],
        "valid": ["9\tbad", "10\tgood"],
    }
    for name, texts in lines.items():
        (tmp_path / f"{name}.tsv").write_text("\n".join(texts))
    paths = {name: tmp_path / f"{name}.tsv" for name in lines}
    settings = DataSettings(paths, seed=1, precision=torch.float32, tokenizer="whitespace", insert="middle")
    task_data = TASK.load(replace(settings, cache=tmp_path / "cache"))
    again = TASK.load(replace(settings, cache=tmp_path / "cache"))
    for loaded in (task_data, again):
        assert loaded.classes == ("9", "10", "so so") and loaded.sizes == InputOutputSizes(output_size=3)
        assert loaded.vocabulary is not None
        assert loaded.vocabulary.words[-3:] == ("<new9>", "<new10>", "<newso_so>")
        assert words_of(loaded, loaded.train) == [
            ["good", "<new10>", "film", "indeed"],
            ["bad", "<new9>", "film"],
            ["a", "<newso_so>", "film"],
        ]
        (batch,) = loaded.train.batches(np.arange(3), 3)
        assert batch.targets.dtype == torch.int64 and batch.targets.tolist() == [1, 0, 2]
    assert task_data.notes == ("labels (training texts): 9 (1), 10 (1), so so (1)",)
    logits = torch.tensor([[0.0, 1.0, 2.0], [3.0, 0.0, 0.0]])
    measured = TASK.measure(logits, torch.tensor([1, 0]))
    expected = torch.nn.functional.cross_entropy(logits, torch.tensor([1, 0]), reduction="none")
    assert torch.equal(measured["loss"], expected) and measured["acc"].tolist() == [0, 1]
