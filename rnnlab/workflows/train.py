"""One training, from a composed configuration to a finished run folder."""

import logging
from pathlib import Path

import pandas as pd
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from rnnlab.core.errors import RnnlabError
from rnnlab.experiment.compose import checked, register
from rnnlab.experiment.experiment import prepare
from rnnlab.experiment.launch import HydraOptions, launch
from rnnlab.runs.writer import RunWriter
from rnnlab.terminal.display import track_texts, training_display
from rnnlab.terminal.frames import print_frame
from rnnlab.terminal.messages import print_note
from rnnlab.workflows.artifacts import close_run, close_sweep
from rnnlab.workflows.fit_run import train_into
from rnnlab.workflows.run_folder import nothing_left_behind, told
from rnnlab.workflows.run_logger import Record

log = logging.getLogger("rnnlab")


def train_all(overrides: list[str], options: HydraOptions) -> None:
    """Trains the net that the overrides describe, or all of a sweep, which gets figures of its own."""
    sweeps: list[Path] = []

    def job(cfg: DictConfig) -> float | None:
        if HydraConfig.get().mode == RunMode.MULTIRUN:
            sweeps.append(Path(HydraConfig.get().sweep.dir))
        return run_training(cfg)

    try:
        launch(job, overrides, options)
    finally:
        # Where one run of a sweep fails, the others are still worth comparing.
        if sweeps:
            close_sweep(sweeps[0])


def run_training(cfg: DictConfig) -> float | None:
    """Trains in the run folder that Hydra has made; returns the monitor at its best, for sweepers."""
    register()  # a launcher may have started this in a process of its own
    folder = Path(HydraConfig.get().runtime.output_dir)
    with nothing_left_behind(folder):
        experiment = prepare(checked(cfg), track=track_texts)
        record = Record(experiment, RunWriter(folder), _command(), OmegaConf.to_yaml(cfg, resolve=True))
    try:
        with training_display(experiment.plan) as display:
            best = train_into(experiment, record, display)
    except RnnlabError as error:
        log.error("%s", error)
        record.finish("failed", error=str(error))
        raise told(error) from None
    except KeyboardInterrupt:
        log.warning("interrupted")
        record.finish("interrupted")
        print_note(f"interrupted; the finished {experiment.plan.unit}s are kept in {folder}")
        raise
    except Exception as error:
        log.exception("failed")
        record.finish("failed", error=f"{type(error).__name__}: {error}")
        raise
    close_run(folder)
    if (baselines := folder / "baselines.csv").is_file():
        print()
        print_frame(pd.read_csv(baselines), "table")
    print(f"\nrun folder: {folder}")
    return best


def _command() -> list[str]:
    """Returns the words that start the run again."""
    hydra = HydraConfig.get()
    folders = [source.path for source in hydra.runtime.config_sources if source.provider == "command-line"]
    flags = [word for folder in folders for word in ("--config-dir", folder)]
    return ["rnnlab", "train", *flags, *hydra.overrides.task]
