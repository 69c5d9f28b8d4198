"""A student's result beside the right one."""

from typing import Any

import numpy as np


def compare_to_answer(user_output: Any, answer: Any, test_name: str | None = None) -> bool:
    """Says in a line what differs first, type, shape or value; returns whether nothing does.

    Values may differ by 1e-5 of the answer and 1e-8.
    """
    difference = _difference(user_output, answer)
    print(f"{test_name or 'output'}: {difference or 'right'}")
    return difference is None


def _difference(found: Any, expected: Any) -> str | None:
    if type(found) is not type(expected):
        return f"the type is {type(found).__name__}, expected {type(expected).__name__}"
    if isinstance(expected, (list, tuple)):
        if len(found) != len(expected):
            return f"the length is {len(found)}, expected {len(expected)}"
        found, expected = dict(enumerate(found)), dict(enumerate(expected))
    if isinstance(expected, dict):
        if found.keys() != expected.keys():
            return f"the keys are {list(found)}, expected {list(expected)}"
        differences = ((key, _difference(found[key], expected[key])) for key in expected)
        return next((f"[{key!r}]: {difference}" for key, difference in differences if difference), None)
    if not all(np.issubdtype(np.asarray(value).dtype, np.number) for value in (found, expected)):
        return None if np.array_equal(found, expected) else f"the value is {found!r}, expected {expected!r}"
    if np.shape(found) != np.shape(expected):
        return f"the shape is {np.shape(found)}, expected {np.shape(expected)}"
    wrong = np.argwhere(~np.isclose(found, expected, equal_nan=True))
    if len(wrong) == 0:
        return None
    place = tuple(int(i) for i in wrong[0])
    where = f" at {list(place)}" if place else ""
    values = f"{np.asarray(found)[place]:.8g}, expected {np.asarray(expected)[place]:.8g}"
    return f"the value{where} is {values} ({len(wrong)} of {np.size(expected)} differ)"
