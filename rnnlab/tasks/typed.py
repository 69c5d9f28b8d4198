"""Sequences that a person types for a task that draws its examples: numbers, or symbols of an alphabet."""

import math
import re

from rnnlab.core.errors import InputError
from rnnlab.data.open_file import quote

BETWEEN = re.compile(r"[\s,]+")


def words_of(text: str, place: str, expected: str) -> list[str]:
    """Returns what stands between spaces and commas; raises InputError for nothing."""
    found = [word for word in BETWEEN.split(text) if word]
    if not found:
        raise InputError(f"{place}: expected {expected}, found nothing")
    return found


def number(word: str, place: str, low: float, high: float) -> float:
    """Returns a number from `low` to `high`; raises InputError for anything else."""
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise InputError(f"{place}: expected numbers from {low:g} to {high:g}, found {quote(word)}")
    return value


def symbols(text: str, place: str, count: int, expected: str) -> list[int]:
    """Returns symbols 0 to count − 1, with spaces or commas between; of up to ten, digits in a row, too.

    expected: what errors ask for.
    """
    words = words_of(text, place, expected)
    if count <= 10 and len(words) == 1:
        words = list(words[0])
    for word in words:
        if not (word.isascii() and word.isdigit() and int(word) < count):
            raise InputError(f"{place}: expected {expected}, each 0 to {count - 1}, found {quote(word)}")
    return [int(word) for word in words]
