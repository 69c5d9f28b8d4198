"""A training in fifths of its epochs: where a metric moves, and where no movement is shown."""

from collections.abc import Sequence
from itertools import pairwise

from rnnlab.course.evidence import METRICS, Course
from rnnlab.course.measure import Comparison, Measured, Unit, compare
from rnnlab.course.question import Sentence
from rnnlab.course.tables import over_seeds
from rnnlab.reports.blocks import Table
from rnnlab.reports.records import Records

PARTS = 5


def fifths(epochs: int) -> list[tuple[int, int]]:
    """Returns first and last epoch of each fifth of a training; of few epochs, each by itself."""
    ends = sorted({round(epochs * part / PARTS) for part in range(1, PARTS + 1)} - {0})
    return [(before + 1, end) for before, end in pairwise([0, *ends])]


def stages(course: Course, preset: str, name: str) -> list[Measured]:
    """Returns a metric's mean over each fifth of the epochs."""
    return [_stage(course, preset, name, *part) for part in fifths(course.epochs(preset))]


def _stage(course: Course, preset: str, name: str, first: int, last: int) -> Measured:
    def mean(run: Records) -> float:
        rows = run.metrics
        return float(rows.loc[rows["epoch"].between(first, last), name].mean())

    unit: Unit = "share" if name.endswith("acc") else "number"
    return course.computed(preset, f"{METRICS[name]} over {epochs_of(first, last)}", mean, unit)


def epochs_of(first: int, last: int) -> str:
    """Returns a range of epochs in words."""
    return f"epoch {first}" if first == last else f"epochs {first} to {last}"


def movement(what: str, parts: Sequence[Measured]) -> list[Sentence]:
    """Returns the sentence on where a metric goes up and down from fifth to fifth; none of a single one."""
    claims = [compare(after, before) for before, after in pairwise(parts)]
    if not claims:
        return []
    ends = f"from {parts[0]} in the first to {parts[-1]} in the last"
    for verdict, way in (("higher", "up"), ("lower", "down")):
        if all(claim.verdict == verdict for claim in claims):
            return [Sentence(f"{what} goes {way} from each fifth of the epochs to the next, {ends}.", claims)]
    found = [
        f"{way} {_where(claims, verdicts)}"
        for way, verdicts in (
            ("up", ["higher"]),
            ("down", ["lower"]),
            ("not shown to move", ["open", "same"]),
        )
        if _where(claims, verdicts)
    ]
    return [Sentence(f"{what} by fifths of the epochs, {ends}: {'; '.join(found)}.", claims)]


def _where(claims: Sequence[Comparison], verdicts: Sequence[str]) -> str:
    steps = [f"{n} to {n + 1}" for n, claim in enumerate(claims, start=1) if claim.verdict in verdicts]
    return f"from fifth {', '.join(steps)}" if steps else ""


def stages_table(course: Course, presets: Sequence[str], names: Sequence[str]) -> Table:
    """Returns metrics over each fifth of the epochs, the last fifth first: it answers most."""
    parts = fifths(course.epochs(presets[0]))
    rows = [
        [f"{preset}: {METRICS[name]}", *map(str, reversed(stages(course, preset, name)))]
        for name in names
        for preset in presets
    ]
    header = ["mean over", *(epochs_of(*part) for part in reversed(parts))]
    return Table(header, rows, f"Fifths of the training, the last one first{over_seeds(course)}")
