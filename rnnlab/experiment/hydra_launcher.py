"""What `hydra/launcher=local` needs of Hydra to have jobs done in other processes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from hydra import version
from hydra.core.utils import JobReturn, JobStatus, run_job, setup_globals
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

from rnnlab.core.errors import RnnlabError
from rnnlab.experiment.hydra_compat import VERSION_BASE

Outcome = Any | RnnlabError
Jobs = Mapping[int, list[str]]
"""The words of jobs, by number."""


@runtime_checkable
class TaskElsewhere(Protocol):
    """A job's function that knows how to have itself called in other processes."""

    def in_workers(self, jobs: Jobs, call: Callable[..., Any], workers: int | None) -> dict[int, Outcome]:
        """Calls `call(number, words, task)` for each job; returns what each returned, or its error."""
        ...

    def on_other_machines(
        self, jobs: Jobs, hand_over: Callable[[Jobs], Mapping[int, Any]]
    ) -> dict[int, Outcome]:
        """Hands jobs over and waits for them; returns what each returned, or its error."""
        ...


def run_job_of_sweep(
    context: HydraContext, config: DictConfig, number: int, overrides: list[str], task: TaskFunction
) -> Any:
    """Does one job of a sweep, as Hydra's own launcher does; returns what it returned, raises its error."""
    version.setbase(VERSION_BASE)
    setup_globals()
    composed = context.config_loader.load_sweep_config(config, overrides)
    with open_dict(composed):
        composed.hydra.job.id = composed.hydra.job.num = number
    job = run_job(
        hydra_context=context,
        task_function=task,
        config=composed,
        job_dir_key="hydra.sweep.dir",
        job_subdir_key="hydra.sweep.subdir",
    )
    if job.status == JobStatus.FAILED:
        raise job._return_value
    return job._return_value


def returned(overrides: list[str], outcome: Outcome) -> JobReturn:
    """Returns what a sweeper gets of a job."""
    status = JobStatus.FAILED if isinstance(outcome, RnnlabError) else JobStatus.COMPLETED
    return _Returned(overrides=overrides, status=status, _return_value=outcome)


@dataclass
class _Returned(JobReturn):
    """Hydra's own prints a line when it is asked what a failed job returned."""

    @property
    def return_value(self) -> Any:
        if self.status == JobStatus.FAILED:
            raise self._return_value
        return self._return_value

    @return_value.setter
    def return_value(self, value: Any) -> None:
        self._return_value = value
