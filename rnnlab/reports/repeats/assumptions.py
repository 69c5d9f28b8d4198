"""What a comparison takes for granted and its runs do not fulfil."""

from collections.abc import Callable, Sequence

from rnnlab.core.printable import counted
from rnnlab.reports.repeats.groups import Group
from rnnlab.reports.repeats.run import Repeat
from rnnlab.runs.identity import CODE, DATA, DIRTY, OWN, PARTS

UNKNOWN = "not recorded"
MOST_VALUES = 4


def failed_assumptions(groups: Sequence[Group]) -> list[str]:
    """Returns a line for whatever differs between runs that should differ in nothing but their settings.

    Where each group has its own, the difference between groups may be due to that.
    """
    runs = [run for group in groups for run in group.runs.values()]
    notes = [_note(groups, "task", lambda run: str(run.records.summary.get("task")))]
    for part in PARTS:
        for name in dict.fromkeys(name for run in runs for name in run.parts[part]):
            if name != DIRTY:
                notes.append(_note(groups, f"{part}: {name}", lambda run: _value(run, part, name)))  # noqa: B023
    return [note for note in [*notes, *_uncommitted(runs), _unlike_lengths(runs)] if note]


def _value(run: Repeat, part: str, name: str) -> str:
    value = run.parts[part].get(name)
    if value is None:
        return UNKNOWN
    return value[:10] if part in (DATA, CODE) else value


def _note(groups: Sequence[Group], what: str, value: Callable[[Repeat], str]) -> str:
    by_group = [{value(run) for run in group.runs.values()} for group in groups]
    counts: dict[str, int] = {}
    for group in groups:
        for run in group.runs.values():
            counts[value(run)] = counts.get(value(run), 0) + 1
    if len(counts) < 2:
        return ""
    said = [f"{name} ({counted(count, 'run')})" for name, count in list(counts.items())[:MOST_VALUES]]
    said += ["…"] if len(counts) > MOST_VALUES else []
    confounded = len(groups) > 1 and all(len(values) == 1 for values in by_group)
    why = "; it differs between groups, whose difference it may be" if confounded else ""
    return f"not the same {what}: {', '.join(said)}{why}"


def _uncommitted(runs: Sequence[Repeat]) -> list[str]:
    """Returns that a commit does not tell which code ran, where rnnlab's own is not recorded, either."""
    dirty = [run for run in runs if run.parts[CODE].get(DIRTY) == "yes" and OWN not in run.parts[CODE]]
    return (
        [f"{counted(len(dirty), 'run')} had uncommitted changes: what code they ran is not known"]
        if dirty
        else []
    )


def _unlike_lengths(runs: Sequence[Repeat]) -> str:
    lengths = sorted({len(run.records.metrics) - 1 for run in runs})
    if len(lengths) < 2:
        return ""
    return f"not trained equally long: {lengths[0]} to {lengths[-1]} rounds"
