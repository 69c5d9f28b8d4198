"""What reaches an inserted token in training, and what of it reaches the output of a trained net."""

import math

from rnnlab.course.cosines import WORDS, beyond_chance, direction
from rnnlab.course.evidence import Course, read
from rnnlab.course.measure import Measured, Source, compare
from rnnlab.course.question import Sentence, choose, say
from rnnlab.course.tables import cell, over_seeds
from rnnlab.reports.blocks import Table
from rnnlab.runs import files

PLACES = {"start": 0.0, "middle": 0.5, "end": 1.0}
"""Where positions.csv has what `insert` calls so."""
WHERE = {"start": "at the start", "middle": "in the middle", "end": "at the end"}


def fading(course: Course, preset: str, position: str, *, trained: bool = False) -> Sentence:
    """Returns which part of the gradient at the end reaches a token at another position."""
    ratio = course.gradient(preset, position, "ratio_to_end", trained=trained)
    claim = compare(ratio, 1.0, "as much as at the end")
    subject = f"In the {'trained' if trained else 'untrained'} net ({preset}) the gradient at the tokens,"
    place = f"with them {WHERE[position]} of the texts, is {ratio} times that with them at the end"
    return choose(
        claim,
        lower=f"{subject} {place}: less is told there.",
        higher=f"{subject} {place}: more is told there.",
        open=f"{subject} {place}: no difference shown.",
    )


def stronger(course: Course, preset: str, position: str, other: str) -> list[Sentence]:
    """Returns how each token's gradient compares at two positions, in the untrained net."""
    return [
        say(
            f"In the untrained net the gradient norm for {token}, {WHERE[position]},",
            compare(course.gradient(preset, position, column), course.gradient(preset, other, column)),
            WHERE[other],
            "larger",
            "smaller",
        )
        for token, column in norms(course)
    ]


def order(course: Course, preset: str) -> Sentence:
    """Returns whether the untrained net's gradients are ordered by position, those at the end the largest."""
    steps = (("end", "middle"), ("middle", "start"))
    claims = [
        compare(course.gradient(preset, near, column), course.gradient(preset, far, column))
        for near, far in steps
        for _, column in norms(course)
    ]
    verdicts = {claim.verdict for claim in claims}
    ends = {"higher": ("end", "start"), "lower": ("start", "end")}.get(verdicts.pop())
    if verdicts or ends is None:
        return Sentence("The gradients at the tokens are not shown to be ordered by position.", claims)
    return Sentence(
        f"The gradient at the tokens is largest at the {ends[0]} of the texts, smaller in the middle, and "
        f"smallest at the {ends[1]}.",
        claims,
    )


def opposed(course: Course, preset: str) -> Sentence:
    """Returns at which positions the two tokens' gradients point opposite ways, in the untrained net."""
    claims = {
        position: beyond_chance(course, course.gradient(preset, position, "cosine")) for position in PLACES
    }
    apart = [
        WHERE[position]
        for position, claim in claims.items()
        if claim.verdict == "lower" and claim.left.middle < 0
    ]
    rest = [where for where in WHERE.values() if where not in apart]
    if not apart:
        text = "are at no position shown to point opposite ways, beyond chance."
    else:
        text = f"point opposite ways, beyond chance, {' and '.join(apart)}"
        text += f"; they are not shown to do so {' or '.join(rest)}." if rest else "."
    return Sentence(f"The gradients of the two tokens {text}", list(claims.values()))


def related(course: Course, preset: str, position: str, *, trained: bool = False) -> Sentence:
    """Returns how the gradients of the two tokens relate at a position."""
    first, second = course.tokens
    net = "trained" if trained else "untrained"
    cosine = course.gradient(preset, position, "cosine", trained=trained)
    return direction(
        course, cosine, f"the gradients for {first}", f"{second}, {WHERE[position]} in the {net} net,"
    )


def norms(course: Course) -> list[tuple[str, str]]:
    """Returns each token with its column in the gradient tables."""
    return [(token, f"{token[1:-1]}_norm") for token in course.tokens]


