"""Scores of answers that are made up, and of every kind of task."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, roc_auc_score

from rnnlab.core.batch import UNCOUNTED, Batch
from rnnlab.tasks.answers import ClassAnswers
from rnnlab.tasks.copy import Copy
from rnnlab.tasks.halves import Halves
from rnnlab.tasks.recall import Recall
from rnnlab.tasks.tagged_split import TaggedSplit
from rnnlab.tasks.tagging import Tagging
from rnnlab.workflows.evaluate import Evaluation


def scores_of(
    logits: np.ndarray, targets: np.ndarray, classes: tuple[str, ...]
) -> dict[str, dict[str, object]]:
    found = Evaluation("made up", len(targets), "texts", {}, {}, ClassAnswers(logits, targets, classes))
    assert found.scores is not None
    return found.scores.set_index("measure").to_dict("index")


@pytest.mark.parametrize(("outputs", "classes"), [(1, ("neg", "pos")), (3, ("a", "b", "c"))])
def test_where_all_are_of_one_class_the_auc_is_undefined_and_all_else_is_not(
    outputs: int, classes: tuple[str, ...]
) -> None:
    logits = np.random.default_rng(0).standard_normal((9, outputs))
    found = scores_of(logits, np.ones(9, dtype=int), classes)
    (auc,) = (name for name in found if name.startswith("ROC-AUC"))
    assert auc.endswith(f"(undefined: all are {classes[1]})") and math.isnan(found[auc]["net"])
    assert found["accuracy"]["by_rule"] == 1 and found["Brier score"]["by_rule"] == 0
    assert found["Brier score"]["net"] > 0.1 and 0 < found["accuracy"]["net"] < 1


def test_many_classes_have_macro_figures_and_the_rule_is_the_most_frequent_one() -> None:
    rng = np.random.default_rng(1)
    targets = rng.choice(3, 80, p=[0.2, 0.5, 0.3])
    logits = rng.standard_normal((80, 3)) + np.eye(3)[targets]
    found = scores_of(logits, targets, ("a", "b", "c"))
    assert "F1, b" not in found
    assert found["F1, macro average"]["net"] == pytest.approx(
        f1_score(targets, logits.argmax(axis=1), average="macro")
    )
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    auc = found["ROC-AUC, mean of each class against the rest"]["net"]
    assert auc == pytest.approx(roc_auc_score(targets, chances, multi_class="ovr")) and auc > 0.6
    assert found["accuracy"]["rule"] == "always b"
    assert found["accuracy"]["by_rule"] == pytest.approx((targets == 1).mean())


def test_a_tagger_answers_for_every_token_that_has_a_tag() -> None:
    ids = [np.array([3, 1, 2]), np.array([2]), np.array([1, 3])]
    targets = [np.array([0, UNCOUNTED, 1]), np.array([1]), np.array([0, 0])]

    def third(batch: Batch) -> torch.Tensor:
        """Says 1 with a logit of 9 where the word is 3."""
        return torch.stack([torch.zeros(batch.inputs.shape), 9.0 * (batch.inputs == 3)], dim=-1)

    answers = Tagging().class_answers(third, TaggedSplit.of(ids, targets), ("DET", "NOUN"))
    assert answers is not None and answers.targets.tolist() == [0, 1, 1, 0, 0]
    assert answers.chosen.tolist() == [1, 0, 0, 0, 1] and answers.right.sum() == 1
    assert answers.confusion.to_numpy().tolist() == [[1, 2], [2, 0]]


@pytest.mark.parametrize("task", [Halves(valid_examples=8), Copy(length=3, valid_examples=8)])
def test_drawn_classes_have_names(task: Halves | Copy) -> None:
    test = task.examples(8, torch.float32, np.random.default_rng(0))
    outputs = task.sizes.output_size
    answers = task.class_answers(lambda batch: torch.eye(outputs)[batch.targets], test, task.classes)
    assert answers is not None and answers.right.all() and len(answers.classes) == outputs
    assert len(answers.targets) == test.targets.numel() and len(set(answers.targets.tolist())) > 1


def test_numbers_are_no_classes() -> None:
    task = Recall(length=3, valid_examples=4)
    test = task.examples(4, torch.float32, np.random.default_rng(0))
    assert task.class_answers(lambda batch: batch.targets, test, ()) is None
