"""`report.html` and figures of one run, or of several beside each other, from the files in their folders."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from rnnlab.reports.blocks import Block, Paragraph, Picture, Section, Table
from rnnlab.reports.figures import save_figure
from rnnlab.reports.page import write_page
from rnnlab.reports.records import Records, last_look, read_records, shown, step_column, titled
from rnnlab.reports.registry import VIEWS, RecordView, curves, view_of
from rnnlab.runs import files

FEW_ROWS = 12  # of a table that stands open beside its figure


def write_run_report(folder: Path) -> None:
    """Writes figures/ and report.html of a finished run into its folder, each figure drawn once."""
    sections = report_sections([read_records(folder)])
    for picture in pictures_in(sections):
        save_figure(picture.figure, folder / files.figure(picture.name))
    write_page(folder / files.REPORT, f"rnnlab: {folder.name}", sections)


def write_report(folders: list[Path], path: Path) -> None:
    """Writes a report of the runs in `folders` to `path`; raises InputError for a folder that holds none."""
    runs = [read_records(folder) for folder in folders]
    title = runs[0].name if len(runs) == 1 else f"{len(runs)} runs"
    write_page(path, f"rnnlab: {title}", report_sections(runs))


def pictures_in(sections: list[Section]) -> Iterator[Picture]:
    """Yields the figures of a page in their order."""
    for section in sections:
        yield from (block for block in section.blocks if isinstance(block, Picture))


def report_sections(runs: list[Records]) -> list[Section]:
    """Returns the sections of a report: the result, a section for every kind of record, the environment."""
    return [_overview(runs), _settings(runs), *record_sections(runs), _environment(runs)]


def record_sections(runs: list[Records]) -> list[Section]:
    """Returns sections of all that the runs recorded, in the registry's order; what it does not know last."""
    recorded = dict.fromkeys(name for run in runs for name in run.tables)
    known = [
        file for name in VIEWS for file in (files.table(name), files.probe_log(name)) if file in recorded
    ]
    sections: dict[str, Section] = {}
    for file in dict.fromkeys([*known, *recorded]):
        tables = {run: table for run in runs if (table := run.table(file)) is not None}
        if not tables:
            continue
        view = view_of(Path(file).stem, *tables.values()) or RecordView(file, "")
        section = sections.setdefault(view.section, Section(view.section, [], view.folded))
        if view.reading and not section.blocks:
            section.blocks.append(Paragraph(view.reading))
        _add(section, file, view, tables, runs)
    return list(sections.values())


def _add(
    section: Section,
    file: str,
    view: RecordView,
    tables: Mapping[Records, pd.DataFrame],
    runs: list[Records],
) -> None:
    """Adds figures and tables of one record, run by run; long tables are folded if there is more."""
    together = file == files.METRICS and len(runs) > 1
    if together:
        section.blocks.extend(curves({run.name: table for run, table in tables.items()}, runs[0]))
    for run, table in tables.items():
        for picture in [] if together else view.draw(table, run):
            section.blocks.append(replace(picture, title=titled(runs, run, picture.title)))
        shown = last_look(table) if view.last else table
        caption = titled(runs, run, f"{view.title} ({file})" if view.title else file)
        alone = all(isinstance(block, Paragraph) for block in section.blocks)
        section.blocks.append(Table.of(shown, caption, folded=len(shown) > FEW_ROWS and not alone))


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
                f"best_{step_column(run.metrics)}": best.get(step_column(run.metrics)),
                "seconds_per_row": float(run.metrics["seconds"][1:].mean()),
                "trainable_parameters": parameters,
            }
        )
    blocks: list[Block] = [
        Table.of(pd.DataFrame(rows), "After the training; averages over the units of each split.")
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
    blocks: list[Block] = []
    if len(runs) > 1:
        differing = [[key, *row] for key, row in values.items() if len(set(row)) > 1]
        blocks.append(Table(header, differing, "What differs"))
        blocks.append(Paragraph("All settings of a run are in its own report and its config.yaml."))
        return Section("Configuration", blocks)
    return Section(
        "Configuration", [Table(header, [[key, *row] for key, row in values.items()])], folded=True
    )


def _environment(runs: list[Records]) -> Section:
    blocks: list[Block] = []
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
        blocks.append(Table(["fact", "value"], rows, run.name))
    return Section("Data and environment", blocks, folded=True)
