"""What a diagnosis makes of the evidence, without any training."""

import pandas as pd
import pytest

from rnnlab.probes.doctor import Evidence, Recipe
from rnnlab.probes.doctor.checks import vanished_gradients
from tests.probes.nets import make_net


def diagnose(name: str, gradients: dict[str, float]) -> tuple[bool | None, str, tuple[str, ...]]:
    figures = {"epoch": [1], "train_acc": [0.6], "train_loss": [0.6], "valid_acc": [0.6], "valid_loss": [0.6]}
    shares = {key: {"neg": 0.5, "pos": 0.5} for key in ("predicted", "valid", "train")}
    evidence = Evidence(metrics=pd.DataFrame(figures), gradients=gradients, token_coverage=None, **shares)
    recipe = Recipe(make_net(name), "Adam", 0.001, "start", False, "spacy", True)
    found = vanished_gradients(evidence, recipe)
    return found.found, found.evidence, found.overrides


def test_pooling_is_a_remedy_where_early_gradients_have_vanished() -> None:
    found, _, overrides = diagnose("rnn", {"start": 1e-9, "middle": 1e-6, "end": 1.0})
    assert found and overrides[:2] == ("model.bidirectional=true", "model.pooling=mean")


@pytest.mark.parametrize("name", ["mean", "max", "attention"])
@pytest.mark.parametrize("weak", ["start", "end"])
def test_a_word_that_pooling_passes_over_is_no_gradient_lost_on_a_long_way(name: str, weak: str) -> None:
    gradients = {"start": 0.1, "middle": 0.1, "end": 0.1} | {weak: 0.0}
    found, evidence, _ = diagnose(name, gradients)
    assert found is False and f"with model.pooling={name} each word's state has a share" in evidence


def test_a_bag_is_told_nothing_of_states() -> None:
    found, evidence, overrides = diagnose("boe", {"start": 1e-9, "middle": 1.0, "end": 1.0})
    assert found and "pooling" not in evidence and overrides == ("insert=end", "data.max_length=50")
