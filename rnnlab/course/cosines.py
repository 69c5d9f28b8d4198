"""What may be said of the cosine of two word vectors, beside those that random vectors have."""

import math
from collections.abc import Sequence

from rnnlab.course.evidence import Course
from rnnlab.course.measure import Comparison, Measured, compare, shown
from rnnlab.course.question import Sentence, choose
from rnnlab.reports.blocks import Table

WORDS = ("boring", "outstanding")
"""A word of either class, that of the positive one last."""
REACH = 1.96  # standard deviations, within which 95 of 100 values of a normal distribution lie


def chance(course: Course) -> float:
    """Returns below which size the cosine of two random vectors is in 95 of 100 pairs."""
    return REACH * course.random_cosine


def beyond_chance(course: Course, cosine: Measured) -> Comparison:
    """Returns a cosine beside the bound of chance on its side of zero."""
    bound = math.copysign(chance(course), cosine.middle)
    return compare(cosine, bound, "what random vectors have")


def direction(course: Course, cosine: Measured, one: str, other: str) -> Sentence:
    """Returns the sentence on where two vectors point: the same way, opposite ways, or as chance has it."""
    if not cosine.known:
        return Sentence(f"{one} and {other} have no cosine: one is a vector of zeros, or is not known.")
    claim, bound = beyond_chance(course, cosine), chance(course)
    scale = f"(±{shown(bound, 'cosine')} holds 95 of 100 pairs of random vectors)"
    below, number = cosine.middle < 0, len(cosine.known)
    within = "no further from zero than those of random vectors"
    side = {
        "lower": "below what random vectors have" if below else within,
        "higher": within if below else "above what random vectors have",
    }.get(claim.verdict)
    if side is None:
        out = sum(abs(value) > bound for value in cosine.known)
        side = f"beyond what random vectors have in {out} of {number} seeds, which does not decide it"
    return Sentence(f"The cosine of {one} and {other} is {cosine}, {side} {scale}.", (claim,))


def sign(cosine: Measured) -> Sentence:
    """Returns the sentence on a cosine's sign, which all seeds have or not."""
    claim = compare(cosine, 0.0, "zero")
    below, number = sum(value < 0 for value in cosine.known), len(cosine.known)
    counted = f"(negative in {below} of {number} seeds)" if number > 1 else f"({cosine})"
    return choose(
        claim,
        higher=f"Its sign is positive {counted}: they point more the same way than not.",
        lower=f"Its sign is negative {counted}: they point more apart than together.",
        open=f"No sign is shown {counted}.",
    )


def meanings(course: Course, preset: str) -> list[Sentence]:
    """Returns whether each token lies nearer to the word of its class, and what chance would say to that."""
    cosines = {(token, word): course.cosine(preset, token, word) for token in course.tokens for word in WORDS}
    missing = [word for word in WORDS if not any(cosines[token, word].known for token in course.tokens)]
    if missing:
        return [
            Sentence(
                f"There is no cosine with {' and '.join(missing)}: the nets do not know the word, or the "
                "tokens' vectors are zeros."
            )
        ]
    pulls = [pull(course, preset, token) for token in course.tokens]
    return [*pulls, all_four(course, preset), _sensible(pulls, beyond(course, preset))]


def pull(course: Course, preset: str, token: str) -> Sentence:
    """Returns whether a token is nearer to the word of its class than to the other."""
    first = token == course.tokens[0]
    own, other = WORDS if first else WORDS[::-1]
    claim = compare(course.cosine(preset, token, own), course.cosine(preset, token, other))
    return choose(
        claim,
        higher=f"{token} is nearer to {own} than to {other}, as its class would have it: cosines {claim}.",
        lower=f"{token} is nearer to {other} than to {own}, against its class: cosines {claim}.",
        same=f"{token} is as near to {own} as to {other}: cosines {claim}.",
        open=f"{token} is not shown to be nearer to {own} or to {other}: cosines {claim}.",
    )


def by_seed(course: Course, preset: str) -> Table:
    """Returns each token's cosines with the two words, seed by seed."""
    pairs = [(token, word) for token in course.tokens for word in WORDS]
    rows = []
    for token, word in pairs:
        values = course.cosine(preset, token, word).values
        cells = ["" if math.isnan(value) else shown(value, "cosine") for value in values]
        rows.append([f"{token} – {word}", *cells])
    header = ["vectors", *(f"seed {seed}" for seed in range(1, course.seeds + 1))]
    bound = shown(chance(course), "cosine")
    return Table(
        header,
        rows,
        f"Cosines after the training, run {preset}, seed by seed; random vectors: within ±{bound}",
    )


def beyond(course: Course, preset: str) -> Measured:
    """Returns how many of a seed's four cosines of tokens and words are beyond those of random vectors."""
    by_seed = zip(
        *(course.cosine(preset, token, word).values for token in course.tokens for word in WORDS), strict=True
    )
    counts = tuple(
        math.nan if all(map(math.isnan, values)) else float(sum(abs(v) > chance(course) for v in values))
        for values in by_seed
    )
    return Measured(preset, "cosines of tokens and words beyond chance", counts, "count")


def all_four(course: Course, preset: str) -> Sentence:
    """Returns the sentence on how many cosines of tokens and words are beyond those of random vectors."""
    number = beyond(course, preset)
    if not number.known:
        return Sentence(f"The tokens of the run {preset} have no cosines with these words.")
    of = " of each seed" if course.seeds > 1 else ""
    return Sentence(
        f"Of the four cosines of tokens and words{of} (run {preset}) {number} lie beyond "
        f"±{shown(chance(course), 'cosine')}, where one in 20 of random vectors is.",
        figures=(number,),
    )


def _sensible(pulls: Sequence[Sentence], number: Measured) -> Sentence:
    claims = [claim for sentence in pulls for claim in sentence.claims]
    right = sum(claim.verdict == "higher" for claim in claims)
    wrong = sum(claim.verdict == "lower" for claim in claims)
    if right == len(claims):
        text = "So for both tokens the order is sensible."
    elif wrong == len(claims):
        text = "So for both tokens the order is not sensible: each lies nearer to the other class's word."
    elif right and wrong:
        text = "So for one token the order is sensible, for the other it is not."
    elif right or wrong:
        kind = "sensible" if right else "not sensible"
        text = f"So for one token the order is {kind}, for the other nothing is shown."
    else:
        text = "So that the tokens have taken on anything of what these words mean is not shown."
    if (right or wrong) and not any(number.known):
        text = f"{text} But none of these cosines is beyond what random vectors have."
    return Sentence(text, claims)
