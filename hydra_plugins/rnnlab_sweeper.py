"""The sweeper of jobs that rnnlab has planned, in a namespace package where Hydra looks for plugins."""

from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from rnnlab.experiment.job_runner import JobRunner


class PlannedSweeper(Sweeper):
    """Stands in for Hydra's basic sweeper, whose settings it takes: its jobs are known beforehand."""

    def __init__(self, max_batch_size: int | None = None, params: Any = None) -> None:
        """Takes settings that have had their effect."""

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Makes the launcher."""
        self._task = task_function
        self._launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Launches the jobs, as often as some are left to do."""
        if not isinstance(self._task, JobRunner):
            raise TypeError("this sweeper is for rnnlab's own commands")
        self._task.launch_all(self._launcher.launch)
