"""Any probe on a finished run, or on an untrained net in a folder of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from rnnlab.core.errors import InputError
from rnnlab.experiment.experiment import prepare
from rnnlab.experiment.find_probe import find_probe
from rnnlab.experiment.hydra_options import NO_FLAGS
from rnnlab.experiment.job import Job
from rnnlab.experiment.launch import launch
from rnnlab.experiment.restore import RestoredRun
from rnnlab.experiment.schema import Config
from rnnlab.experiment.torch_settings import torch_settings
from rnnlab.probes.base import Probe, ProbeInput
from rnnlab.runs.files import figure as figure_file
from rnnlab.runs.files import table as table_file
from rnnlab.runs.settings import flatten
from rnnlab.runs.tables import write_table
from rnnlab.workflows.display import SILENT, Display

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Saved:
    """A table, the path of its file, and those of the figures drawn of it."""

    table: pd.DataFrame
    path: Path
    figures: list[Path]

    def of(self, probe: Probe, probe_input: ProbeInput) -> "Probed":
        """Returns the same as what a probe found."""
        return Probed(self.table, self.path, self.figures, probe, probe_input)


@dataclass(frozen=True)
class Probed(Saved):
    """What a probe found, the probe, and what it looked at."""

    probe: Probe
    probe_input: ProbeInput


def probe_run(
    run: RestoredRun,
    probe_input: ProbeInput,
    name: str,
    settings: Settings | None = None,
    *,
    front: Mapping[str, str] | None = None,
    display: Display = SILENT,
) -> Probed:
    """Looks at a run's net with the probe of configs/probe/NAME.yaml; its table goes into the run folder.

    Args:
        run: a finished run.
        probe_input: what of it the probe looks at.
        name: that of a shipped probe, or of one's own in ./configs/probe/.
        settings: what differs from the run's configuration, else from configs/probe/NAME.yaml.
        front: columns to put in front of the table, each of one value.
        display: shows that something is going on.

    Raises:
        InputError: there is no such probe or setting, or the probe makes no sense for the run.
    """
    probe = find_probe(name, settings or {}, run.config)
    table = apply_probe(probe, probe_input, run.config, what=f"{run.run.name}: probe {name}", display=display)
    for place, (column, value) in enumerate((front or {}).items()):
        table.insert(place, column, value)
    return save(name, table, run.run.folder, run.config).of(probe, probe_input)


def probe_untrained(
    name: str, overrides: list[str], settings: Settings | None = None, display: Display = SILENT
) -> Probed:
    """Looks at the net that the overrides describe, before any training, into a folder of its own.

    Raises InputError as `probe_run` does.
    """
    command = name.replace("_", "-")
    folders = [  # before the user's own words, the last of which counts
        f"hydra.job.name={command}",
        f"hydra.run.dir=outputs/{command}-${{hydra.runtime.choices.model}}-${{now:%Y%m%d-%H%M%S-%f}}",
    ]
    done: list[Probed] = []

    def probe_job(job: Job) -> None:
        experiment = prepare(job.config, track=display.track)
        for note in experiment.task_data.notes:
            display.note(note)
        probe, probe_input = find_probe(name, settings or {}, job.config), experiment.probe_input()
        table = apply_probe(probe, probe_input, job.config, what=f"probe {name}", display=display)
        done.append(save(name, table, job.folder, job.config).of(probe, probe_input))

    launch(probe_job, [*folders, *overrides], NO_FLAGS)
    return done[0]


def apply_probe(
    probe: Probe, probe_input: ProbeInput, config: Config, *, what: str, display: Display
) -> pd.DataFrame:
    """Returns the probe's table; raises InputError, which begins with `what`, where it makes no sense."""
    if not_applicable := probe.not_applicable(probe_input):
        raise InputError(f"{what}: {not_applicable}")
    with display.status(what), torch_settings(config):
        return probe.measure(probe_input)


def save(name: str, table: pd.DataFrame, folder: Path, config: Config) -> Saved:
    """Writes a probe's table, and its figures as they are in the report."""
    from rnnlab.reports.figures import save_figure  # late: only who draws waits for matplotlib
    from rnnlab.reports.records import RunFacts
    from rnnlab.reports.registry import draw_record

    facts = RunFacts(name=folder.name, settings=flatten(config.model_dump(mode="json")))
    figures = []
    for picture in draw_record(name, table, facts):
        figures.append(folder / figure_file(picture.name))
        save_figure(picture.figure, figures[-1])
    return Saved(table, write_table(folder / table_file(name), table), figures)
