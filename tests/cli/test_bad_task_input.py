"""Settings that no drawn task can have end in one clear line and exit code 2, and nothing is written."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Outcome

CASES = {
    "adding nothing": (["task=adding", "task.length=1"], ["task.length", "2", "found 1"]),
    "copy without a wait": (["task=copy", "task.length=0"], ["task.length", "greater than 0", "found 0"]),
    "halves of nothing": (["task=halves", "task.length=0"], ["task.length", "greater than 0", "found 0"]),
    "halves of an odd total": (["task=halves", "task.length=7"], ["task.length", "even", "found 7"]),
    "palindrome of an odd total": (["task=palindrome", "task.length=3"], ["task.length", "even", "found 3"]),
    "one digit only": (["task=halves", "task.alphabet=1"], ["task.alphabet", "2", "found 1"]),
    "no digits": (["task=palindrome", "task.alphabet=0"], ["task.alphabet", "2", "found 0"]),
    "shortest of nothing": (
        ["task=halves", "task.shortest=0"],
        ["task.shortest", "greater than 0", "found 0"],
    ),
    "shortest above longest": (
        ["task=halves", "task.shortest=11"],
        ["task.shortest", "at most task.longest, 10", "found 11"],
    ),
    "misspelt way to differ": (["task=halves", "task.differ=two"], ["task.differ", "'one'", "'two'"]),
    "no examples to measure": (["task=copy", "task.valid_examples=0"], ["task.valid_examples", "found 0"]),
    "misspelt key": (["task=halves", "task.alphabt=3"], ["task.alphabt", "'alphabet'"]),
    "epochs": (["task=halves", "training.epochs=3"], ["training.epochs", "training.steps", "found 3"]),
    "evaluating what has no end": (
        ["task=recall", "training.evaluate_train=true"],
        ["training.evaluate_train", "without end", "found true"],
    ),
    "unknown numbers": (
        ["task=recall", "training.word_dropout=0.5"],
        ["training.word_dropout", "task=recall has no words", "0.5"],
    ),
    "lengths of drawn batches": (
        ["task=recall", "training.batch_by_length=true"],
        ["training.batch_by_length", "task=recall", "found true"],
    ),
    "a metric of another task": (["task=adding", "training.monitor=valid_acc"], ["training.monitor"]),
    "an answer per step from a bag": (["task=copy", "model=boe"], ["model", "BoE", "every step"]),
}


@pytest.mark.parametrize("case", sorted(CASES))
def test_one_line_and_nothing_written(case: str, call: Callable[..., Outcome], tmp_path: Path) -> None:
    words, parts = CASES[case]
    outcome = call("train", *words)
    assert outcome.code == 2 and outcome.out == "", outcome
    assert outcome.err.startswith("error: ") and len(outcome.err.splitlines()) == 1, outcome.err
    for part in parts:
        assert part in outcome.err, f"{part!r} is not in {outcome.err!r}"
    assert list(tmp_path.iterdir()) == []
