"""`report.html` and figures of one run, or of several beside each other, from the files in their folders."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas as pd

from rnnlab.core.errors import InputError
from rnnlab.core.metrics import TIMES
from rnnlab.core.profile import span
from rnnlab.reports.blocks import Block, Paragraph, Picture, Section, Table
from rnnlab.reports.figures import save_figure
from rnnlab.reports.page import write_page
from rnnlab.reports.record_figures import curves
from rnnlab.reports.records import Records, last_look, read_records, step_column, titled
from rnnlab.reports.registry import VIEWS, RecordView, view_of
from rnnlab.reports.what_happened import share_decimals, what_happened
from rnnlab.runs import files
from rnnlab.runs.finder import Run
from rnnlab.runs.settings import shown

FEW_ROWS = 12  # of a table that stands open beside its figure


def write_run_report(folder: Path, *, status: str | None = None) -> None:
    """Writes figures/ and report.html of a finished run into its folder, each figure drawn once.

    status: what the page says of the run, by default what its summary does.
    """
    records = read_records(folder)
    if status is not None:
        records.summary["status"] = status
    with span("sections"):
        sections = report_sections([records])
    with span("figures"):
        for picture in pictures_in(sections):
            save_figure(picture.figure, folder / files.figure(picture.name))
    with span("page"):
        write_page(folder / files.REPORT, f"rnnlab: {folder.name}", sections)


def write_report(folders: list[Path], path: Path) -> None:
    """Writes a report of the runs in `folders` to `path`; raises InputError for a folder that holds none."""
    runs = [read_records(folder) for folder in folders]
    title = runs[0].name if len(runs) == 1 else f"{len(runs)} runs"
    with _naming(folders[0]):
        sections = report_sections(runs)
    write_page(path, f"rnnlab: {title}", sections)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Names what is at fault where it cannot be shown: not all of a table can be checked before."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(f"{path}: is not as rnnlab writes it, and cannot be shown ({what})") from error


def pictures_in(sections: list[Section]) -> Iterator[Picture]:
    """Yields the figures of a page in their order."""
    for section in sections:
        yield from (block for block in section.blocks if isinstance(block, Picture))


def report_sections(runs: list[Records]) -> list[Section]:
    """Returns the sections of a report: what happened, a section for every kind of record, the settings."""
    if len(runs) > 1:
        return [_overview(runs), _settings(runs), *record_sections(runs), _environment(runs)]
    return [_overview(runs), *record_sections(runs), _settings(runs), _environment(runs)]


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
        begun = len(section.blocks)
        with _naming(next(iter(tables)).folder / file):
            _add(section, file, view, tables, runs)
        if view.reading:
            _explain(section, begun, view)
    return list(sections.values())


def _explain(section: Section, begun: int, view: RecordView) -> None:
    """Puts how to read a record to its first figure, else above its tables, unless that is said already."""
    if view.reading in {getattr(block, "reading", getattr(block, "text", "")) for block in section.blocks}:
        return
    for place, block in enumerate(section.blocks[begun:], start=begun):
        if isinstance(block, Picture):
            section.blocks[place] = replace(block, reading=view.reading, terms=view.terms)
            return
    section.blocks.insert(begun, Paragraph(view.reading, terms=view.terms))


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
        if view.left_out:
            shown = shown.loc[:, ~shown.columns.str.fullmatch(view.left_out)]
        caption = titled(runs, run, f"{view.title} ({file})" if view.title else file)
        alone = all(isinstance(block, Paragraph) for block in section.blocks)
        section.blocks.append(
            Table.of(
                shown,
                caption,
                decimals=share_columns(shown, run),
                folded=len(shown) > FEW_ROWS and not alone,
            )
        )


def share_columns(names: Iterable[object], run: Records) -> dict[str, int]:
    """Returns with how many decimals to show the shares of a split, by the columns of metrics.csv."""
    if run.summary.get("unit") not in ("texts", "sequences"):  # of which an example is several
        return {}
    numbers = run.summary.get("examples", {})
    splits = {str(name): str(name).partition("_")[0] for name in names if str(name).endswith("_acc")}
    return {name: share_decimals(numbers[split]) for name, split in splits.items() if split in numbers}


def _test_figures(run: Records) -> dict[str, float]:
    """Returns what the best net reaches on data.test, where there is some."""
    tested = run.summary.get("test") or {}
    return {
        f"test_{name}": value
        for name, value in tested.items()
        if name not in ("examples", step_column(run.metrics))
    }


def _overview(runs: list[Records]) -> Section:
    rows = []
    for run in runs:
        final, best = run.summary.get("final") or {}, run.summary.get("best") or {}
        parameters = run.summary.get("parameters", {}).get("trainable")
        rows.append(
            {
                "run": run.name,
                "status": Run(run.folder, run.summary).status,
                **{name: value for name, value in final.items() if name not in TIMES},
                f"best_{step_column(run.metrics)}": best.get(step_column(run.metrics)),
                **_test_figures(run),
                "seconds_per_row": float(run.metrics["seconds"][1:].mean()),
                "trainable_parameters": parameters,
            }
        )
    caption = "After the training; averages over the units of each split; test_*: of the best net, once."
    table = Table.of(pd.DataFrame(rows), caption, decimals=share_columns(rows[0], runs[0]))
    blocks: list[Block] = [
        Paragraph(f"{run.name} {Run(run.folder, run.summary).status}: {run.summary['error']}")
        for run in runs
        if run.summary.get("error")
    ]
    blocks += [Paragraph(f"{r.name}: {r.summary['stopped']}") for r in runs if r.summary.get("stopped")]
    blocks += [table, *(Paragraph(f"Run again: {run.summary.get('command')}", code=True) for run in runs)]
    if len(runs) > 1:
        return Section("Result", blocks)
    findings = what_happened(runs[0])
    return Section("What happened", [findings, *blocks] if findings.items else blocks)


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
