"""What a command gets of a job that Hydra has begun, in plain values."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from rnnlab.core.errors import RnnlabError
from rnnlab.core.signals import interruptions_as_such
from rnnlab.experiment.compose import checked, register
from rnnlab.experiment.job_folder import discard
from rnnlab.experiment.schema import Config

log = logging.getLogger("rnnlab")


@dataclass(frozen=True)
class Job:
    """One job: its configuration, the folder that Hydra made for it, and the words that led to it.

    config_yaml: the configuration as it was composed, interpolations resolved; overrides: those of this job
    alone, of a sweep one of its combinations; choices: the name chosen in each group; config_dirs: folders
    of configurations given on the command line; sweep_folder: that of all jobs, None outside a sweep.
    """

    config: Config
    config_yaml: str
    folder: Path
    overrides: list[str]
    choices: Mapping[str, str]
    config_dirs: list[str]
    sweep_folder: Path | None

    @property
    def model(self) -> str:
        """What the model is called: its choice, or of a class that an override names, that class."""
        named = any(word.lstrip("+").startswith("model._target_=") for word in self.overrides)
        return self.config.model.class_name if named else self.choices["model"]

    def words(self, command: str) -> list[str]:
        """Returns the words of a command line that start the job again."""
        flags = [word for folder in self.config_dirs for word in ("--config-dir", folder)]
        modules = [word for module in self.config.modules for word in ("--module", module)]
        return ["rnnlab", command, *modules, *flags, *self.overrides]


@contextmanager
def begin_job(cfg: DictConfig) -> Iterator[Job]:
    """Yields the job that Hydra has begun; takes its folder away again if it ends before leaving anything.

    An error is written to the job's log. One of a sweep keeps its folder: for that, and since another process
    may have it, too.
    """
    register()  # a launcher may have started this in a process of its own
    hydra = HydraConfig.get()
    folder, is_sweep = Path(hydra.runtime.output_dir), hydra.mode == RunMode.MULTIRUN
    try:
        job = Job(
            config=checked(cfg),
            config_yaml=OmegaConf.to_yaml(cfg, resolve=True),
            folder=folder,
            overrides=list(hydra.overrides.task),
            choices={str(group): str(choice) for group, choice in hydra.runtime.choices.items()},
            config_dirs=[s.path for s in hydra.runtime.config_sources if s.provider == "command-line"],
            sweep_folder=Path(hydra.sweep.dir) if is_sweep else None,
        )
        with interruptions_as_such():
            yield job
    except RnnlabError as error:
        log.error("%s", error)
        if not is_sweep:
            discard(folder)
        raise
    except KeyboardInterrupt:
        if not is_sweep:
            discard(folder)
        raise
    except Exception:
        log.exception("failed")
        if not is_sweep:
            discard(folder)
        raise
