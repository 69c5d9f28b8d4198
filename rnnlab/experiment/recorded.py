"""Configurations that earlier versions of rnnlab have recorded, read with the keys of this one."""

from collections.abc import Collection, Mapping
from typing import Any

import yaml

from rnnlab.experiment.compose import CONFIG_DIR, shipped_config
from rnnlab.experiment.schema import Config, DataConfig, ProbeConfig, TrainingConfig
from rnnlab.experiment.section import Section
from rnnlab.experiment.target import find_class

GROUPS = ("task", "model", "optimizer", "scheduler")
SECTIONS: dict[str, type[Section]] = {"data": DataConfig, "training": TrainingConfig, "probe": ProbeConfig}


def with_todays_keys(recorded: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Returns a recorded configuration without keys that are gone and with the defaults of new ones.

    Also returns what was left out and put in, a line each. Raises InputError for a class that is not there.
    """
    defaults = _defaults()
    dropped: list[str] = []
    added: list[str] = []

    def fitted(values: Any, known: Collection[str], default: Mapping[str, Any], prefix: str) -> Any:
        if not isinstance(values, dict):
            return values  # the schema will say what is wrong
        dropped.extend(f"{prefix}{key}" for key in values if key not in known)
        new = {key: value for key, value in default.items() if key in known and key not in values}
        added.extend(f"{prefix}{key}={value}" for key, value in new.items())
        return {key: value for key, value in values.items() if key in known} | new

    values = fitted(dict(recorded), Config.model_fields, defaults, "")
    _keep_rule_of_words(values)
    for name, section in SECTIONS.items():
        values[name] = fitted(values.get(name), section.model_fields, defaults.get(name, {}), f"{name}.")
    targets = {name: (values, name, name) for name in GROUPS}
    active = values["probe"].get("active") if isinstance(values["probe"], dict) else None
    if isinstance(active, dict):
        targets |= {f"probe.active.{name}": (active, name, "probe") for name in active}
    for prefix, (parent, name, group) in targets.items():
        if isinstance(target := parent.get(name), dict):
            schema = find_class(target.get("_target_"), group)[2]
            parent[name] = fitted(target, {"_target_", *schema.model_fields}, {}, f"{prefix}.")
    notes = [f"no longer a key, and passed over: {', '.join(dropped)}"] if dropped else []
    notes += [f"not recorded, and taken to be the default: {', '.join(added)}"] if added else []
    return values, notes


def as_recorded(config_yaml: str, config: Config) -> str:
    """Returns a configuration as a run records it: with the defaults of what a user's own yaml leaves out,
    and the engine and threads that train, where they were chosen for the user.

    So a run that does not say when words were lower-cased is known to be of before it could be said.
    """
    values = yaml.safe_load(config_yaml)
    threads = config.training.threads
    same = values["engine"] == config.engine and values["training"]["threads"] == threads
    left_out = {name: value for name, value in config.data.model_dump().items() if name not in values["data"]}
    if same and not left_out:
        return config_yaml
    values["data"] |= left_out
    values["engine"], values["training"]["threads"] = config.engine, threads
    return yaml.safe_dump(values, sort_keys=False)


def records(recorded: Config, config: Config) -> bool:
    """Returns whether a run of the recorded configuration is one of `config`, in which the engine and the
    threads that train may still have been open.
    """
    training, threads = config.training, recorded.training.threads
    left_open = config.engine == "auto" or (config.engine == "padded" and recorded.engine == "torch")
    chosen = {
        "engine": recorded.engine if left_open else config.engine,
        "training": training.model_copy(update={"threads": training.threads or threads}),
    }
    return recorded == config.model_copy(update=chosen)


def _keep_rule_of_words(values: dict[str, Any]) -> None:
    """Gives a run that does not say when words were lower-cased the rule of its time: before cutting."""
    data, task = values.get("data"), values.get("task")
    if isinstance(data, dict) and isinstance(task, dict) and "lower_first" not in data:
        cls: Any = find_class(task.get("_target_"), "task")[1]
        data["lower_first"] = "lower_first" in cls.reads


def _defaults() -> dict[str, Any]:
    """Returns the shipped values of all keys outside groups; task and engine, before there were several."""
    values = shipped_config()
    del values["defaults"], values["hydra"]
    return {
        **values,
        "engine": "torch",  # the only one before there were several
        "task": yaml.safe_load((CONFIG_DIR / "task" / "classification.yaml").read_text("utf-8")),
    }
