"""Conditions on runs, as in model=lstm or valid_acc>0.9: by setting, group, figure, or fact."""

import operator
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.runs.finder import Run
from rnnlab.runs.identity import CODE, COMMIT, VERSIONS, identity
from rnnlab.runs.settings import read_choices, read_settings, shown

CONDITION = re.compile(r"([^\s=!<>]+)(<=|>=|!=|==?|<|>)(.*)", re.DOTALL)
ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
Names = dict[str, Any]


@dataclass(frozen=True)
class Condition:
    """A name, a sign such as `>=`, and a value as text, a number where it has to be one."""

    name: str
    sign: str
    value: str

    def holds(self, names: Mapping[str, Any]) -> bool:
        """Returns whether a run of these names and values fulfils it; one that has no such name does not."""
        found = names.get(self.name)
        if found is None:
            return False
        if self.sign in ("=", "!="):
            return _same(found, self.value) == (self.sign == "=")
        if self.name == "started":  # text that sorts as it should
            return bool(ORDER[self.sign](str(found), self.value))
        left, right = _number(found), _number(self.value)
        return left is not None and right is not None and bool(ORDER[self.sign](left, right))


def read_conditions(words: Iterable[str]) -> list[Condition]:
    """Returns the conditions that words describe; raises InputError for one that is none."""
    found = []
    for word in words:
        parts = CONDITION.fullmatch(word)
        if parts is None:
            raise InputError(
                f"{word}: expected KEY=VALUE, or one of != < <= > >= in place of =, as in valid_acc>0.9"
            )
        name, sign, value = parts[1], "=" if parts[2] == "==" else parts[2], parts[3]
        if sign not in ("=", "!=") and _number(value) is None and name != "started":
            raise InputError(f"{word}: expected a number after {sign}, found {value!r}")
        found.append(Condition(name, sign, value))
    return found


def names_of(run: Run) -> Names:
    """Returns all that a condition may name of a run, and its value.

    Choices of groups (model), settings (model.hidden_size), figures of the last epoch (valid_acc), of the
    best (best_valid_acc) and of data.test (test_acc), and facts (status, started, commit, version, …).
    """
    summary, parts = run.summary, identity(run.summary)
    facts = {name: summary.get(name) for name in ("started", "task", "engine", "device", "machine", "seed")}
    facts |= {"run": run.name, "status": run.status, "monitor": summary.get("monitor")}
    facts |= {"commit": parts[CODE].get(COMMIT), "version": parts[VERSIONS].get("rnnlab")}
    figures = {
        f"{prefix}{name}": value
        for prefix, row in (("", "final"), ("best_", "best"), ("test_", "test"))
        for name, value in (summary.get(row) or {}).items()
    }
    settings: dict[str, str] = {}
    with suppress(InputError):  # a broken file of one run is no reason to list none
        settings = read_settings(run.folder) | read_choices(run.folder)
    return {**facts, **settings, **figures}


def check_names(names: Iterable[str], runs: Sequence[Names], option: str = "") -> None:
    """Raises InputError for a name that no run has."""
    known = list(dict.fromkeys(name for run in runs for name in run))
    for name in names:
        if name not in known:
            raise InputError(
                f"{option}{name}: no run has such a setting, group, figure or fact{did_you_mean(name, known)}"
            )


def nearest_value(condition: Condition, runs: Sequence[Names]) -> str:
    """Returns a suggestion for a value that no run has, or an empty string."""
    values = dict.fromkeys(shown(run[condition.name]) for run in runs if condition.name in run)
    if condition.sign != "=" or any(_same(value, condition.value) for value in values):
        return ""
    return did_you_mean(condition.value, values)


def _same(found: Any, value: str) -> bool:
    numbers = _number(found), _number(value)
    if None not in numbers:
        return numbers[0] == numbers[1]
    return shown(found).casefold() == value.casefold()


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
