"""All that rnnlab needs of Hydra and OmegaConf beyond what their documentation promises.

pyproject.toml allows only those versions of Hydra with which this file has been tried.
"""

import logging.config
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hydra
from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins import importlib_resources_config_source, structured_config_source
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from hydra.core.plugins import Plugins
from hydra.plugins.plugin import Plugin
from omegaconf import DictConfig

VERSION_BASE = "1.3"


HYDRAS = ("hydra", "hydra_plugins", "logging", "colorlog")
"""What Hydra may import by a name that a configuration gives: itself, its plugins and loggers."""


# Hydra knows its sources by the names of their classes.
class ImportlibResourcesConfigSource(importlib_resources_config_source.ImportlibResourcesConfigSource):
    """Configurations within a package, `pkg://…`, of Hydra or its plugins: any other would be imported."""

    def __init__(self, provider: str, path: str) -> None:
        _check_package(path)
        super().__init__(provider, path)


class StructuredConfigSource(structured_config_source.StructuredConfigSource):
    """Configurations that Hydra itself keeps, `structured://`, and none that a module would add."""

    def __init__(self, provider: str, path: str) -> None:
        _check_package(path)
        super().__init__(provider, path)


def _check_package(path: str) -> None:
    """Raises ValueError for a package to be searched which is none of Hydra's."""
    name = path.partition("://")[2]
    if name and name.replace("/", ".").partition(".")[0] not in HYDRAS:
        raise ValueError(f"hydra.searchpath: expected folders (file://…), found {path!r}")


def _import_for_logging(name: str, *args: Any) -> Any:
    """Imports what a configuration of logging names, `ext://…` or a class, of Hydra's or logging's own."""
    if name.partition(".")[0] not in (*HYDRAS, "sys"):
        raise ImportError(f"expected a class of logging or Hydra, found {name!r}")
    return __import__(name, *args)


@contextmanager
def _importing_only_its_own() -> Iterator[None]:
    """Lets Hydra import only modules of its own by the names that a configuration gives."""
    Plugins.instance()  # which registers the sources that are replaced here
    sources, configurator = SourcesRegistry.instance().types, logging.config.BaseConfigurator
    before, importer = dict(sources), configurator.importer
    try:
        guarded = (ImportlibResourcesConfigSource, StructuredConfigSource)
        sources.update({source.scheme(): source for source in guarded})
        configurator.importer = staticmethod(_import_for_logging)
        yield
    finally:
        sources.update(before)
        configurator.importer = staticmethod(importer)


def register_plugin(plugin: type[Plugin]) -> None:
    """Makes a plugin that lies in no package `hydra_plugins` known to Hydra; safe to repeat."""
    Plugins.instance().register(plugin)


def compose_fresh(config_dir: Path, config_name: str, overrides: list[str]) -> DictConfig:
    """Returns the whole configuration, Hydra's own node included, whatever was composed before."""
    GlobalHydra.instance().clear()
    with _importing_only_its_own(), initialize_config_dir(str(config_dir), version_base=VERSION_BASE):
        return compose(config_name, overrides, return_hydra_config=True)


def config_loader(config_dir: Path) -> ConfigLoader:
    """Returns what finds the choices of a group."""
    GlobalHydra.instance().clear()
    with _importing_only_its_own(), initialize_config_dir(str(config_dir), version_base=VERSION_BASE):
        return GlobalHydra.instance().config_loader()


def sections(node: DictConfig) -> Iterator[tuple[str, DictConfig | None]]:
    """Yields the keys of a node, and beside each its section, None for a leaf; resolves nothing."""
    for key in map(str, node):
        child = node._get_node(key)
        yield key, child if isinstance(child, DictConfig) and not child._is_none() else None


def parse_overrides(words: Sequence[str], loader: ConfigLoader | None = None) -> list[Override]:
    """Returns words of Hydra's override grammar, parsed; raises what Hydra raises."""
    return OverridesParser.create(loader).parse_overrides(list(words))


def is_plain(override: Override) -> bool:
    """Returns whether an override gives one key one value."""
    return override.type == OverrideType.CHANGE and not override.is_sweep_override()


def jobs_of_basic_sweeper(overrides: list[Override]) -> list[list[str]]:
    """Returns the overrides of every job, as Hydra's own sweeper makes them."""
    (jobs,) = BasicSweeper.split_arguments(overrides, None)
    return jobs


def quoted(text: str) -> str:
    """Returns `text` as a quoted value of Hydra's override grammar, where \\ escapes only before a quote."""
    return "'" + re.sub(r"(\\*)('|$)", lambda match: match[1] * 2 + match[2].replace("'", "\\'"), text) + "'"


def run_main(
    job: Callable[[DictConfig], Any], config_dir: Path, config_name: str, words: Sequence[str]
) -> None:
    """Hands a job to Hydra's own main function, as if `words` stood on the command line."""
    with _process_as_before(), _importing_only_its_own():
        os.environ["HYDRA_FULL_ERROR"] = "1"  # so that Hydra raises, where it would print and exit
        sys.argv = ["rnnlab", *words]
        hydra.main(version_base=VERSION_BASE, config_path=str(config_dir), config_name=config_name)(job)()


def run_composed(job: Callable[[DictConfig], Any], composed: DictConfig, config_dir: Path) -> None:
    """Hands Hydra a job with its configuration; Hydra's main function would compose that twice again."""
    GlobalHydra.instance().clear()
    with (
        _process_as_before(),
        _importing_only_its_own(),
        initialize_config_dir(str(config_dir), version_base=VERSION_BASE),
    ):
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None
        hydra.compose_config = lambda **_: composed  # type: ignore[method-assign]
        hydra.run(config_name=None, task_function=job, overrides=[])


@contextmanager
def _process_as_before() -> Iterator[None]:
    """Takes back what Hydra changes in a process: its words, a variable, and where its log goes."""
    root = logging.getLogger()
    words, handlers, level = sys.argv, root.handlers[:], root.level
    variable = os.environ.get("HYDRA_FULL_ERROR")
    try:
        yield
    finally:
        sys.argv = words
        for handler in set(root.handlers) - set(handlers):
            handler.close()
        root.handlers[:] = handlers
        root.setLevel(level)
        if variable is None:
            os.environ.pop("HYDRA_FULL_ERROR", None)
        else:
            os.environ["HYDRA_FULL_ERROR"] = variable
