"""Which runs belong together, and what their groups are called."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from rnnlab.core.errors import InputError
from rnnlab.core.metrics import TIMES
from rnnlab.reports.repeats.run import CHOSEN_FOR_THE_USER, Repeat, check_names

ALL = "all runs"


@dataclass(frozen=True, eq=False)
class Group:
    """Runs that are repeats of each other.

    values: by name, what tells the group from the others; runs: by what is paired with a run of another
    group, the seed and what else differs within groups.
    """

    values: dict[str, str]
    runs: dict[tuple[str, ...], Repeat]

    @property
    def label(self) -> str:
        """The group's name, as in model=lstm, insert=end."""
        return ", ".join(f"{name}={value}" for name, value in self.values.items()) or ALL


@dataclass(frozen=True)
class Grouping:
    """The groups, in what but the seed runs of one group differ, and what a reader should know of that."""

    groups: list[Group]
    within: list[str]
    notes: list[str]


def group_runs(runs: Sequence[Repeat], by: Sequence[str] = ()) -> Grouping:
    """Returns the groups of runs that share all settings but the seed, or the values of the names `by`.

    Raises InputError for a name that is none, and for two runs of one group with the same seed.
    """
    check_names(by, runs)
    whole = _settings_that_vary(runs)
    names = list(by) or _telling_names(runs, whole)
    parts = _partition(runs, _values_of(names) if by else _settings_of(whole))
    within = sorted({name for part in parts for name in _settings_that_vary(part)})
    groups: list[Group] = []
    notes: list[str] = []
    for part in parts:
        label = {name: part[0].value(name) for name in names}
        groups.append(_group(label, part, within, notes))
    return Grouping(groups, within, notes + _also_differing(groups, names, whole, within))


def _group(values: dict[str, str], part: Sequence[Repeat], within: Sequence[str], notes: list[str]) -> Group:
    runs: dict[tuple[str, ...], Repeat] = {}
    group = Group(values, runs)
    for run in part:
        key = (run.seed, *(run.settings.get(name, "") for name in within))
        earlier = runs.setdefault(key, run)
        if earlier is run:
            continue
        if not _same_figures(earlier, run):
            raise InputError(
                f"{group.label}: {earlier.name} and {run.name} have the same configuration and seed, but "
                f"other figures; rnnlab why says why, and --by sweep (or commit, machine) tells them apart"
            )
        notes.append(f"{run.name} repeats {earlier.name} to the last digit, and is counted once")
    return group


def _same_figures(one: Repeat, other: Repeat) -> bool:
    tables = [run.records.metrics.drop(columns=list(TIMES), errors="ignore") for run in (one, other)]
    return tables[0].equals(tables[1])


def _also_differing(
    groups: Sequence[Group], names: Sequence[str], whole: Sequence[str], within: Sequence[str]
) -> list[str]:
    """Returns what a reader of the groups' names would not know to differ."""
    notes = []
    if within:
        some = ", ".join(within[:5]) + (", …" if len(within) > 5 else "")
        notes.append(
            f"within a group runs differ in more than the seed: {some}; means are over all of it, and runs "
            f"are paired by seed and that"
        )
    for name in CHOSEN_FOR_THE_USER:
        if name in whole and name not in names and name not in within:
            values = ", ".join(
                f"{name}={next(iter(g.runs.values())).value(name)} ({g.label})" for g in groups
            )
            notes.append(f"groups differ in {name}, too: {values}")
    return notes


def _settings_that_vary(runs: Sequence[Repeat]) -> list[str]:
    names = dict.fromkeys(name for run in runs for name in run.settings)
    return [name for name in names if len({run.settings.get(name) for run in runs}) > 1]


def _telling_names(runs: Sequence[Repeat], vary: Sequence[str]) -> list[str]:
    """Returns the fewest names whose values tell groups apart, choices before settings.

    A name is taken if it tells more groups apart than those before it.
    """
    groups = _partition(runs, _settings_of(vary))
    found: list[str] = []
    firsts = [group[0] for group in groups]
    names = dict.fromkeys(name for run in runs for name in (*run.choices, *run.names))
    for name in names:
        steady = all(len({run.names.get(name) for run in group}) == 1 for group in groups)
        if len(_partition(firsts, _values_of(found))) == len(groups):
            break
        if steady and len(_partition(firsts, _values_of([*found, name]))) > len(
            _partition(firsts, _values_of(found))
        ):
            found.append(name)
    return _without_needless(found, firsts)


def _without_needless(names: Sequence[str], firsts: Sequence[Repeat]) -> list[str]:
    """Returns the fewest of the names, in their order, that tell all groups apart."""
    wanted = len(_partition(firsts, _values_of(names)))
    for number in range(len(names) + 1):
        for few in combinations(names, number):
            if len(_partition(firsts, _values_of(few))) == wanted:
                return list(few)
    return list(names)


def _values_of(names: Iterable[str]) -> Callable[[Repeat], Hashable]:
    return lambda run: tuple(run.names.get(name) for name in names)


def _settings_of(names: Sequence[str]) -> Callable[[Repeat], Hashable]:
    return lambda run: tuple(run.settings.get(name) for name in names)


def _partition(runs: Sequence[Repeat], key: Callable[[Repeat], Hashable]) -> list[list[Repeat]]:
    parts: dict[Hashable, list[Repeat]] = {}
    for run in runs:
        parts.setdefault(key(run), []).append(run)
    return list(parts.values())
