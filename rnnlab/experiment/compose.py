"""From command-line words to one checked configuration; every fault becomes one line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra.core.config_search_path import ConfigSearchPath
from hydra.errors import HydraException
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from rnnlab.core.errors import InputError
from rnnlab.experiment.class_source import SCHEME, ClassesByName
from rnnlab.experiment.hydra_compat import (
    Override,
    compose_fresh,
    config_loader,
    parse_overrides,
    register_plugin,
    sections,
)
from rnnlab.experiment.hydra_errors import dotted_keys, explain
from rnnlab.experiment.modules import plugin_configs
from rnnlab.experiment.schema import Config, validate
from rnnlab.experiment.shipped import CONFIG_DIR, INPUTS_DIR

SWEEP = "sweep"
"""Names a sweep among overrides, and is no key."""
ERRORS = (HydraException, OmegaConfBaseException, ValueError, yaml.YAMLError, OSError)


class UserConfigs(SearchPathPlugin):
    """Puts the current folder's `configs/` before the shipped one, to add to it or shadow it, and those of
    plugins after it, and last classes by their dotted names.
    """

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Prepends `./configs` where there is one."""
        search_path.append("classes", f"{SCHEME}://")
        for folder in plugin_configs():
            search_path.append("plugin", f"file://{folder}")
        own = Path("configs").resolve()
        if own.is_dir() and own != CONFIG_DIR:
            search_path.prepend("user", f"file://{own}")


def shipped_config() -> dict[str, Any]:
    """Returns what the shipped config.yaml itself says, the `defaults` of its groups among it."""
    values: dict[str, Any] = yaml.safe_load((CONFIG_DIR / "config.yaml").read_text(encoding="utf-8"))
    return values


def label(experiment: str | None, task: str, model: str, insert: str) -> str:
    """Returns the first part of a run folder's name: the experiment's, else model and insertion or task."""
    words = str(experiment) if experiment else f"{model}-{insert if task == 'classification' else task}"
    return words.replace("/", "-")


def rounds(epochs: Any, steps: Any, validate_every: Any) -> Any:
    """Returns how often a training is evaluated: its epochs, or its validations where it counts steps."""
    # What is not a number is left to the schema, which says so.
    if isinstance(steps, int) and isinstance(validate_every, int) and validate_every > 0:
        return -(-steps // validate_every)
    return epochs


def register() -> None:
    """Makes rnnlab's resolvers and the search path of user configs known to Hydra; safe to repeat."""
    OmegaConf.register_new_resolver("label", label, replace=True)
    OmegaConf.register_new_resolver("rounds", rounds, replace=True)
    OmegaConf.register_new_resolver("inputs", lambda name: str(INPUTS_DIR / name), replace=True)
    register_plugin(UserConfigs)
    register_plugin(ClassesByName)


def compose_config(overrides: list[str], *, config_name: str = "config") -> DictConfig:
    """Returns Hydra's whole configuration, its own node included; raises InputError in one line."""
    try:
        return _compose(overrides, config_name)
    except ERRORS as error:
        raise InputError(explain(error, overrides, CONFIG_DIR, _keys_for(overrides))) from None


def _compose(overrides: list[str], config_name: str = "config") -> DictConfig:
    register()
    return compose_fresh(CONFIG_DIR, config_name, overrides)


def choices_of(group: str) -> list[str]:
    """Returns the names of a group's choices, the current folder's among them."""
    register()
    return config_loader(CONFIG_DIR).get_group_options(group)


def parsed_overrides(words: Sequence[str]) -> list[Override]:
    """Returns words such as `model=glob(bi*)`, parsed; raises InputError in one line."""
    register()
    try:
        return parse_overrides(words, config_loader(CONFIG_DIR))
    except ERRORS as error:
        raise InputError(explain(error, list(words), CONFIG_DIR, [])) from None


def _keys_for(overrides: list[str]) -> list[str]:
    """Returns the dotted names that can be set once the group choices among `overrides` are made."""
    groups = [path.name for path in CONFIG_DIR.iterdir() if path.is_dir()]
    choices = [word for word in overrides if word.split("=")[0] in groups]
    try:
        return [*groups, SWEEP, *dotted_keys(_compose(choices))]
    except ERRORS:
        return [*groups, SWEEP, *dotted_keys(_compose([]))]


def _missing(node: DictConfig, prefix: str = "") -> list[str]:
    """Returns the dotted names whose value is `???`; resolves no interpolation, unlike OmegaConf's own."""
    found: list[str] = []
    for key, section in sections(node):
        if OmegaConf.is_missing(node, key):
            found.append(f"{prefix}{key}")
        elif section is not None and key != "hydra":
            found += _missing(section, f"{prefix}{key}.")
    return found


def plain_values(composed: DictConfig) -> dict[str, Any]:
    """Returns a run's own configuration, without Hydra's node, all interpolations resolved.

    Raises InputError for a value that is missing or refers to nothing.
    """
    own = [str(key) for key in composed if key != "hydra"]
    missing = sorted(_missing(composed))
    if missing:
        raise InputError(f"{missing[0]}: a value is needed; give it as {missing[0]}=…")
    try:
        nodes = {key: composed[key] for key in own}
        return {
            key: OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else node
            for key, node in nodes.items()
        }
    except ERRORS as error:
        raise InputError(explain(error, [], CONFIG_DIR, own)) from None


def checked(composed: DictConfig) -> Config:
    """Returns the typed configuration of a run; raises InputError naming the first wrong key."""
    return validate(plain_values(composed))
