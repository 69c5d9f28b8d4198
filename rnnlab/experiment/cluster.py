"""Jobs of a sweep on machines that share a disk with this one: by SLURM, through submitit, or by Ray."""

import logging
import os
import signal
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from rnnlab.core.errors import InputError, RnnlabError, reason
from rnnlab.core.signals import interruptible
from rnnlab.core.worker import DiedError, JobError
from rnnlab.core.workers import ONE_THREAD
from rnnlab.experiment.hydra_launcher import Outcome

Calls = Mapping[int, Callable[..., Any]]


@runtime_checkable
class Remote(Protocol):
    """A job that was handed over."""

    def done(self) -> bool:
        """Returns whether it is over, as far as is known by now."""
        ...

    def queued(self) -> bool:
        """Returns whether it waits to be begun, or begun again."""
        ...

    def outcome(self) -> Outcome:
        """Returns what it has returned, or its error, once it is over."""
        ...

    def cancel(self) -> None:
        """Ends it, or takes it out of the queue."""


@dataclass(frozen=True)
class OnNode:
    """What a node does: it makes a call in the folder of whoever handed it over; errors are returned."""

    call: Callable[..., Any]
    task: Any
    folder: Path = field(default_factory=Path.cwd)

    def __call__(self) -> Outcome:
        """Makes the call."""
        os.chdir(self.folder)
        os.environ.update(ONE_THREAD)
        # To submitit SIGTERM is no reason to end, but a cluster that sends it soon sends SIGKILL.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        try:
            with interruptible():
                return self.call(self.task)
        except RnnlabError as error:
            return error
        except Exception as error:
            return JobError(reason(error), traceback.format_exc())

    def checkpoint(self) -> Any:
        """Has SLURM do the job again, which then goes on where it was, once its time or its node is taken."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


@dataclass(frozen=True)
class _SlurmJob:
    job: Any

    def done(self) -> bool:
        return bool(self.job.done())

    def queued(self) -> bool:
        return str(self.job.state) in ("PENDING", "REQUEUED", "SUSPENDED")

    def outcome(self) -> Outcome:
        try:
            return self.job.result()
        except Exception:
            states = {"FAILED": "was killed", "OUT_OF_MEMORY": "ran out of memory"}
            state = str(self.job.state)
            return DiedError(
                f"its process {states.get(state, 'ended')} (SLURM job {self.job.job_id}: {state}; "
                f"log: {self.job.paths.stderr})"
            )

    def cancel(self) -> None:
        self.job.cancel(check=False)


def on_slurm(calls: Calls, task: Any, parameters: Mapping[str, Any]) -> dict[int, Remote]:
    """Submits the calls as one array of jobs; parameters: those of submitit's executor for SLURM."""
    try:
        import submitit
    except ModuleNotFoundError:
        raise InputError("hydra/launcher=submitit_slurm: needs pip install 'rnnlab[slurm]'") from None
    logging.getLogger("submitit").setLevel(logging.ERROR)
    folder, own = parameters["submitit_folder"], ("submitit_folder", "max_num_timeout")
    rest = {name: value for name, value in parameters.items() if name not in own and value is not None}
    common = {"timeout_min", "cpus_per_task", "gpus_per_node", "tasks_per_node", "mem_gb", "nodes", "name"}
    try:
        executor = submitit.AutoExecutor(
            folder, cluster="slurm", slurm_max_num_timeout=parameters["max_num_timeout"]
        )
        executor.update_parameters(
            **{name if name in common else f"slurm_{name}": value for name, value in rest.items()}
        )
        with executor.batch():  # one array, of jobs that each can be requeued
            jobs = [executor.submit(OnNode(call, task)) for call in calls.values()]
    except (RuntimeError, submitit.core.utils.FailedJobError, OSError) as error:
        raise InputError(f"hydra/launcher=submitit_slurm: {' '.join(str(error).split())}") from None
    return {number: _SlurmJob(job) for number, job in zip(calls, jobs, strict=True)}


@dataclass(frozen=True)
class _RayJob:
    reference: Any

    def done(self) -> bool:
        import ray

        return bool(ray.wait([self.reference], timeout=0)[0])

    def queued(self) -> bool:
        return False

    def outcome(self) -> Outcome:
        import ray

        try:
            return ray.get(self.reference)
        except ray.exceptions.RayError as error:
            return DiedError(f"its process was killed ({type(error).__name__} of Ray)")

    def cancel(self) -> None:
        import ray

        ray.cancel(self.reference)


def on_ray(calls: Calls, task: Any, init: Mapping[str, Any], remote: Mapping[str, Any]) -> dict[int, Remote]:
    """Hands the calls to Ray; init: what `ray.init` takes, as the cluster's address; remote: `ray.remote`."""
    os.environ.setdefault("RAY_AUTH_MODE", "disabled")  # or Ray writes a token into the home folder
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ModuleNotFoundError:
        raise InputError("hydra/launcher=ray: needs pip install 'rnnlab[ray]'") from None
    if not ray.is_initialized():
        quiet: dict[str, Any] = {
            "logging_level": logging.ERROR,
            "log_to_driver": False,
            "include_dashboard": False,
        }
        ray.init(**quiet, **init)
    # A job is begun again by the sweep, which knows where it was, and not by Ray.
    begin = ray.remote(max_retries=0, **remote)(_on_node)
    return {number: _RayJob(begin.remote(OnNode(call, task))) for number, call in calls.items()}


def _on_node(job: OnNode) -> Outcome:
    return job()
