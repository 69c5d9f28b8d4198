"""One function of the student's: right or wrong, where first, and which slip explains it."""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from rnnlab.scratch.exercise.cases import CASES, NOTATIONS, draw
from rnnlab.scratch.exercise.slips import slips

DRAWS = (0, 1, 2)
Leaves = dict[str, Any]


def judge_all(
    notation: str, names: list[str], module: Any, known_wrong: list[str]
) -> Iterator[dict[str, Any]]:
    """Yields what `judge` says of every function.

    One that is wrong is replaced by the engine's, so that those which call it are judged by themselves; so is
    a class with a wrong method, when the class itself is done.
    """
    wrong = {name.partition(".")[0] for name in known_wrong}
    for name in names:
        for other in wrong - {name.partition(".")[0]}:
            setattr(module, other, getattr(NOTATIONS[notation], other))
        verdict = judge(notation, name, module)
        yield verdict
        if verdict["wrong"] is not None:
            wrong.add(name.partition(".")[0])


def is_there(module: Any, name: str) -> bool:
    """Returns whether a module has a function, or a class with a method, of this name."""
    head, _, method = name.partition(".")
    owner = getattr(module, head, None)
    return callable(getattr(owner, method, None) if method else owner)


def judge(notation: str, name: str, module: Any) -> dict[str, Any]:
    """Returns what is wrong with a function (None: nothing), by which equation, and the slip that fits."""
    case, reference = CASES[notation][name], NOTATIONS[notation]
    found: dict[int, Any] = {}
    wrong: str | None = None
    for seed in DRAWS:
        d = draw(notation, seed)
        expected = case.call(reference, copy.deepcopy(d))
        try:
            found[seed] = case.call(module, copy.deepcopy(d))
        except BaseException as error:
            what = f"raises {type(error).__name__}: {' '.join(str(error).split())}"
            return {"name": name, "wrong": what, "equation": case.equation, "slip": None}
        wrong = wrong or _first_difference(leaves(found[seed]), leaves(expected))
    slip = None
    if wrong is not None:
        possible = [list(slips(case, reference, draw(notation, seed))) for seed in DRAWS]
        right = [case.call(reference, draw(notation, seed)) for seed in DRAWS]
        names = [
            name
            for i, (name, _) in enumerate(possible[0])
            if all(explains(found[k], right[k], possible[k][i][1]) for k in DRAWS)
        ]
        slip = names[0] if names else None
    return {"name": name, "wrong": wrong, "equation": case.equation, "slip": slip}


def explains(found: Any, right: Any, slipped: Any) -> bool:
    """Returns whether every number that is not right is the slip's."""
    of_found, of_right, of_slip = leaves(found), leaves(right), leaves(slipped)
    return of_found.keys() == of_right.keys() == of_slip.keys() and all(
        _same(value, of_right[place]) or _same(value, of_slip[place]) for place, value in of_found.items()
    )


def leaves(result: Any, place: str = "") -> Leaves:
    """Returns the arrays and numbers of a result by where they stand."""
    if isinstance(result, dict):
        parts = [leaves(value, f"{place}[{key!r}]") for key, value in result.items()]
    elif isinstance(result, (list, tuple)):
        parts = [leaves(value, f"{place}[{k}]") for k, value in enumerate(result)]
    else:
        return {place: result}
    return {key: value for part in parts for key, value in part.items()}


def _is_number(value: Any) -> bool:
    return np.ndim(value) == 0 and np.issubdtype(np.asarray(value).dtype, np.number)


def _same(found: Any, expected: Any) -> bool:
    return _difference(found, expected) is None


def _first_difference(found: Leaves, expected: Leaves) -> str | None:
    for place, value in expected.items():
        of = f"of the result's {place} " if place else ""
        if place not in found:
            return f"{of}is missing: the result holds {', '.join(found) or 'nothing'}"
        if difference := _difference(found[place], value):
            return of + difference
    return (
        f"the result has {len(found)} parts, expected {len(expected)}"
        if len(found) != len(expected)
        else None
    )


def _difference(found: Any, expected: Any) -> str | None:
    if expected is None or found is None:
        return (
            None
            if found is expected
            else f"the type is {type(found).__name__}, expected {type(expected).__name__}"
        )
    numbers = _is_number(found) and _is_number(expected)
    if not numbers and not isinstance(found, type(expected)):
        return f"the type is {type(found).__name__}, expected {type(expected).__name__}"
    if np.shape(found) != np.shape(expected):
        return f"the shape is {np.shape(found)}, expected {np.shape(expected)}"
    if not np.issubdtype(np.asarray(found).dtype, np.number):
        return None if np.array_equal(found, expected) else f"the value is {found!r}, expected {expected!r}"
    wrong = np.argwhere(~np.isclose(found, expected, rtol=1e-6, atol=1e-9))
    if len(wrong) == 0:
        return None
    place = tuple(int(i) for i in wrong[0])
    values = f"{np.asarray(found)[place]:.8g}, expected {np.asarray(expected)[place]:.8g}"
    return f"the number{f' at {list(place)}' if place else ''} is {values}"
