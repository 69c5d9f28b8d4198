"""Minimal pairs: two texts that differ in one respect, and whether a net puts them in the right order."""

import csv
import io
import itertools
import string
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.core.intervals import wilson
from rnnlab.core.metrics import class_probabilities
from rnnlab.data.encoded_text import EncodedText
from rnnlab.data.labels import named
from rnnlab.data.open_file import quote, read_whole, show_path
from rnnlab.models.base import SequenceModel
from rnnlab.probes.prediction import logits

TIE = 1e-6
"""Logits at most this far apart are a tie: a net trained in float32 cannot tell them apart itself."""
COLUMNS = ("positive", "negative")

Encode = Callable[[Sequence[str], Sequence[str]], list[EncodedText]]


class Pair(NamedTuple):
    """Two texts, and where they stand (`pairs.csv, line 3`)."""

    first: str
    second: str
    place: str


@dataclass(frozen=True)
class Suite:
    """Pairs of one kind; `asks` is its question in one line.

    ordered: whether `first` is the more positive text of each pair. If not, the two say the same, neither
    order is right, and what is measured is how far the probability moves.
    """

    name: str
    asks: str
    ordered: bool
    pairs: list[Pair]


def built_in_suites() -> list[Suite]:
    """Returns the suites of `suites.toml`, each template filled with every combination of its words."""
    text = resources.files("rnnlab.probes").joinpath("suites.toml").read_text(encoding="utf-8")
    values = tomllib.loads(text)
    suites = []
    for entry in values["suite"]:
        filled = [
            texts
            for templates in zip(entry["first"], entry["second"], strict=True)
            for texts in _fill(templates, values["words"])
        ]
        pairs = [Pair(*texts, f"{entry['name']}, pair {n}") for n, texts in enumerate(filled, start=1)]
        suites.append(Suite(entry["name"], entry["asks"], entry["ordered"], pairs))
    return suites


def _fill(templates: tuple[str, str], words: dict[str, list[str]]) -> list[tuple[str, str]]:
    slots = sorted({name for _, name, _, _ in string.Formatter().parse("".join(templates)) if name})
    choices = (
        dict(zip(slots, chosen, strict=True)) for chosen in itertools.product(*(words[s] for s in slots))
    )
    return [(templates[0].format(**choice), templates[1].format(**choice)) for choice in choices]


def chosen_suites(names: Sequence[str]) -> list[Suite]:
    """Returns the built-in suites of those names, all for none; raises InputError for a name unknown."""
    suites = {suite.name: suite for suite in built_in_suites()}
    for name in names:
        if name not in suites:
            known = ", ".join(suites)
            raise InputError(f"--suite {name!r} is not one of {known}{did_you_mean(name, suites)}")
    return [suites[name] for name in names or suites]


def read_suite(path: Path) -> Suite:
    """Returns the pairs of a CSV with the columns `positive` and `negative`; others are passed over.

    Raises InputError naming file and line for a column that is missing, a row of another length, a text
    that is not UTF-8, a broken quote, or a file without pairs.
    """
    name = show_path(path)
    content = read_whole(path)
    try:
        lines = io.StringIO(content.decode("utf-8-sig"), newline="")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name}: not UTF-8 (0x{content[error.start]:02x} at byte {error.start + 1})"
        ) from None
    # Strict, or a quote that is never closed would swallow the rest of the file unseen.
    reader = csv.reader(lines, strict=True)
    try:
        header = [column.strip().lower() for column in next(reader, [])]
        at = [_column(header, column, name) for column in COLUMNS]
        pairs = []
        for row in reader:
            place = f"{name}, line {reader.line_num}"
            if row and len(row) != len(header):
                raise InputError(f"{place}: expected {len(header)} fields, found {len(row)}")
            if row:
                pairs.append(Pair(row[at[0]], row[at[1]], place))
    except csv.Error as error:
        raise InputError(f"{name}, line {reader.line_num}: not a CSV row ({error})") from None
    if not pairs:
        raise InputError(f"{name}: holds no pairs")
    return Suite(path.stem, f"the pairs of {name}", True, pairs)


