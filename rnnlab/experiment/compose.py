"""From command-line words to one checked configuration; every fault becomes one line."""

from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from rnnlab.core.errors import InputError
from rnnlab.experiment.hydra_errors import dotted_keys, explain
from rnnlab.experiment.schema import Config, validate

ERRORS = (HydraException, OmegaConfBaseException, ValueError, yaml.YAMLError)
PACKAGE = Path(__file__).resolve().parent.parent
REPOSITORY = PACKAGE.parent
# From a wheel, configs and sample lie in the package; in a checkout, beside it.
SHIPPED = PACKAGE if (PACKAGE / "configs").is_dir() else REPOSITORY
CONFIG_DIR = SHIPPED / "configs"
INPUTS_DIR = SHIPPED / "inputs"


class UserConfigs(SearchPathPlugin):
    """Puts the current folder's `configs/` before the shipped one, to add to it or shadow it."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Prepends `./configs` where there is one."""
        own = Path("configs").resolve()
        if own.is_dir() and own != CONFIG_DIR:
            search_path.prepend("user", f"file://{own}")


def label(experiment: str | None, task: str, model: str, insert: str) -> str:
    """Returns the first part of a run folder's name: the experiment's, else model and insertion or task."""
    if experiment:
        return str(experiment).replace("/", "-")
    return f"{model}-{insert if task == 'sentiment' else task}"


def rounds(epochs: Any, steps: Any, validate_every: Any) -> Any:
    """Returns how often a training is looked at: its epochs, or its validations where it counts steps."""
    # What is no number is left to the schema, which says so.
    if isinstance(steps, int) and isinstance(validate_every, int) and validate_every > 0:
        return -(-steps // validate_every)
    return epochs


def register() -> None:
    """Makes rnnlab's resolvers and the search path of user configs known to Hydra; safe to repeat."""
    OmegaConf.register_new_resolver("label", label, replace=True)
    OmegaConf.register_new_resolver("rounds", rounds, replace=True)
    OmegaConf.register_new_resolver("inputs", lambda name: str(INPUTS_DIR / name), replace=True)
    Plugins.instance().register(UserConfigs)


def compose_config(overrides: list[str], *, config_name: str = "config") -> DictConfig:
    """Returns Hydra's whole configuration, its own node included; raises InputError in one line."""
    try:
        return _compose(overrides, config_name)
    except ERRORS as error:
        raise InputError(explain(error, overrides, CONFIG_DIR, _keys_for(overrides))) from None


def _compose(overrides: list[str], config_name: str = "config") -> DictConfig:
    register()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        return compose(config_name, overrides, return_hydra_config=True)


def config_loader() -> ConfigLoader:
    """Returns what finds the choices of a group, as a sweep over `model=glob(bi*)` needs."""
    register()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        return GlobalHydra.instance().config_loader()


def _keys_for(overrides: list[str]) -> list[str]:
    """Returns the dotted names that can be set once the group choices among `overrides` are made."""
    groups = [path.name for path in CONFIG_DIR.iterdir() if path.is_dir()]
    choices = [word for word in overrides if word.split("=")[0] in groups]
    try:
        return [*groups, *dotted_keys(_compose(choices))]
    except ERRORS:
        return [*groups, *dotted_keys(_compose([]))]


def _missing(node: DictConfig, prefix: str = "") -> list[str]:
    """Returns the dotted names whose value is `???`; resolves no interpolation, unlike OmegaConf's own."""
    found: list[str] = []
    for key in map(str, node):
        if OmegaConf.is_missing(node, key):
            found.append(f"{prefix}{key}")
        elif isinstance(child := node._get_node(key), DictConfig) and key != "hydra" and not child._is_none():
            found += _missing(child, f"{prefix}{key}.")
    return found


def checked(composed: DictConfig) -> Config:
    """Returns the typed configuration of a run, all interpolations resolved; raises InputError."""
    own = [str(key) for key in composed if key != "hydra"]
    missing = sorted(_missing(composed))
    if missing:
        raise InputError(f"{missing[0]}: a value is needed; give it as {missing[0]}=…")
    try:
        sections = {key: composed[key] for key in own}
        values: dict[str, Any] = {
            key: OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else node
            for key, node in sections.items()
        }
    except ERRORS as error:
        raise InputError(explain(error, [], CONFIG_DIR, own)) from None
    return validate(values)
