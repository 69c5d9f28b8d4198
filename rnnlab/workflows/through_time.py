"""Gradients through time: measured, printed and drawn, of an untrained net under Hydra or a finished run."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from rnnlab.core.errors import InputError
from rnnlab.core.files import write_text
from rnnlab.experiment.build import build_probes
from rnnlab.experiment.experiment import prepare
from rnnlab.experiment.job import Job
from rnnlab.experiment.launch import HydraOptions, launch
from rnnlab.experiment.probe_input import probe_input_of, task_data_of
from rnnlab.experiment.restore import Which, restore
from rnnlab.experiment.schema import Config
from rnnlab.probes.base import ProbeInput
from rnnlab.probes.half_life import steps_to_half
from rnnlab.probes.through_time import ThroughTime
from rnnlab.reports.figures import save_figure
from rnnlab.reports.through_time_figure import draw_through_time
from rnnlab.runs.finder import find_run
from rnnlab.terminal.display import TerminalDisplay, track_texts
from rnnlab.terminal.messages import print_note, printable
from rnnlab.terminal.tables import print_table

TABLE, FIGURE = "through_time.csv", "figures/through_time.png"
FOLDERS = [  # before the user's own words, the last of which counts
    "hydra.job.name=through-time",
    "hydra.run.dir=outputs/through-time-${hydra.runtime.choices.model}-${now:%Y%m%d-%H%M%S-%f}",
]
Settings = Mapping[str, int | None]


def measure_untrained(overrides: list[str], settings: Settings) -> None:
    """Measures the net that the overrides describe, into a folder of its own."""

    def measure_job(job: Job) -> None:
        experiment = prepare(job.config, track=track_texts)
        for note in experiment.task_data.notes:
            print_note(note)
        _save(_measure(experiment.config, experiment.probe_input(), settings), job.folder)

    launch(measure_job, [*FOLDERS, *overrides], HydraOptions(), on_error=TerminalDisplay().failed)


def measure_run(name: str, checkpoint: Which, settings: Settings) -> None:
    """Measures a finished run's net, into its folder."""
    restored = restore(find_run(name), checkpoint=checkpoint)
    probe_input = probe_input_of(restored, task_data_of(restored, track=track_texts))
    print(f"{printable(restored.run.name)}, {restored.place}")
    _save(_measure(restored.config, probe_input, settings), restored.run.folder)


def _measure(config: Config, probe_input: ProbeInput, settings: Settings) -> pd.DataFrame:
    """Returns the probe's table, with the configuration's settings where the command line gives none."""
    chosen = build_probes(config).get("through_time")
    probe = chosen if isinstance(chosen, ThroughTime) else ThroughTime()
    for name, value in settings.items():
        if value is not None:
            setattr(probe, name, value)
    if not_applicable := probe.not_applicable(probe_input):
        raise InputError(not_applicable)
    with Console(stderr=True).status("Going back through time"):
        return probe.measure(probe_input)


def _save(table: pd.DataFrame, folder: Path) -> None:
    print_table(_summary(table))
    save_figure(draw_through_time(table), folder / FIGURE)
    try:
        write_text(folder / TABLE, table.to_csv(index=False, lineterminator="\n"))
    except OSError as error:
        raise InputError(f"{folder / TABLE}: cannot be written ({error.strerror})") from None
    print(f"table: {folder / TABLE}\nfigure: {folder / FIGURE}")


def _summary(table: pd.DataFrame) -> Table:
    """Returns a row a path: after how many steps its norms are halved, and what the weights predict."""
    caption = "steps until halved (95 % interval); predicted from the weights and the mean slope or gate"
    shown = Table("layer", "direction", "path", caption=caption, caption_justify="left")
    for name in ("texts", "steps", "gradient", "Jacobian", "predicted", "by spectral radius"):
        shown.add_column(name, justify="right")
    for (layer, direction, path), rows in table.groupby(["layer", "direction", "path"], sort=False):
        first, second = rows.iloc[0], rows.iloc[min(1, len(rows) - 1)]
        fits = [_fit(first, norm) for norm in ("gradient", "jacobian")]
        predictions = [_steps(steps_to_half(second[name])) for name in ("predicted", "predicted_radius")]
        counts = f"{first['examples']:,}", f"{len(rows):,}"
        shown.add_row(str(layer), direction, path, *counts, *fits, *predictions)
    return shown


def _fit(row: pd.Series, norm: str) -> str:
    steps, low, high = (_steps(row[f"{norm}_half_life{part}"]) for part in ("", "_low", "_high"))
    return f"{steps} ({low} to {high})"


def _steps(value: float) -> str:
    return "-" if pd.isna(value) else "never" if value == float("inf") else f"{value:.3g}"
