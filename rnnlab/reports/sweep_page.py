"""`report.html` of a sweep: its runs in a table, what its repeats say, and its figures."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from rnnlab.core.errors import InputError
from rnnlab.core.metrics import TIMES
from rnnlab.reports.blocks import Block, Finding, Findings, Paragraph, Picture, Section, Table
from rnnlab.reports.page import write_page
from rnnlab.reports.records import Records
from rnnlab.reports.repeats.comparison import METHOD, Comparison, compare_runs
from rnnlab.reports.repeats.formats import shown_groups, shown_pairs

MOST_SENTENCES = 20
TITLES = {"repetitions": "Repetitions", "through_time": "Gradients through time"}


def write_sweep_page(
    path: Path, name: str, table: pd.DataFrame, runs: Sequence[Records], figures: Mapping[str, Figure]
) -> None:
    """Writes the page of a sweep.

    name: the sweep's; table: a row per run, see `rnnlab.reports.sweep_table`; runs: the finished ones, at
    least one; figures: by name.
    """
    write_page(path, f"rnnlab: {name}", sweep_sections(table, runs, figures))


def sweep_sections(
    table: pd.DataFrame, runs: Sequence[Records], figures: Mapping[str, Figure]
) -> list[Section]:
    """Returns the sections of a sweep's page."""
    shown = table.drop(columns=list(TIMES), errors="ignore")
    caption = "A row per run: the settings in which runs differ, and the figures of the best round."
    pictures: list[Block] = [Picture(name, TITLES.get(name, name), drawn) for name, drawn in figures.items()]
    sections = [comparison_section(runs), Section("Runs", [Table.of(shown, caption)])]
    return [*sections, *([Section("Figures", pictures)] if pictures else [])]


def comparison_section(runs: Sequence[Records]) -> Section:
    """Returns what repeats say: groups, pairs, a sentence each, and what to keep in mind."""
    title = "Comparison"
    try:
        found = compare_runs([run.folder for run in runs])
    except InputError as error:
        return Section(title, [Paragraph(f"The runs cannot be compared: {error}.")])
    blocks: list[Block] = [Paragraph(f"{found.metric.sentence}."), Table.of(shown_groups(found))]
    if found.repeated and len(found.pairs):
        sentences = found.sentences
        blocks.append(Findings([Finding(text) for text in sentences[:MOST_SENTENCES]]))
        if len(sentences) > MOST_SENTENCES:
            blocks.append(
                Paragraph(f"The first {MOST_SENTENCES} of {len(sentences)} pairs; rnnlab compare has all.")
            )
        blocks.append(Table.of(shown_pairs(found), "Groups by their numbers, Δ: the first less the second"))
    blocks += _picture(found)
    blocks += [Paragraph(note) for note in found.notes]
    return Section(title, [*blocks, Paragraph(METHOD)])


def _picture(found: Comparison) -> list[Block]:
    reading = (
        "Above a dot for every seed, the mean and its interval; below the mean over seeds, in a band of it."
    )
    return [Picture("comparison", f"{found.metric.name} over seeds", found.figure(), reading)]
