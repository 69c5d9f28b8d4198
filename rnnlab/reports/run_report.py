"""`report.html` of one run, or of several beside each other, from the files in their folders."""

from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from rnnlab.reports.blocks import Chart, Grid, Paragraph, Section, Series
from rnnlab.reports.curve_figure import draw_curves
from rnnlab.reports.figures import save_figure
from rnnlab.reports.finding_figures import finding_figures
from rnnlab.reports.finding_sections import finding_sections
from rnnlab.reports.page import write_page
from rnnlab.reports.probe_sections import (
    health_section,
    pairs_section,
    position_section,
    through_time_section,
)
from rnnlab.reports.records import Records, metric_names, metric_unit, place_of, read_records, shown, titled
from rnnlab.reports.similarity_figure import draw_similarity
from rnnlab.reports.through_time_figure import draw_over_epochs
from rnnlab.runs import files


def write_run_report(folder: Path) -> None:
    """Writes figures/ and report.html of a finished run into its folder."""
    for name, figure in figures_of(read_records(folder)).items():
        save_figure(figure, folder / files.figure(name))
    write_report([folder], folder / files.REPORT)


def figures_of(run: Records) -> dict[str, Figure]:
    """Returns the pictures of what a run recorded, by name."""
    baselines, unit = run.summary.get("baselines", {}), run.summary.get("unit", "texts")
    figures = {"curves": draw_curves(run.metrics, baselines, unit), **finding_figures(run.folder)}
    similarity = run.table(files.SIMILARITY)
    if similarity is not None and similarity["similarity"].notna().any():
        figures["similarity"] = draw_similarity(similarity)
    through_time = run.table(files.probe_log("through_time"))
    if through_time is not None and through_time[place_of(through_time)].nunique() > 1:
        figures["through_time_epochs"] = draw_over_epochs(through_time)
    return figures


def write_report(folders: list[Path], path: Path) -> None:
    """Writes a report of the runs in `folders` to `path`; raises InputError for a folder that is no run."""
    runs = [read_records(folder) for folder in folders]
    title = runs[0].name if len(runs) == 1 else f"{len(runs)} runs"
    write_page(path, f"rnnlab: {title}", report_sections(runs))


def report_sections(runs: list[Records]) -> list[Section]:
    """Returns the sections of a report, those without records left out."""
    sections = [_overview(runs), _settings(runs), curves(runs), similarity_section(runs)]
    sections += [
        finding_sections(runs),
        position_section(runs),
        through_time_section(runs),
        pairs_section(runs),
    ]
    sections += [health_section(runs), _predictions(runs), _environment(runs)]
    return [section for section in sections if section is not None]


def _overview(runs: list[Records]) -> Section:
    rows = []
    for run in runs:
        final, best = run.summary.get("final") or {}, run.summary.get("best") or {}
        parameters = run.summary.get("parameters", {}).get("trainable")
        rows.append(
            {
                "run": run.name,
                "status": run.summary.get("status"),
                **{name: value for name, value in final.items() if name != "seconds"},
                f"best_{place_of(run.metrics)}": best.get(place_of(run.metrics)),
                "seconds_a_row": float(run.metrics["seconds"][1:].mean()),
                "trained_parameters": parameters,
            }
        )
    blocks: list[Any] = [
        Grid.of(pd.DataFrame(rows), "After the training; averages over the units of each split.")
    ]
    for run in runs:
        blocks.append(Paragraph(f"Run again: {run.summary.get('command')}", code=True))
        if "error" in run.summary:
            blocks.append(Paragraph(f"{run.name} {run.summary['status']}: {run.summary['error']}"))
    return Section("Result", blocks)


