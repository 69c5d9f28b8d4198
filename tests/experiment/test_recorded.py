"""Which recorded configurations are those that were asked for."""

from pathlib import Path

import pytest
import yaml

from rnnlab.experiment.compose import checked, compose_config, plain_values
from rnnlab.experiment.experiment import prepare
from rnnlab.experiment.recorded import as_recorded, records
from rnnlab.experiment.schema import Config, validate
from rnnlab.tasks.base import untracked


def config_of(*words: str) -> Config:
    return checked(compose_config(list(words)))


def recorded_of(*words: str) -> Config:
    """Returns what a run of the words records, after its engine was chosen."""
    composed = compose_config(list(words))
    chosen = prepare(checked(composed), track=untracked).config
    return validate(yaml.safe_load(as_recorded(yaml.safe_dump(plain_values(composed)), chosen)))


@pytest.mark.parametrize(
    "words",
    [
        ["engine=auto"],
        ["engine=auto", "training.threads=null"],
        ["engine=torch"],
        ["engine=fused", "training.threads=2"],
        ["engine=padded", "model=boe"],  # for which torch's packed layers stand in
    ],
    ids=" ".join,
)
def test_a_run_records_the_configuration_it_was_asked_for_whatever_engine_was_chosen(
    words: list[str], tmp_path: Path
) -> None:
    words = ["task=recall", f"data.cache={tmp_path}", *words] if "model=boe" not in words else words
    recorded = recorded_of(*words)
    assert recorded.engine != "auto" and recorded.training.threads is not None
    assert records(recorded, config_of(*words))
    assert not records(recorded, config_of(*words, "seed=2"))


def test_an_engine_that_was_chosen_by_name_is_not_another() -> None:
    assert not records(config_of("engine=fused"), config_of("engine=torch"))
    assert not records(config_of("training.threads=2"), config_of("training.threads=1"))
