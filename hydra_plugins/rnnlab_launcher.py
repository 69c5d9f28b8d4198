"""rnnlab's launchers, in a namespace package (without `__init__.py`) where Hydra looks for plugins."""

from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import Any

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from rnnlab.experiment.cluster import Calls, on_ray, on_slurm
from rnnlab.experiment.hydra_launcher import Jobs, Outcome, TaskElsewhere, returned, run_job_of_sweep


class _Launcher(Launcher):
    """Has the jobs of a sweep done in other processes."""

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keeps what Hydra hands over."""
        self._task, self._call = task_function, partial(run_job_of_sweep, hydra_context, config)

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Returns what became of each job, in their order."""
        if not isinstance(self._task, TaskElsewhere):
            raise TypeError("this launcher is for rnnlab's own commands")
        jobs = dict(enumerate(map(list, job_overrides), start=initial_job_idx))
        outcomes = self._outcomes(jobs, self._task)
        return [returned(words, outcomes.get(number)) for number, words in jobs.items()]

    @abstractmethod
    def _outcomes(self, jobs: Jobs, task: TaskElsewhere) -> dict[int, Outcome]:
        """Has the jobs done, and those that come up meanwhile; returns what each returned, or its error."""

    def _calls(self, jobs: Jobs) -> Calls:
        return {number: partial(self._call, number, words) for number, words in jobs.items()}


class LocalLauncher(_Launcher):
    """`hydra/launcher=local`: worker processes of rnnlab, several at a time."""

    def __init__(self, workers: int | None = None) -> None:
        """Keeps how many at a time; None: as many as fit onto the cores."""
        self._workers = workers

    def _outcomes(self, jobs: Jobs, task: TaskElsewhere) -> dict[int, Outcome]:
        return task.in_workers(jobs, self._call, self._workers)


class SlurmLauncher(_Launcher):
    """`hydra/launcher=submitit_slurm`: jobs of SLURM, submitted as one array."""

    def __init__(self, **parameters: Any) -> None:
        """Keeps the parameters of submitit's executor."""
        self._parameters = {name: _plain(value) for name, value in parameters.items()}

    def _outcomes(self, jobs: Jobs, task: TaskElsewhere) -> dict[int, Outcome]:
        return task.on_other_machines(jobs, lambda jobs: on_slurm(self._calls(jobs), task, self._parameters))


class RayLauncher(_Launcher):
    """`hydra/launcher=ray`: tasks of Ray, on this machine or on the cluster of an address."""

    def __init__(self, init: Any, remote: Any) -> None:
        """Keeps what `ray.init` and `ray.remote` take."""
        self._init, self._remote = _plain(init), _plain(remote)

    def _outcomes(self, jobs: Jobs, task: TaskElsewhere) -> dict[int, Outcome]:
        return task.on_other_machines(
            jobs, lambda jobs: on_ray(self._calls(jobs), task, self._init, self._remote)
        )


def _plain(value: Any) -> Any:
    return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
