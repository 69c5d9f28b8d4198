"""Every key and value is checked against a type and a range, and a fault names its key."""

from typing import Any

import pytest
import torch

from rnnlab.core.errors import InputError
from rnnlab.experiment.compose import checked, compose_config
from rnnlab.experiment.schema import validate
from rnnlab.experiment.target import read_target


@pytest.fixture(scope="module")
def defaults() -> dict[str, Any]:
    return checked(compose_config([])).model_dump()


def test_the_defaults_are_those_of_the_documentation(defaults: dict[str, Any]) -> None:
    config = validate(defaults)
    assert (config.insert, config.freeze, config.seed) == ("none", False, 1)
    assert (config.training.epochs, config.training.batch_size) == (10, 8)
    assert config.training.monitor == "valid_loss" and config.training.patience is None
    assert config.model.name == "rnnlab.cells.rnn.RNN"
    assert (config.model.settings["hidden_size"], config.model.settings["head_size"]) == (50, 20)
    assert config.optimizer.name == "torch.optim.Adam"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("seed", None, "seed: expected a valid integer, found null"),
        ("seed", True, "seed: expected a valid integer, found True"),
        ("seed", 2**63, "seed: expected less than 9223372036854775808, found 9223372036854775808"),
        ("insert", "begin", "insert: expected 'none', 'start', 'middle' or 'end', found 'begin'"),
        ("freeze", 1, "freeze: expected a valid boolean, found 1"),
        ("frozen", True, "frozen: no such key; did you mean 'freeze'?"),
        ("training.epochs", 0, "training.epochs: expected greater than 0, found 0"),
        ("training.epochs", "3", "training.epochs: expected a valid integer, found '3'"),
        ("training.epoch", 3, "training.epoch: no such key; did you mean 'epochs'?"),
        ("training.clip_norm", float("inf"), "training.clip_norm: expected a finite number, found inf"),
        ("data.valid_fraction", 1.0, "data.valid_fraction: expected less than 1, found 1.0"),
        ("model", "lstm", "model: expected a valid dictionary, found 'lstm'"),
        ("model.hidden_size", 0, "model.hidden_size: expected greater than 0, found 0"),
        ("model.dropout", "0.5", "model.dropout: expected a valid number, found '0.5'"),
        ("model.width", 3, "model.width: no such key"),
        ("optimizer.lr", "fast", "optimizer.lr: expected a valid number, found 'fast'"),
        ("optimizer.betas", [0.9], "optimizer.betas.1: a value is needed"),
        ("optimizer.params", [], "optimizer.params: no such key"),
    ],
)
def test_a_fault_names_key_expectation_and_finding(
    key: str, value: object, message: str, defaults: dict[str, Any]
) -> None:
    section, _, name = key.rpartition(".")
    changed = defaults | ({section: defaults[section] | {name: value}} if section else {key: value})
    with pytest.raises(InputError) as error:
        validate(changed)
    assert str(error.value) == message or (message.endswith("no such key") and message in str(error.value))


@pytest.mark.parametrize("key", ["seed", "model", "data"])
def test_a_missing_key_is_named(key: str, defaults: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"^{key}: a value is needed$"):
        validate({name: value for name, value in defaults.items() if name != key})


@pytest.mark.parametrize(
    "name", sorted(name for name, found in vars(torch.optim).items() if isinstance(found, type))
)
def test_every_optimizer_of_torch_is_checked_by_its_signature(name: str) -> None:
    values = {"_target_": f"torch.optim.{name}", "no_such_setting": 1}
    with pytest.raises(InputError, match=r"^optimizer\.(no_such_setting: no such key|defaults: a value)"):
        read_target(values, "optimizer")


def test_settings_that_yaml_cannot_hold_are_refused() -> None:
    with pytest.raises(InputError, match=r"LambdaLR has settings that no configuration can hold"):
        read_target({"_target_": "torch.optim.lr_scheduler.LambdaLR"}, "scheduler")


def test_whole_numbers_do_for_fractions_and_lists_for_tuples() -> None:
    target = read_target({"_target_": "torch.optim.Adam", "lr": 1, "betas": [0.5, 0.9]}, "optimizer")
    assert target.cls is torch.optim.Adam and target.settings == {"lr": 1, "betas": (0.5, 0.9)}


def test_what_a_data_set_may_leave_out_is_what_base_yaml_says() -> None:
    # A key of data. that a task has no use for is told from one that was set by these defaults.
    composed = checked(compose_config(["task=recall"])).data
    assert composed == type(composed)(cache=composed.cache)
