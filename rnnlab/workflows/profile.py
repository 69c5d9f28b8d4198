"""Where the time of a training went, from the first import to the report."""

from dataclasses import asdict, dataclass

import pandas as pd

from rnnlab.core.errors import InputError
from rnnlab.core.files import write_text
from rnnlab.core.profile import Profile, begin_of_process, mark
from rnnlab.experiment.hydra_options import HydraOptions
from rnnlab.experiment.launch import is_sweep
from rnnlab.runs.files import PROFILE, TRACE
from rnnlab.runs.tables import write_table
from rnnlab.workflows.display import Display
from rnnlab.workflows.trained_run import TrainedRun
from rnnlab.workflows.trainings import train


@dataclass(frozen=True)
class ProfiledRun:
    """A finished run, and a row for each part of its time (see `rnnlab.core.profile`)."""

    run: TrainedRun
    parts: pd.DataFrame


def train_profiled(overrides: list[str], options: HydraOptions, display: Display) -> ProfiledRun:
    """Trains one net as `train` does; profile.csv and trace.json of the run say where the time went.

    The time counts from the beginning of this process. Raises InputError for a sweep, too.
    """
    if flag := "--cfg" if options.cfg else "--info" if options.info else None:
        raise InputError(f"--profile and {flag}: make no sense together; leave one of them out")
    profile = Profile(begin_of_process(), 0.0)
    with profile.recording():
        mark("start-up and imports")
        if is_sweep(overrides, options):
            raise InputError("--profile: expected one training, found a sweep; profile one of its runs")
        run = train(overrides, options, display)
    assert isinstance(run, TrainedRun)
    parts = pd.DataFrame(map(asdict, profile.rows()))
    write_table(run.folder / PROFILE, parts)
    write_text(run.folder / TRACE, profile.trace())
    return ProfiledRun(run, parts)
