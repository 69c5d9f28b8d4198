"""The jobs that the words of a sweep make, and what may be said of how they are done."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from rnnlab.core.errors import InputError
from rnnlab.experiment.compose import CONFIG_DIR, ERRORS, compose_config, parsed_overrides, shipped_config
from rnnlab.experiment.hydra_compat import jobs_of_basic_sweeper, number_of_values
from rnnlab.experiment.hydra_errors import explain
from rnnlab.experiment.hydra_options import HydraOptions

MOST_JOBS = 10_000
"""Of a sweep: each is composed and checked before the first begins."""
MOST_WORKERS = 1_000
"""Processes of one machine."""
LOCAL = "hydra_plugins.rnnlab_launcher.LocalLauncher"


def compose_words(overrides: list[str], options: HydraOptions) -> DictConfig:
    """Returns the whole configuration, composed also with the folder of `--config-dir`."""
    extra = [f"hydra.searchpath=[file://{Path(options.config_dir).resolve()}]"] if options.config_dir else []
    return compose_config([*overrides, *extra], config_name=options.config_name)


def jobs_of_sweep(overrides: list[str], options: HydraOptions) -> list[list[str]]:
    """Returns the overrides of every job, as Hydra's basic sweeper will make them; others sample later."""
    parsed = parsed_overrides(overrides)
    fixed = [word for word, found in zip(overrides, parsed, strict=True) if not found.is_sweep_override()]
    composed = compose_words(fixed, options)
    params = [f"{key}={value}" for key, value in (composed.hydra.sweeper.get("params") or {}).items()]
    if not is_basic(composed):
        return [fixed]
    words = [*params, *overrides]
    parsed = parsed_overrides(words)
    _check_number(words, [number_of_values(found) for found in parsed])
    try:
        return jobs_of_basic_sweeper(parsed)
    except ERRORS as error:
        raise InputError(explain(error, overrides, CONFIG_DIR, [])) from None


def _check_number(words: list[str], numbers: Sequence[float]) -> None:
    """Raises InputError for ranges without an end, and for more jobs than a sweep may have.

    numbers: of the values that each word gives its key.
    """
    for word, number in zip(words, numbers, strict=True):
        if not math.isfinite(number):
            raise InputError(f"{word}: expected a range of finite numbers")
    if (jobs := math.prod(map(int, numbers))) > MOST_JOBS:
        raise InputError(f"a sweep of {jobs:,} jobs: expected at most {MOST_JOBS:,}; make several of it")


def check_subdir(composed: DictConfig) -> None:
    """Raises InputError for names of jobs' folders that are not those of their hashes."""
    values: Any = OmegaConf.to_container(composed.hydra.sweep, resolve=False)
    if values["subdir"] != shipped_config()["hydra"]["sweep"]["subdir"]:
        raise InputError(
            "hydra.sweep.subdir: the folders of jobs are named by what defines them; leave it out, "
            f"found {values['subdir']!r}"
        )


def is_basic(composed: DictConfig) -> bool:
    """Returns whether Hydra's own sweeper is to make the jobs, which are known then; others sample them."""
    return bool(composed.hydra.sweeper._target_.endswith("BasicSweeper"))


def check_workers(workers: Any) -> None:
    """Raises InputError unless it is a number of processes, or None."""
    if workers is not None and (type(workers) is not int or not 1 <= workers <= MOST_WORKERS):
        raise InputError(
            f"hydra.launcher.workers: expected a whole number from 1 to {MOST_WORKERS:,}, or null, "
            f"found {workers!r}"
        )
