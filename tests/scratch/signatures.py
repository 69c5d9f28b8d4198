"""Calls a function of a notation in every way that its contract allows."""

import inspect

import numpy as np


def check_signature(function, contract):
    """The positional arguments, in order and with their defaults; what goes beyond them is keyword-only."""
    parameters = inspect.signature(function).parameters.values()
    given = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD and p.name != "self"]
    assert {p.kind for p in parameters} <= {
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.KEYWORD_ONLY,
    }
    written = []
    for p in given:
        default = p.default.__name__ if callable(p.default) else repr(p.default)
        written.append(p.name if p.default is p.empty else f"{p.name}={default}")
    assert ", ".join(written) == contract


def by_position_and_by_keyword(function, *arguments):
    """Returns what the call by position gives, having seen that the call by keyword gives the same."""
    names = [
        p.name for p in inspect.signature(function).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD
    ]
    result = function(*arguments)
    same(function(**dict(zip(names, arguments, strict=False))), result)
    return result


def same(found, expected):
    """The same types, all the way down, and the same numbers."""
    assert type(found) is type(expected)
    if isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            same(one, other)
    else:
        np.testing.assert_array_equal(found, expected)


def close(found, expected, atol=1e-12):
    """Arrays of the same shape with the same numbers, which are not all zero; None where None is expected."""
    if expected is None:
        assert found is None
        return
    expected = np.asarray(expected.detach() if hasattr(expected, "detach") else expected)
    assert np.shape(found) == expected.shape
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol)
