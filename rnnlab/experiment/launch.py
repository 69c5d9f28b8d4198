"""Hands a command to Hydra's own machinery once everything that can be checked beforehand is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from rnnlab.core.errors import InputError, RnnlabError
from rnnlab.experiment.build import check_buildable
from rnnlab.experiment.compose import CONFIG_DIR, ERRORS, checked, compose_config, parsed_overrides, register
from rnnlab.experiment.hydra_compat import jobs_of_basic_sweeper, quoted, run_composed, run_main
from rnnlab.experiment.hydra_errors import explain
from rnnlab.experiment.job import Job, begin_job
from rnnlab.experiment.job_folder import claim, make, missing_folders, remove_empty
from rnnlab.experiment.modules import use_modules, used_modules
from rnnlab.experiment.target import import_class
from rnnlab.runs.files import HYDRA, MULTIRUN, SUMMARY

HYDRA_MODULES = ("hydra.", "hydra_plugins.", "logging.", "colorlog.")


@dataclass(frozen=True)
class HydraOptions:
    """Hydra's own flags, as its documentation has them."""

    multirun: bool = False
    cfg: str | None = None
    resolve: bool = False
    package: str | None = None
    info: str | None = None
    config_dir: str | None = None
    config_name: str = "config"

    def words(self) -> list[str]:
        """Returns the flags as the words of a command line."""
        named = {
            "--cfg": self.cfg,
            "--package": self.package,
            "--info": self.info,
            "--config-dir": self.config_dir,
        }
        words = [word for name, value in named.items() if value is not None for word in (name, value)]
        return [*words, *(["--multirun"] if self.multirun else []), *(["--resolve"] if self.resolve else [])]

    def check(self) -> None:
        """Raises InputError for flags that make no sense together, or a folder that is not there."""
        modes = {"--multirun": self.multirun, "--cfg": self.cfg, "--info": self.info}
        given = [name for name, value in modes.items() if value]
        if len(given) > 1:
            raise InputError(f"{' and '.join(given)}: make no sense together; leave one of them out")
        if (self.resolve or self.package is not None) and self.cfg is None:
            raise InputError("--resolve and --package: make no sense without --cfg")
        if self.config_dir is not None and not Path(self.config_dir).is_dir():
            raise InputError(f"--config-dir {self.config_dir}: no such folder")


NO_FLAGS = HydraOptions()


def launch(
    run: Callable[[Job], Any],
    overrides: list[str],
    options: HydraOptions,
    *,
    on_error: Callable[[RnnlabError], None],
) -> None:
    """Calls `run` under Hydra, in a folder of its own, once or for every combination of a sweep.

    on_error: is told of what fails in a sweep at once, since its other jobs go on. What `run` returns is
    for Hydra's sweepers. Raises InputError for every fault of the configuration, of any job of a sweep,
    before anything is written or run.
    """
    register()
    options.check()
    failures: list[Exception] = []
    modules = used_modules()

    def watched(cfg: DictConfig) -> Any:
        try:
            use_modules(modules)  # a launcher may have started this in a process of its own
            with begin_job(cfg, on_error) as job:
                return run(job)
        except Exception as error:
            failures.append(error)
            if HydraConfig.get().mode == RunMode.MULTIRUN:
                raise
            # Raised once Hydra is done, which would print a second line about it.
            return None

    try:
        _launch(watched, overrides, options)
    except ERRORS as error:
        if failures:
            raise
        raise InputError(explain(error, overrides, CONFIG_DIR, [])) from None
    if failures:
        raise failures[0]


def is_sweep(overrides: list[str], options: HydraOptions) -> bool:
    """Returns whether the overrides describe several jobs; raises InputError for a fault in them."""
    return options.multirun or _compose(overrides, options).hydra.mode == RunMode.MULTIRUN


