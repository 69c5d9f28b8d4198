"""Writes reviews from the word lists and sentence patterns beside this file.

Every sentence is written in two versions, as a positive and as a negative review would have it. A
neutral sentence is the same in both; in a verdict the words of praise and blame differ; in a contrast
(`I {-verb} it at first, but I {+verb} it in the end`) the same two words change places.
"""

import re
import tomllib
from importlib import resources
from typing import Literal, NamedTuple

import numpy as np

Kind = Literal["plain", "negated", "contrast"]

_SLOT = re.compile(r"\{([^{}+-][^{}]*)\}")
_SIGNED_SLOT = re.compile(r"\{([+-])([a-z]+)(\d?)\}")
_NEEDS_AN = re.compile(r"\ba (?=(?!uni|uku)[aeiou]|hour)", re.IGNORECASE)
_SENTENCE_START = re.compile(r"(?:^|(?<=[.!?] ))[a-z]")
_PRONOUN = re.compile(r"\bi\b")


class Versions(NamedTuple):
    """The same text as a positive and as a negative review has it."""

    pos: str
    neg: str


class Grammar:
    """Draws sentences and whole reviews; all randomness comes from `rng`."""

    def __init__(self, rng: np.random.Generator) -> None:
        words, sentences = _load("words.toml", ","), _load("sentences.toml", "\n")
        self.rng = rng
        self.neutral = words["neutral"] | sentences["neutral"]
        self.good = words["good"] | sentences["good"]
        self.bad = words["bad"] | sentences["bad"]
        self.verdicts = {kind: sentences[kind]["verdict"] for kind in ("plain", "negated", "contrast")}
        self.used: set[str] = set()

    def review(self, kind: Kind) -> Versions:
        """Writes one review: neutral sentences, the verdict, and perhaps a neutral end."""
        self.used.clear()
        topics = ["plot", "cast", "music", "look", "visit", "context"]
        count = self.rng.integers(1, 3 if kind == "plain" else 4)
        chosen = [topics[i] for i in sorted(self.rng.permutation(len(topics))[:count])]
        patterns = [self._pick(self.neutral[topic]) for topic in chosen]
        patterns += self._verdict(kind)
        if self.rng.integers(3) > 0:
            patterns.append(self._pick(self.neutral["closing"]))
        sentences = [self._versions(pattern) for pattern in patterns]
        return Versions(*(_typeset(" ".join(version)) for version in zip(*sentences, strict=True)))

    def _verdict(self, kind: Kind) -> list[str]:
        count = self.rng.integers(2, 4) if kind == "plain" else 1
        return [self._pick(self.verdicts[kind]) for _ in range(count)]

    def _versions(self, pattern: str) -> Versions:
        text = self._fill(pattern)
        slots = sorted({(name, number) for _, name, number in _SIGNED_SLOT.findall(text)})
        good = {slot: self._pick(self.good[slot[0]]) for slot in slots}
        bad = {slot: self._pick(self.bad[slot[0]]) for slot in slots}

        def written(plus: dict[tuple[str, str], str], minus: dict[tuple[str, str], str]) -> str:
            return _SIGNED_SLOT.sub(lambda m: (plus if m[1] == "+" else minus)[m[2], m[3]], text)

        return Versions(pos=written(good, bad), neg=written(bad, good))

    def _fill(self, pattern: str) -> str:
        return _SLOT.sub(lambda match: self._fill(self._pick(self._options(match[1]))), pattern)

    def _options(self, slot: str) -> list[str]:
        return slot.split("|") if "|" in slot else self.neutral[slot]

    def _pick(self, options: list[str]) -> str:
        """Draws one option, none twice in a review while others are left."""
        fresh = [option for option in options if option not in self.used] or options
        choice = fresh[self.rng.integers(len(fresh))]
        self.used.add(choice)
        return choice


def _load(name: str, separator: str) -> dict[str, dict[str, list[str]]]:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return {
        group: {
            key: [" ".join(entry.split()) for entry in value.strip().split(separator)]
            for key, value in lists.items()
        }
        for group, lists in tomllib.loads(text).items()
    }


def _typeset(text: str) -> str:
    text = _NEEDS_AN.sub(lambda match: match[0].rstrip() + "n ", text)
    text = _PRONOUN.sub("I", text)
    return _SENTENCE_START.sub(lambda match: match[0].upper(), text)
