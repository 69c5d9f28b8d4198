"""All that rnnlab needs of Hydra and OmegaConf beyond what their documentation promises.

pyproject.toml allows only those versions of Hydra with which this file, `config_sources` and `compositions`
have been tried.
"""

import copy
import logging
import math
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import hydra._internal.hydra
from hydra import compose, initialize_config_dir
from hydra._internal import config_loader_impl
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import IConfigRepository
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.config_loader import ConfigLoader
from hydra.core.default_element import ResultDefault
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override, OverrideType, RangeSweep
from hydra.core.plugins import Plugins
from hydra.plugins.plugin import Plugin
from hydra.types import RunMode
from omegaconf import Container, DictConfig, OmegaConf

from rnnlab.core.errors import InputError
from rnnlab.experiment import compositions
from rnnlab.experiment.config_sources import (
    FileConfigSource,
    ImportlibResourcesConfigSource,
    StructuredConfigSource,
)
from rnnlab.experiment.guard import check, check_searchpath
from rnnlab.experiment.shipped import CONFIG_DIR

VERSION_BASE = "1.3"
MOST_REFERENCES, MOST_CHARACTERS = 2_000, 10_000_000


class GuardedConfigLoader(ConfigLoaderImpl):
    """Hydra's own, but what a configuration may say of Hydra is checked before Hydra goes by it.

    It is what every process of a sweep composes its jobs with.
    """

    def load_configuration(
        self,
        config_name: str | None,
        overrides: list[str],
        run_mode: RunMode,
        from_shell: bool = True,
        validate_sweep_overrides: bool = True,
    ) -> DictConfig:
        """Returns the composed configuration; raises InputError for what it must not say."""
        check_searchpath(words := parse_overrides(overrides))
        with _guarded(), _few_references():
            try:
                composed = super().load_configuration(
                    config_name, overrides, run_mode, from_shell, validate_sweep_overrides
                )
            except (AttributeError, TypeError, KeyError, AssertionError, RecursionError) as error:
                # What Hydra makes of files that are YAML, but no configurations.
                what = f"{type(error).__name__}: {' '.join(str(error).split())}"
                raise InputError(f"a configuration file cannot be made sense of ({what})") from None
            check(composed, words, _shipped)
        return composed

    def _compose_config_from_defaults_list(
        self, defaults: list[ResultDefault], repo: IConfigRepository
    ) -> DictConfig:
        if not isinstance(defaults, compositions.KeptDefaults):
            return super()._compose_config_from_defaults_list(defaults, repo)
        if defaults.composed is None:
            defaults.composed = super()._compose_config_from_defaults_list(defaults, repo)
        return copy.deepcopy(defaults.composed)


def _shipped(choices: Mapping[str, str]) -> Any:
    """Returns what is shipped, nothing resolved, with these choices of Hydra's groups."""
    return _composed_of_shipped(tuple(f"{group}={choice}" for group, choice in choices.items()))


@lru_cache
def _composed_of_shipped(words: tuple[str, ...]) -> Any:
    path = ConfigSearchPathImpl()
    for provider, place in (("hydra", "pkg://hydra.conf"), ("main", f"file://{CONFIG_DIR}")):
        path.append(provider, place)
    path.append("schema", "structured://")
    loader = ConfigLoaderImpl(config_search_path=path)
    return OmegaConf.to_container(loader.load_configuration("config", list(words), RunMode.RUN))


@contextmanager
def _few_references() -> Iterator[None]:
    """Lets OmegaConf follow so many references, and make texts of such a length of them, as is reasonable."""
    resolve, followed, characters = Container.resolve_parse_tree, 0, 0

    def counted(self: Container, *args: Any, **options: Any) -> Any:
        nonlocal followed, characters
        followed += 1
        value = resolve(self, *args, **options)
        characters += len(value) if isinstance(value, str) else 0
        if followed > MOST_REFERENCES or characters > MOST_CHARACTERS:
            raise RecursionError
        return value

    Container.resolve_parse_tree = counted  # type: ignore[method-assign]
    try:
        yield
    except RecursionError:
        raise InputError("the configuration refers to its own values too often (${…})") from None
    finally:
        Container.resolve_parse_tree = resolve  # type: ignore[method-assign]


@contextmanager
def _guarded() -> Iterator[None]:
    """Has Hydra compose with the sources and the loader that stand here, as long as the block lasts."""
    Plugins.instance()  # which registers the sources that are replaced here
    sources, loader = SourcesRegistry.instance().types, hydra._internal.hydra.ConfigLoaderImpl
    before, create_defaults_list = dict(sources), config_loader_impl.create_defaults_list
    try:
        guarded = (ImportlibResourcesConfigSource, StructuredConfigSource, FileConfigSource)
        sources.update({source.scheme(): source for source in guarded})
        hydra._internal.hydra.ConfigLoaderImpl = GuardedConfigLoader  # type: ignore[misc]
        config_loader_impl.create_defaults_list = compositions.create_defaults_list
        yield
    finally:
        sources.update(before)
        hydra._internal.hydra.ConfigLoaderImpl = loader  # type: ignore[misc]
        config_loader_impl.create_defaults_list = create_defaults_list


def register_plugin(plugin: type[Plugin]) -> None:
    """Makes a plugin that lies in no package `hydra_plugins` known to Hydra; safe to repeat."""
    Plugins.instance().register(plugin)


def compose_fresh(config_dir: Path, config_name: str, overrides: list[str]) -> DictConfig:
    """Returns the whole configuration, Hydra's own node included, whatever was composed before."""
    GlobalHydra.instance().clear()
    with _guarded(), initialize_config_dir(str(config_dir), version_base=VERSION_BASE):
        return compose(config_name, overrides, return_hydra_config=True)


def config_loader(config_dir: Path) -> ConfigLoader:
    """Returns what finds the choices of a group."""
    GlobalHydra.instance().clear()
    with _guarded(), initialize_config_dir(str(config_dir), version_base=VERSION_BASE):
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


def number_of_values(override: Override) -> float:
    """Returns how many values an override gives its key, where that is known; NaN: without an end."""
    found = override.value()
    if isinstance(found, ChoiceSweep):
        return len(found.list)
    if not isinstance(found, RangeSweep) or found.start is None or found.stop is None or not found.step:
        return 1
    number = (found.stop - found.start) / found.step
    return max(0, math.ceil(number)) if math.isfinite(number) else math.nan


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
    with _process_as_before(), _guarded():
        os.environ["HYDRA_FULL_ERROR"] = "1"  # so that Hydra raises, where it would print and exit
        sys.argv = ["rnnlab", *words]
        hydra.main(version_base=VERSION_BASE, config_path=str(config_dir), config_name=config_name)(job)()


def run_composed(job: Callable[[DictConfig], Any], composed: DictConfig, config_dir: Path) -> None:
    """Hands Hydra a job with its configuration; Hydra's main function would compose that twice again."""
    GlobalHydra.instance().clear()
    with (
        _process_as_before(),
        _guarded(),
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