def half_life(course: Course, preset: str) -> Sentence:
    """Returns in how many steps back the gradient halves in the untrained net."""
    figure = course.half_life(preset, 0)
    if not figure.known:
        return Sentence(f"How fast the gradient fades in the untrained net ({preset}) is not known.")
    return Sentence(
        f"In the untrained net ({preset}) the gradient falls to a half in every {figure} steps back from the "
        "end of a text.",
        figures=(figure,),
    )


def half_life_after(course: Course, preset: str) -> Sentence:
    """Returns what the half-life of the gradient becomes in training."""
    return say(
        f"In the trained net ({preset}) the half-life of the gradient, in steps back from the end,",
        compare(course.half_life(preset), course.half_life(preset, 0)),
        "in the untrained one",
        "longer",
        "shorter",
    )


def shift(course: Course, preset: str, position: str, column: str = "logit_shift") -> Measured:
    """Returns how far the trained net's logit moves when the one token is put for the other.

    column: `newneg_shift` for that token instead of none.
    """
    source = Source(files.POSITIONS, column, (("position", PLACES[position]),))
    what = f"size of the logit's shift, token {WHERE[position]}"
    return course.computed(preset, what, lambda run: abs(read(run, source)), "size")


def word_of_zeros(course: Course, preset: str, position: str) -> Sentence:
    """Returns how far one more word, the first token, moves the output."""
    token = course.tokens[0]
    here, there = (shift(course, preset, place, f"{token[1:-1]}_shift") for place in (position, "end"))
    return say(
        f"In the trained net ({preset}) the mean shift of the logit by one more word, {token}, "
        f"{WHERE[position]},",
        compare(here, there),
        "by the same word at the end",
        "larger",
        "smaller",
    )


def heard(course: Course, preset: str, position: str) -> Sentence:
    """Returns how far the output hears the token where it stood in training, beside the run `end`."""
    return say(
        f"In the trained net ({preset}) the mean shift of the logit when one token is put for the other, "
        f"{WHERE[position]},",
        compare(shift(course, preset, position), shift(course, "end", "end")),
        "that in the net of the run with the token at the end",
        "larger",
        "smaller",
    )


def lengths(course: Course, preset: str) -> list[Sentence]:
    """Returns how long the tokens' vectors are beside that of a word."""
    word = next((word for word in WORDS if course.length(preset, word).known), None)
    own = [(token, course.length(preset, token)) for token in course.tokens]
    if word is None:
        text = ", ".join(f"{token}: {length}" for token, length in own)
        return [Sentence(f"The lengths of the tokens' vectors are {text}.", figures=[one for _, one in own])]
    other = course.length(preset, word)
    return [
        say(f"The vector of {token}", compare(length, other), f"that of {word}, a word", "longer", "shorter")
        for token, length in own
    ]


def positions(course: Course, presets: list[str]) -> Table:
    """Returns what the trained nets make of a token at every position."""
    table = course.first(presets[0]).table(files.POSITIONS)
    found = [] if table is None else [float(place) for place in table["position"].dropna()]
    rows = []
    for place in [math.nan, *found]:
        row = ["no token" if math.isnan(place) else f"{place:g}"]
        for preset in presets:
            row.append(cell(course.position(preset, "accuracy", None if math.isnan(place) else place)))
            row.append("" if math.isnan(place) else cell(_signed(course, preset, place)))
        rows.append(row)
    header = ["token at", *(f"{preset}: {what}" for preset in presets for what in ("accuracy", "shift"))]
    first, second = course.tokens
    caption = (
        "Trained nets, a sample of the validation texts with the token of their class at a relative "
        f"position (0 before the first word, 1 after the last); shift: logit with {second} less that with "
        f"{first}, in nats"
    )
    return Table(header, rows, caption + over_seeds(course))


def _signed(course: Course, preset: str, place: float) -> Measured:
    source = Source(files.POSITIONS, "logit_shift", (("position", place),))
    return course.at(preset, source, "shift of the logit", "size")