def _launch(job: Callable[[DictConfig], Any], overrides: list[str], options: HydraOptions) -> None:
    if options.cfg is not None or options.info is not None:
        _guard(_compose(overrides, options))
        return _hydra_main(job, overrides, options)
    composed = [] if options.multirun else [_compose(overrides, options)]
    multirun = options.multirun or composed[0].hydra.mode == RunMode.MULTIRUN
    if multirun:
        composed = [_compose(words, options) for words in _jobs_of_sweep(overrides, options)]
    for config in composed:
        _guard(config)
        check_buildable(checked(config))
    if multirun:
        sweep = Path(composed[0].hydra.sweep.dir)
        if any(sweep.glob(f"*/{SUMMARY}")):
            raise InputError(f"hydra.sweep.dir: {sweep}: holds runs already; choose another folder")
        new = missing_folders(sweep)
        make(sweep, "hydra.sweep.dir")
        try:
            return _hydra_main(job, [*overrides, f"hydra.sweep.dir={quoted(str(sweep))}"], options)
        finally:
            if [path.name for path in sweep.iterdir()] == [MULTIRUN]:
                (sweep / MULTIRUN).unlink()
            remove_empty(new)
    folder = Path(composed[0].hydra.run.dir)
    new = missing_folders(folder / HYDRA)
    claim(folder)
    try:
        if options.config_dir is not None:  # which the job is told of by Hydra's main function alone
            return _hydra_main(job, [*overrides, f"hydra.run.dir={quoted(str(folder))}"], options)
        composed[0].hydra.run.dir = str(folder)
        run_composed(job, composed[0], CONFIG_DIR)
    finally:
        remove_empty(new)


def _compose(overrides: list[str], options: HydraOptions) -> DictConfig:
    extra = [f"hydra.searchpath=[file://{Path(options.config_dir).resolve()}]"] if options.config_dir else []
    return compose_config([*overrides, *extra], config_name=options.config_name)


def _jobs_of_sweep(overrides: list[str], options: HydraOptions) -> list[list[str]]:
    """Returns the overrides of every job, as Hydra's basic sweeper will make them; others sample later."""
    parsed = parsed_overrides(overrides)
    fixed = [word for word, found in zip(overrides, parsed, strict=True) if not found.is_sweep_override()]
    sweeper = _compose(fixed, options).hydra.sweeper
    params = [f"{key}={value}" for key, value in (sweeper.get("params") or {}).items()]
    if not sweeper._target_.endswith("BasicSweeper"):
        return [fixed]
    try:
        return jobs_of_basic_sweeper(parsed_overrides([*params, *overrides]))
    except ERRORS as error:
        raise InputError(explain(error, overrides, CONFIG_DIR, [])) from None


def _guard(composed: DictConfig) -> None:
    """Raises InputError if Hydra would be made to run what is neither its own nor a plugin of it.

    rnnlab's own `_target_` names are checked with the rest of the schema.
    """

    def names(node: Any, key: str) -> list[tuple[str, Any]]:
        if isinstance(node, list):
            return [found for index, child in enumerate(node) for found in names(child, f"{key}.{index}")]
        if not isinstance(node, dict):
            return []
        here = [(f"{key}.{name}", node[name]) for name in ("_target_", "class", "()") if name in node]
        here += [(f"{key}.{name}", value) for name, value in node.items() if _is_imported(name, value)]
        return here + [found for name, child in node.items() for found in names(child, f"{key}.{name}")]

    for key, name in names(OmegaConf.to_container(composed.hydra, resolve=False), "hydra"):
        if import_class(str(name), HYDRA_MODULES, key=key) is None:
            raise InputError(
                f"{key}: expected a class of Hydra, of a plugin of it or of logging, found {name!r}"
            )
    if composed.hydra.job.env_set:
        # PATH, LD_PRELOAD or git's own variables would make the programs that rnnlab calls run anything.
        raise InputError("hydra.job.env_set: not allowed in a configuration; set variables in the shell")


def _is_imported(name: str, value: Any) -> bool:
    """Returns whether logging would import a text of its configuration, beside a class."""
    if not isinstance(value, str) or value in ("ext://sys.stdout", "ext://sys.stderr"):
        return False
    return value.startswith("ext://") or name in ("queue", "listener")


def _hydra_main(job: Callable[[DictConfig], Any], overrides: list[str], options: HydraOptions) -> None:
    run_main(job, CONFIG_DIR, options.config_name, [*options.words(), *overrides])