def _column(header: list[str], column: str, name: str) -> int:
    if header.count(column) != 1:
        problem = "more than one" if column in header else "no"
        expected = " and ".join(COLUMNS)
        raise InputError(
            f"{name}, line 1: {problem} column {column} in the header; expected {expected}, "
            f"found {quote(', '.join(header))}"
        )
    return header.index(column)


def positive_and_negative(
    classes: Sequence[str], positive: str | None = None, negative: str | None = None
) -> tuple[int, int]:
    """Returns the numbers of the classes that count as positive and as negative.

    positive, negative: their labels, by default those that are called so. Raises InputError if there are
    none.
    """
    numbers = []
    for option, label, names in (
        ("positive", positive, ("pos", "positive")),
        ("negative", negative, ("neg", "negative")),
    ):
        found = [
            number
            for number, name in enumerate(classes)
            if (name == label if label is not None else name.casefold() in names)
        ]
        if len(found) != 1:
            why = "no label is called so" if label is None else f"{quote(label)} is no label of the run"
            hint = "" if label is None else did_you_mean(label, classes)
            raise InputError(f"--{option}: {why}; expected one of {named(classes)}{hint}")
        numbers += found
    if numbers[0] == numbers[1]:
        raise InputError(f"--negative: expected another label than --positive, {quote(classes[numbers[0]])}")
    return numbers[0], numbers[1]


def judge(
    suite: Suite,
    encode: Encode,
    model: SequenceModel,
    *,
    positive: int = 1,
    negative: int = 0,
    device: str,
) -> pd.DataFrame:
    """Returns a row per pair: its texts, the probability of being positive for each, and the outcome.

    positive, negative: the numbers of the classes that count as such; difference: the first text's logit,
    ln p(positive) / p(negative), less the second's; outcome: `tie` (see TIE), else `right` or
    `wrong`, or `moved` in a suite that has no right order; same_words: whether only the order of the words
    differs; unknown: the words that the net does not know.
    """
    first, second = (
        encode([pair[side] for pair in suite.pairs], [pair.place for pair in suite.pairs]) for side in (0, 1)
    )
    both = logits(model, [*first, *second], device=device)
    of_first, of_second = np.split(_preference(both, positive, negative), 2)
    difference = of_first - of_second
    chances = class_probabilities(both)[:, positive]
    outcome = np.where(difference > 0, "right", "wrong") if suite.ordered else np.full(len(first), "moved")
    return pd.DataFrame(
        {
            "suite": suite.name,
            "first": [text.text for text in first],
            "second": [text.text for text in second],
            "first_probability": chances[: len(first)],
            "second_probability": chances[len(first) :],
            "difference": difference,
            "outcome": np.where(np.abs(difference) <= TIE, "tie", outcome),
            "same_words": [sorted(a.tokens) == sorted(b.tokens) for a, b in zip(first, second, strict=True)],
            "unknown": [
                " ".join(dict.fromkeys([*a.unknown, *b.unknown])) for a, b in zip(first, second, strict=True)
            ],
        }
    )


def _preference(of_texts: NDArray[np.float64], positive: int, negative: int) -> NDArray[np.float64]:
    """Returns ln p(positive) / p(negative) of logits (texts, outputs)."""
    if of_texts.shape[1] == 1:
        return of_texts[:, 0] * (positive - negative)
    return of_texts[:, positive] - of_texts[:, negative]


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """Returns a row per suite of `judge`'s rows.

    share: of the pairs that are not ties, those in the right order, with its Wilson interval from low to
    high; NaN where none is decided or no order is right. shift: mean of |p(first) − p(second)| over pairs.
    """
    return pd.DataFrame([_summary(str(name), group) for name, group in rows.groupby("suite", sort=False)])


def _summary(name: str, rows: pd.DataFrame) -> dict[str, Any]:
    right, wrong, ties = (int((rows["outcome"] == outcome).sum()) for outcome in ("right", "wrong", "tie"))
    low, high = wilson(right, right + wrong)
    return {
        "suite": name,
        "pairs": len(rows),
        "same_words": int(rows["same_words"].sum()),
        "ties": ties,
        "right": right,
        "wrong": wrong,
        "share": right / (right + wrong) if right + wrong else float("nan"),
        "low": low,
        "high": high,
        "shift": float((rows["first_probability"] - rows["second_probability"]).abs().mean()),
    }
