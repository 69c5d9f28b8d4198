"""Signs that the vectors of one run are better or worse than those of another, by fixed criteria."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from rnnlab.course.activity2.reach import shift
from rnnlab.course.cosines import WORDS, chance
from rnnlab.course.evidence import Course
from rnnlab.course.measure import Comparison, Measured, Verdict, compare, shown
from rnnlab.course.question import Sentence
from rnnlab.course.tables import cell
from rnnlab.reports.blocks import Table


class Sign(NamedTuple):
    """A criterion: a figure of one run beside that of the other, and on which side of it is better."""

    what: str
    wanted: str
    claim: Comparison
    better: Verdict
    note: str = ""

    @property
    def says(self) -> str:
        """`better`, `worse`, `same`, or `not shown`."""
        verdict = self.claim.verdict
        if verdict in ("open", "same"):
            return {"open": "not shown", "same": "same"}[verdict]
        return "better" if verdict == self.better else "worse"

    @property
    def towards(self) -> float:
        """How far the mean lies on the better side, in half widths of its interval."""
        claim = self.claim
        if not claim.differences:
            return 0.0
        low, high = claim.interval or (claim.mean - 1, claim.mean + 1)
        return claim.mean / ((high - low) / 2 or 1) * (1 if self.better == "higher" else -1)


def signs(course: Course, preset: str, other: str) -> list[Sign]:
    """Returns all criteria: tokens apart, long, heard at the output, near the word of their class."""
    first, second = course.tokens

    def both(figure: Callable[[str], Measured]) -> Comparison:
        return compare(figure(preset), figure(other))

    found = [
        Sign(
            f"cosine of {first} and {second}",
            "lower: opposite classes",
            both(lambda run: course.cosine(run, first, second)),
            "lower",
        )
    ]
    found += [
        Sign(
            f"length of {token}",
            "higher: more learned",
            compare(course.length(preset, token), course.length(other, token)),
            "higher",
        )
        for token in (first, second)
    ]
    found.append(
        Sign(
            "shift of the output by putting one token for the other",
            "higher: more used",
            both(lambda run: replace(shift(course, run, run), unit="number")),  # below 1e-6 none is heard
            "higher",
        )
    )
    for token, own in zip((first, second), WORDS, strict=True):
        for word in WORDS:
            better: Verdict = "higher" if word == own else "lower"
            meaning = "its class's word" if word == own else "the other class's word"
            claim = compare(course.cosine(preset, token, word), course.cosine(other, token, word))
            found.append(
                Sign(
                    f"cosine of {token} and {word}",
                    f"{better}: {meaning}",
                    claim,
                    better,
                    _as_random(course, claim),
                )
            )
    return found


def _as_random(course: Course, claim: Comparison) -> str:
    """Returns what weakens a sign: both cosines, as means over seeds, are no larger than chance's."""
    if all(abs(side.middle) < chance(course) for side in (claim.left, claim.right)):
        return f"; both within ±{shown(chance(course), 'cosine')}, where those of random vectors are"
    return ""


def better_and_worse(every_sign: Sequence[Sign], here: str, there: str) -> list[Sentence]:
    """Returns one sign of each kind; where none is shown, the one that comes nearest to it, as such."""
    sentences = []
    for kind, direction in (("better", 1), ("worse", -1)):
        shown = [sign for sign in every_sign if sign.says == kind]
        towards = [sign for sign in every_sign if sign.towards * direction > 0]
        if shown:
            sign, how = shown[0], f"A sign that the vectors {here} are {kind} than {there}"
            text = f"{how}: {sign.what} ({sign.wanted}), {sign.claim}{sign.note}."
        elif towards:
            sign = max(towards, key=lambda one: one.towards * direction)
            text = (
                f"No sign shows that the vectors {here} are {kind} than {there}. What comes nearest, and is "
                f"not decided: {sign.what} ({sign.wanted}), {sign.claim}{sign.note}."
            )
        else:
            sentences.append(Sentence(f"No sign points to vectors that are {kind} {here} than {there}."))
            continue
        sentences.append(Sentence(text, (sign.claim,)))
    return [*sentences, _altogether(every_sign)]


def _altogether(every_sign: Sequence[Sign]) -> Sentence:
    counts = {kind: sum(sign.says == kind for sign in every_sign) for kind in ("better", "worse")}
    rest = len(every_sign) - sum(counts.values())
    mixed = {
        (True, True): "The signs are mixed",
        (True, False): "No sign is shown on the other side",
        (False, True): "No sign is shown on the better side",
        (False, False): "No sign is decided",
    }[counts["better"] > 0, counts["worse"] > 0]
    several = max(len(sign.claim.left.values) for sign in every_sign) > 1
    by_chance = " Chance alone would decide one in 20." if several else ""
    return Sentence(
        f"{mixed}: of {len(every_sign)} signs {counts['better']} say better, {counts['worse']} worse; of "
        f"{rest} no difference is shown.{by_chance}",
        [sign.claim for sign in every_sign],
    )


def table(every_sign: Sequence[Sign], here: str, there: str) -> Table:
    """Returns what every sign says."""
    rows = [
        [sign.what, sign.says, cell(sign.claim.left), cell(sign.claim.right), sign.wanted]
        for sign in every_sign
    ]
    return Table(["sign", "says", here, there, "what is better"], rows, f"Vectors of {here} beside {there}")
