"""What is in files of labelled texts, in a terminal."""

from collections.abc import Callable, Iterable, Iterator

from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from rnnlab.data.check import Report, SplitReport, histogram
from rnnlab.data.labels import NEG_POS

_EXAMPLES_SHOWN = 5


def show_report(report: Report, console: Console) -> bool:
    """Prints the report, foreign text escaped; returns whether there are bad lines or files."""
    readable = [split for split in report.splits if split.lengths.size]
    if readable:
        console.print(_table_of_figures(readable))
        for split in readable:
            console.print(_table_of_lengths(split))
        _print_lines(console, _lines_of_duplicates(report))
    for split in report.splits:
        _print_some(console, "empty", split.empty, split.empties)
    for split in report.splits:
        _print_some(console, "bad", split.errors, split.bad)
    bad = any(split.bad for split in report.splits)
    if not bad:
        _print_lines(console, ["no bad lines"])
    return bad


def _print_some(console: Console, kind: str, some: list[str], number: int) -> None:
    """Prints what is known of so many lines of a kind."""
    _print_lines(console, (f"{kind}: {one}" for one in some))
    if number > len(some):
        _print_lines(console, [f"{kind}: {number - len(some):,} more"])


def _print_lines(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        # Neither markup nor a line break where a pipe has no width.
        console.print(line, markup=False, emoji=False, soft_wrap=True)


def _table_of_figures(splits: list[SplitReport]) -> Table:
    table = Table()
    table.add_column("")
    for split in splits:
        table.add_column(Text(split.name), justify="right", overflow="fold")
    with_vectors = any(split.covered_types is not None for split in splits)
    table.add_row("texts", *(f"{split.lengths.size:,}" for split in splits))
    labels = tuple(dict.fromkeys(label for split in splits for label in split.labels))
    names = ("negative", "positive") if labels == NEG_POS else [f"label {label}" for label in labels]
    for name, label in zip(names, labels, strict=True):
        table.add_row(Text(name), *(_of_texts(split.labels.get(label, 0), split) for split in splits))
    for figure, show in (_FIGURES | (_COVERAGE if with_vectors else {})).items():
        table.add_row(figure, *(show(split) for split in splits))
    return table


def _of_texts(count: int, split: SplitReport) -> str:
    return f"{count:,} ({count / split.lengths.size:.1%})"


def _share(part: float | None) -> str:
    return "–" if part is None else f"{part:.1%}"


_Figures = dict[str, Callable[[SplitReport], str]]
_FIGURES: _Figures = {
    "empty texts": lambda split: f"{split.empties:,}",
    "bad lines": lambda split: f"{split.bad:,}",
    "tokens": lambda split: f"{split.lengths.sum():,}",
    "mean length": lambda split: f"{split.lengths.mean():,.1f}",
    "longest": lambda split: f"{split.lengths.max():,}",
    "vocabulary": lambda split: f"{split.types:,}",
}
_COVERAGE: _Figures = {
    "words with a vector": lambda split: _share(split.covered_types),
    "tokens with a vector": lambda split: _share(split.covered_tokens),
}


def _table_of_lengths(split: SplitReport) -> Table:

    ranges = histogram(split.lengths)
    most = max(texts for _, texts in ranges)
    title = Text(f"Length of texts: {split.name}")
    table = Table("tokens", "texts", "", box=None, title=title, title_justify="left")
    for label, texts in ranges:
        table.add_row(label, f"{texts:,}", ProgressBar(total=most, completed=texts, width=40))
    return table


def _lines_of_duplicates(report: Report) -> Iterator[str]:
    duplicates, names = report.duplicates, [split.name for split in report.splits]
    for split, repeats in zip(report.splits, duplicates.within, strict=True):
        if split.lengths.size:
            yield f"duplicates within {split.name}: {repeats:,}"
    for (first, second), shared in duplicates.across.items():
        yield f"duplicates across {names[first]} and {names[second]}: {shared:,}"
    if duplicates.opposite:
        yield f"duplicates with opposite labels: {duplicates.opposite:,}"
    shown = duplicates.groups[:_EXAMPLES_SHOWN]
    for places in shown:
        yield f"  the same text: {'; '.join(places)}"
    if duplicates.repeated > len(shown):
        yield f"  and {duplicates.repeated - len(shown):,} more"
