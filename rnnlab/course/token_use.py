"""What became of the inserted tokens: at the trained net's output, in their vectors, and on the way back."""

import math
from collections.abc import Sequence
from dataclasses import replace

from rnnlab.course.cosines import direction
from rnnlab.course.evidence import PRESETS, WHERE, Course
from rnnlab.course.measure import Comparison, compare, shown
from rnnlab.course.question import Sentence, choose, differences, say
from rnnlab.course.tables import cell, over_seeds
from rnnlab.reports.blocks import Table

FOUND_IT = 0.9
"""A validation accuracy beyond what the texts' own words give, below what a token that is read gives."""
AT = {words.removeprefix("the "): position for position, words in WHERE.items()}


def stands(course: Course, preset: str) -> float:
    """Returns the relative position at which the token stands in the preset's texts, NaN if there is none."""
    return AT.get(course.first(preset).settings["insert"], math.nan)


def read_at_output(course: Course, preset: str) -> Sentence:
    """Returns the sentence on whether the trained net's output depends on which token stands in a text."""
    (first, second), positive = course.tokens, course.classes[1]
    shift = compare(course.position(preset, "probability_shift", stands(course, preset)), 0.0)
    asked = f"{_capital(PRESETS[preset])}, trained: {second} in place of {first}"
    if not shift.left.known:
        return Sentence(f"{asked}: what that does to the output is not known.")
    up = sum(value > 0 for value in shift.differences)
    low, high = (shown(extreme(shift.left.known), "size") for extreme in (min, max))
    return choose(
        shift,
        higher=f"{asked} raises the probability of {positive} by {shift.left}.",
        lower=f"{asked} lowers the probability of {positive} by {shift.left}, the wrong way.",
        same=f"{asked} changes the probability of {positive} by less than one in a million: nothing of the "
        "token is left at the output.",
        open=f"{asked} changes the probability of {positive} by {low} to {high}, upwards in {up} of "
        f"{len(shift.differences)} seeds; that it does in others is not shown.",
    )


def with_and_without(course: Course, preset: str) -> Sentence:
    """Returns the sentence that compares a trained net's accuracy with the token and without it."""
    accuracy = [course.position(preset, "accuracy", at) for at in (stands(course, preset), None)]
    subject = f"{_capital(PRESETS[preset])}: accuracy of the trained net on texts with their token"
    return say(subject, Comparison(*accuracy), "on the same texts without it")


def opposed(course: Course, preset: str) -> Sentence:
    """Returns the sentence on where the two tokens' vectors point, beside random ones."""
    first, second = course.tokens
    return direction(course, course.cosine(preset, first, second), first, f"{second} in {PRESETS[preset]}")


def lengths(course: Course, pair: tuple[str, str], subject: str) -> list[Sentence]:
    """Returns sentences that compare the lengths of both tokens' vectors in two runs."""
    sides = [
        (f"length of {token}'s vector", Comparison(*(course.length(preset, token) for preset in pair)))
        for token in course.tokens
    ]
    return differences(subject, sides, "greater", "smaller")


def named(preset: str, sentences: Sequence[Sentence]) -> list[Sentence]:
    """Returns sentences that say first which preset's nets they are about."""
    subject = _capital(PRESETS[preset])
    return [
        replace(one, text=f"{subject}: {one.text}") if one.claims or one.figures else one for one in sentences
    ]


def token_table(course: Course, presets: Sequence[str]) -> Table:
    """Returns what the trained nets make of the token where it stood in training, beside its vectors."""
    first, second = course.tokens
    rows = []
    for preset in presets:
        at = stands(course, preset)
        figures = [
            course.position(preset, "accuracy", at),
            course.position(preset, "accuracy", None),
            course.position(preset, "probability_shift", at),
            *(course.length(preset, token) for token in course.tokens),
        ]
        rows.append([preset, *map(cell, figures)])
    header = [
        "run",
        "accuracy with the token",
        "without it",
        f"change of the probability, {second} for {first}",
        *(f"length of {token}" for token in course.tokens),
    ]
    return Table(
        header,
        rows,
        f"What is left of the token at the output of the trained nets, {course.position_texts} validation "
        f"texts{over_seeds(course)}; of lengths median (lowest to highest)",
    )


def reaches(course: Course, preset: str, accuracy: float = FOUND_IT) -> Sentence:
    """Returns the sentence on whether and when validation accuracy first was at `accuracy` or above."""
    epoch = course.computed(
        preset,
        f"first epoch with a validation accuracy of {accuracy}",
        lambda run: float(run.metrics["epoch"][run.metrics["valid_acc"] >= accuracy].min()),
        "epoch",
    )
    got, epochs = len(epoch.known), course.epochs(preset)
    seeds = f"{got} of {course.seeds} seeds" if course.seeds > 1 else "its only seed"
    subject = f"{_capital(PRESETS[preset])}, reaches a validation accuracy of {accuracy}"
    if not got:
        return Sentence(f"{subject} in no seed within {epochs} epochs.", figures=(epoch,))
    return Sentence(f"{subject} in {seeds}, first after epoch {epoch} of {epochs}.", figures=(epoch,))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
