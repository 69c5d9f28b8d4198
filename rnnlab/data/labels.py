"""The labels of texts: which classes they make, in which order, and the token that stands for each.

A label is a short text: `pos`, `3`, `sports`. The classes are the labels of the training texts, numbers by
their value and then names by the alphabet. Where all labels mean negative or positive (neg/pos,
negative/positive, 0/1, whatever their case), the classes are `neg` and `pos`.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.data.open_file import quote

NEG_POS = ("neg", "pos")
MEANINGS = {"neg": "neg", "negative": "neg", "0": "neg", "pos": "pos", "positive": "pos", "1": "pos"}
LONGEST = 60  # characters
FEW = 50  # labels that may well stand at one text each
SHOWN = 10  # labels named in a message
MISSPELT = 0.8  # similarity to `negative` or `positive`, 0 to 1
INSERTED_AT = {"start": 0.0, "middle": 0.5, "end": 1.0}
"""Where a class's token stands in a text: before which share of its words."""
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)


def read_label(cell: str, source: str) -> str:
    """Returns a label as it stands, white space within it as single spaces.

    Raises InputError, naming its place, for one that is empty, long or not printable.
    """
    label = " ".join(cell.split())
    if not label:
        raise InputError(f"{source}: has no label")
    if len(label) > LONGEST:
        found = f"{len(label):,} characters, {quote(label)}"
        raise InputError(f"{source}: expected a label of at most {LONGEST} characters, found {found}")
    if not label.isprintable():
        raise InputError(f"{source}: unknown label {quote(label)}; expected one that can be printed")
    return label


def classes_of(labels: Iterable[str]) -> tuple[str, ...]:
    """Returns the classes that labels make, in the order of their numbers."""
    distinct = set(labels)
    if distinct and all(label.casefold() in MEANINGS for label in distinct):
        return NEG_POS
    return in_order(distinct)


def in_order(labels: Iterable[str]) -> tuple[str, ...]:
    """Returns distinct labels, numbers by their value and then names by the alphabet."""
    return tuple(sorted(set(labels), key=_order))


def class_number(label: str, source: str, classes: Sequence[str]) -> int:
    """Returns a label's number among the classes; raises InputError, naming its place, if it is none."""
    if is_label(label, classes):
        return tuple(classes).index(_class_name(label, classes))
    raise InputError(f"{source}: {unknown_label(label, classes)}")


def class_numbers(labels: Iterable[str], classes: Sequence[str]) -> dict[str, int]:
    """Returns the number of every label that is one of the classes."""
    known = {name: number for number, name in enumerate(classes)}
    found = {label: known.get(_class_name(label, classes)) for label in labels}
    return {label: number for label, number in found.items() if number is not None}


def unknown_label(label: str, classes: Sequence[str]) -> str:
    """Returns what to say of a label that is none of the classes."""
    words = [word for word in MEANINGS if word.isalpha()] if tuple(classes) == NEG_POS else classes
    hint = did_you_mean(label, words)
    return f"unknown label {quote(label)}; expected {expected(classes)}{hint}"


def is_label(text: str, classes: Sequence[str]) -> bool:
    """Returns whether a text is the label of one of the classes."""
    return _class_name(" ".join(text.split()), classes) in classes


def expected(classes: Sequence[str]) -> str:
    """Returns which labels there may be, in words."""
    if tuple(classes) == NEG_POS:
        return "neg/pos, negative/positive or 0/1"
    return f"one of the training texts' {named(classes)}"


def named(labels: Sequence[str]) -> str:
    """Returns the labels in a row, of many the first ones."""
    more = f" and {len(labels) - SHOWN:,} more" if len(labels) > SHOWN else ""
    return ", ".join(labels[:SHOWN]) + more


def class_token(label: str) -> str:
    """Returns the token that stands for a class in its texts, `<newLABEL>`, white space as `_`."""
    return f"<new{label.replace(' ', '_')}>"


def is_class_token(word: str) -> bool:
    """Returns whether a word is written as the token of a class is."""
    return word.startswith("<new") and word.endswith(">") and len(word) > len("<new>")


def wrong_labels(first: Mapping[str, str]) -> dict[str, str]:
    """Returns the labels that cannot be meant, and why.

    That is one that looks like a misspelt `negative` or `positive` among labels that are all of those, or
    one of two spellings of a label: `Ham` beside `ham`, `1.0` beside `1`. first: the distinct labels in the
    order of their first use, and where that is.
    """
    others = [label for label in first if label.casefold() not in MEANINGS]
    if not others:
        return {}
    if len(others) < len(first) and all(map(_looks_misspelt, others)):
        hints = {label: did_you_mean(label.casefold(), ["negative", "positive"]) for label in others}
        return {
            label: f"unknown label {quote(label)}; expected {expected(NEG_POS)}{hint}"
            for label, hint in hints.items()
        }
    usual: dict[object, str] = {}
    for label in first:
        usual.setdefault(_spelling(label), label)
    spelled = {label: usual[_spelling(label)] for label in first}
    return {
        label: f"label {quote(label)} is spelled {quote(before)} in {first[before]}; expected one spelling"
        for label, before in spelled.items()
        if label != before
    }


def too_many(classes: Sequence[str], texts: int) -> str:
    """Returns why so many labels of so many texts cannot be meant; nothing where they can."""
    if len(classes) <= max(FEW, texts // 2):
        return ""
    return f"{len(classes):,} labels in {texts:,} texts; expected a few labels, each of many texts"


def _class_name(label: str, classes: Sequence[str]) -> str:
    return MEANINGS.get(label.casefold(), label) if tuple(classes) == NEG_POS else label


def _order(label: str) -> tuple[bool, Decimal, str, str]:
    number = _NUMBER.fullmatch(label)
    return (not number, Decimal(label) if number else Decimal(0), label.casefold(), label)


def _spelling(label: str) -> object:
    """Returns what is the same for all spellings of a label."""
    if _NUMBER.fullmatch(label):
        return Decimal(label)
    folded = unicodedata.normalize("NFKC", label).casefold().replace(" ", "_")
    return MEANINGS.get(folded, folded)


def _looks_misspelt(label: str) -> bool:
    names = ["negative", "positive"]
    return label.isalpha() and bool(difflib.get_close_matches(label.casefold(), names, cutoff=MISSPELT))