def _settings(runs: list[Records]) -> Section:
    keys = list(dict.fromkeys(key for run in runs for key in run.settings))
    values = {key: [run.settings.get(key, "") for run in runs] for key in keys}
    header = ["key", *(run.name for run in runs)]
    blocks: list[Any] = []
    if len(runs) > 1:
        differing = [[key, *row] for key, row in values.items() if len(set(row)) > 1]
        blocks.append(Grid(header, differing, "What differs"))
        blocks.append(Paragraph("All settings of a run are in its own report and its config.yaml."))
        return Section("Configuration", blocks)
    return Section("Configuration", [Grid(header, [[key, *row] for key, row in values.items()])], folded=True)


def curves(runs: list[Records]) -> Section:
    """Returns the learning curves, one chart a metric."""
    charts: list[Any] = []
    when = place_of(runs[0].metrics)
    for metric in metric_names(runs[0].metrics):
        series = [
            Series(
                f"{split} {metric}" if len(runs) == 1 else f"{run.name}: {split}",
                run.metrics[place_of(run.metrics)].tolist(),
                run.metrics[f"{split}_{metric}"].astype(float).tolist(),
            )
            for run in runs
            for split in ("train", "valid")
            if f"{split}_{metric}" in run.metrics
        ]
        series += _baselines(runs[0], metric)
        unit = metric_unit(metric, runs[0].summary.get("unit", "texts"))
        y_range = (0.0, 1.0) if metric.endswith("acc") else None
        charts.append(Chart(metric, when, unit, series, y_range=y_range))
    note = (
        f"{when.capitalize()} 0 is the untrained net. Training figures are running averages while it trained "
        "since the row before."
    )
    return Section("Learning curves", [*charts, Paragraph(note)])


def _baselines(run: Records, metric: str) -> list[Series]:
    """Returns level lines for what simple rules reach."""
    rules = run.summary.get("baselines", {}).get(metric, {})
    at = run.metrics[place_of(run.metrics)]
    ends = [float(at.min()), float(at.max())]
    return [Series(name, ends, [value, value]) for name, value in rules.items()]


def similarity_section(runs: list[Records]) -> Section | None:
    """Returns word similarities after the last epoch and their curves, or None if none were recorded."""
    blocks: list[Any] = []
    for run in runs:
        table = run.table("similarity.csv")
        if table is None:
            continue
        when = place_of(table)
        last = table[table[when] == table[when].max()].drop(columns=when)
        series = [
            Series(f"{first} – {second}", rows[when].tolist(), rows["similarity"].astype(float).tolist())
            for (first, second), rows in table.groupby(["word1", "word2"], sort=False)
        ]
        blocks.append(Grid.of(last, titled(runs, run, f"cosine after the last {when}")))
        blocks.append(
            Chart(titled(runs, run, "word similarity"), when, "cosine", series, y_range=(-1.0, 1.0))
        )
    return Section("Word vectors", blocks) if blocks else None


def _predictions(runs: list[Records]) -> Section | None:
    tables = [(run, table) for run in runs if (table := run.table("predictions.csv")) is not None]
    blocks: list[Any] = [
        Grid.of(table, titled(runs, run, "the most_confident right and wrong ones")) for run, table in tables
    ]
    return Section("Predictions", blocks, folded=len(runs) > 1) if blocks else None


def _environment(runs: list[Records]) -> Section:
    blocks: list[Any] = []
    for run in runs:
        summary = run.summary
        facts = {
            key: summary.get(key) for key in ("started", "wall_seconds", "peak_memory_mib", "seed", "device")
        }
        rows = [[key, shown(value)] for key, value in facts.items()]
        rows += [[f"{name} examples", shown(count)] for name, count in summary.get("examples", {}).items()]
        rows += [[f"version of {name}", shown(value)] for name, value in summary.get("versions", {}).items()]
        rows += [[f"git {name}", shown(value)] for name, value in (summary.get("git") or {}).items()]
        for name, file in summary.get("data", {}).items():
            rows.append([f"data: {name}", f"{file.get('path')} (SHA-256 {file.get('sha256')})"])
        rows += [["note", shown(note)] for note in summary.get("notes", [])]
        blocks.append(Grid(["fact", "value"], rows, run.name))
    return Section("Data and environment", blocks, folded=True)
