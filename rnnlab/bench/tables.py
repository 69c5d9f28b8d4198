"""What `rnnlab bench` has measured, as tables of texts and as Markdown."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pandas as pd

MEGABYTE = 1e6


class BenchTable(NamedTuple):
    """A table of texts, a line above it and one below it, which may be empty."""

    title: str
    rows: pd.DataFrame
    caption: str


def bench_tables(facts: Mapping[str, Any], slopes: pd.DataFrame) -> list[BenchTable]:
    """Returns what `rnnlab.bench.bench.Benchmark.facts` hold, each question in a table of its own.

    slopes: see `rnnlab.bench.cost.slopes`.
    """
    found = []
    if rows := facts.get("epochs"):
        found += _of_epochs(rows, facts["matrix_products_flops_per_second"])
    if rows := facts.get("memory"):
        title = "peak memory in MB, of which libraries before there is a net"
        caption = "two epochs in a process of its own each (VmHWM), word vectors fine-tuned"
        found.append(BenchTable(title, across(rows, ["model"], memory), caption))
    if rows := facts.get("layers"):
        title = "milliseconds of a layer, forward and back, 64 texts of 50 to 200 steps"
        found.append(BenchTable(title, across(rows, ["cell", "inputs", "hidden"], milliseconds), ""))
    if rows := facts.get("own_cell"):
        title = "seconds of an epoch of a cell that gives its step alone"
        keys = ["cell", "inputs", "hidden", "batch"]
        caption = "rnnlab torch: unrolled, by autograd"
        found.append(BenchTable(title, across(rows, keys, own_cell), caption))
    if len(slopes):
        title = "how the cost of an LSTM grows: slope of log seconds against log size, over the larger sizes"
        table = slopes.pivot_table(index="axis", columns="contestant", values="slope", sort=False)
        texts = table.map("{:.2f}".format).rename_axis(columns=None).reset_index(names="size")
        found.append(BenchTable(title, texts, "1: twice the size takes twice as long"))
    return found


def _of_epochs(rows: list[dict[str, Any]], rate: float) -> list[BenchTable]:
    keys = ["model", "vectors"]
    said = f"100 %: {rate / 1e9:.0f} GFLOP/s of large float32 products; a BoE has few products"
    return [
        BenchTable(
            "seconds of an epoch's training pass", across(rows, keys, seconds), "median (lowest–highest)"
        ),
        BenchTable(
            "how many times as long as rnnlab fused", across(rows, keys, ratio), "medians over rounds"
        ),
        BenchTable("words per second, and share of the matrix-product rate", across(rows, keys, speed), said),
    ]


def markdown(facts: Mapping[str, Any], tables: list[BenchTable]) -> str:
    """Returns the tables, below a line of what they were measured on, for a README."""
    parts = [f"{machine_line(facts)}."]
    for title, rows, caption in tables:
        lines = [list(rows.columns), ["---"] * len(rows.columns), *rows.to_numpy().tolist()]
        below = f" ({caption})" if caption else ""
        table = "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
        parts.append(f"{title[0].upper()}{title[1:]}{below}:\n\n{table}")
    return "\n\n".join([*parts, *facts["notes"]]) + "\n"


def across(
    rows: list[dict[str, Any]], keys: list[str], cell: Callable[[Mapping[str, Any]], str]
) -> pd.DataFrame:
    """Returns a row for each thing measured and a column for each contestant."""
    names = dict.fromkeys(row["contestant"] for row in rows)
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for row in rows:
        if "frozen" in row:
            row = {**row, "vectors": "frozen" if row["frozen"] else "fine-tuned"}
        found.setdefault(tuple(str(row[key]) for key in keys), {})[row["contestant"]] = cell(row)
    return pd.DataFrame(
        [
            {**dict(zip(keys, of, strict=True)), **{name: cells.get(name, "–") for name in names}}
            for of, cells in found.items()
        ]
    )


def seconds(row: Mapping[str, Any]) -> str:
    """Returns the median and its spread."""
    return f"{row['seconds']:.3f} ({row['lowest']:.3f}–{row['highest']:.3f})"


def milliseconds(row: Mapping[str, Any]) -> str:
    """Returns median, spread and ratio."""
    low, high = 1000 * row["lowest"], 1000 * row["highest"]
    return f"{1000 * row['seconds']:.1f} ({low:.1f}–{high:.1f}) {ratio(row)}"


def ratio(row: Mapping[str, Any]) -> str:
    """Returns how many times as long as the fused engine."""
    return "–" if row["ratio"] is None else f"{row['ratio']:.2f} ×"


def own_cell(row: Mapping[str, Any]) -> str:
    """Returns median, spread and ratio."""
    return f"{seconds(row)} {ratio(row)}"


def speed(row: Mapping[str, Any]) -> str:
    """Returns words per second and the share of what the machine could."""
    return f"{row['tokens_per_second']:,.0f}, {100 * row['share_of_matrix_products']:.1f} %"


def memory(row: Mapping[str, Any]) -> str:
    """Returns peak and libraries."""
    return f"{row['peak_bytes'] / MEGABYTE:.0f} ({row['libraries_bytes'] / MEGABYTE:.0f})"


def machine_line(facts: Mapping[str, Any]) -> str:
    """Returns on what, when and how it was measured."""
    machine, settings = facts["machine"], facts["settings"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    threads = settings["threads"]
    return (
        f"{machine['name']}, {machine['date']}; {versions}; for all: "
        f"{threads} thread{'s' * (threads > 1)}, float32, subnormal floats {settings['subnormal_floats']}"
    )
