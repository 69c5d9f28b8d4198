"""Questions 1.2.3 to 1.2.5: the token at the start, where the net hardly hears it."""

from rnnlab.course.activity2 import reach
from rnnlab.course.cosine_figure import cosine_picture, cosine_points
from rnnlab.course.cosines import WORDS, beyond_chance, by_seed, direction, meanings, sign
from rnnlab.course.evidence import Course
from rnnlab.course.measure import Measured, Source, compare
from rnnlab.course.metrics import metrics, same_epoch_by_epoch, side_by_side
from rnnlab.course.question import Answer, Questions, Sentence, choose, say
from rnnlab.course.tables import curves, gradients, results, similarity
from rnnlab.reports.blocks import Block
from rnnlab.runs import files

QUESTIONS = Questions("The token at the start")
ask = QUESTIONS.ask
TRAINED, FROZEN = "start", "start-frozen"


@ask("1.2.3", "The token at the start, vectors trained or not: accuracy, loss, time; why so little changes?")
def trained_or_not(course: Course) -> Answer:
    """Compares both runs with each other and, epoch by epoch, with the same runs without any token."""
    found = [
        same_epoch_by_epoch(course, TRAINED, FROZEN, "Trained vectors beside frozen ones"),
        same_epoch_by_epoch(
            course, TRAINED, "rnn-unfrozen", "Trained vectors, with the token or without any",
            "The net ignores the token.",
        ),
        same_epoch_by_epoch(
            course, FROZEN, "rnn", "Frozen vectors, with the token or without any",
            "The net ignores the token here, too.",
        ),
        *metrics(course, TRAINED, FROZEN, "With trained vectors", "with frozen ones"),
        say(
            "An epoch with trained vectors",
            compare(course.seconds(TRAINED), course.seconds(FROZEN)),
            "one with frozen ones, in CPU seconds",
            "slower",
            "faster",
        ),
        say(
            "The same token at the end: there, validation accuracy",
            compare(course.metric("end", "valid_acc"), course.metric(TRAINED, "valid_acc")),
            "with the token at the start",
        ),
    ]  # fmt: skip
    mechanism = [
        frozen_zeros(course),
        frozen_output(course),
        reach.word_of_zeros(course, FROZEN, "start"),
        reach.fading(course, TRAINED, "start"),
        reach.half_life(course, TRAINED),
        *reach.lengths(course, TRAINED),
        reach.heard(course, TRAINED, "start"),
    ]
    pair = [TRAINED, FROZEN]
    evidence = [
        side_by_side(course, [TRAINED, "rnn-unfrozen", FROZEN, "rnn"]),
        results(course, pair),
        *curves(course, pair),
    ]
    shown = [gradients(course, [TRAINED]), reach.positions(course, [TRAINED, FROZEN])]
    return Answer(found, evidence, mechanism, shown)


def frozen_zeros(course: Course) -> Sentence:
    """Returns whether the tokens' vectors in the frozen run are the zeros they were."""
    both = [course.length(FROZEN, token) for token in course.tokens]
    claims = [compare(length, 0.0, "zero") for length in both]
    first, second = course.tokens
    if all(claim.verdict == "same" for claim in claims):
        text = (
            f"With frozen vectors those of {first} and {second} are still zeros: to the net both are one and "
            "the same word, and that a text has it says nothing of its class."
        )
    else:
        text = (
            f"With frozen vectors the lengths of {first} and {second} are not all zero: {both[0]}, {both[1]}."
        )
    return Sentence(text, claims)


def frozen_output(course: Course) -> Sentence:
    """Returns whether the frozen run's net answers otherwise with the one token than with the other."""
    claim = compare(reach.shift(course, FROZEN, "start"), 0.0, "nothing")
    return choose(
        claim,
        same="Putting one token for the other does not move the output of the net with frozen vectors.",
        higher="Putting one token for the other does move the logit of the net with frozen vectors: by "
        f"{claim.left} nats.",
        open="That putting one token for the other moves the output of the net with frozen vectors is not "
        "shown.",
    )


@ask("1.2.4", "Token at the start: the cosine of the two tokens' vectors. Its sign, its size, its meaning?")
def tokens_at_start(course: Course) -> Answer:
    """Reads the cosine beside chance, with the lengths."""
    first, second = course.tokens
    cosine = course.cosine(TRAINED, first, second)
    found = [
        direction(course, cosine, first, second),
        sign(cosine),
        told_apart(course, cosine),
        *from_zero(course, TRAINED),
        *reach.lengths(course, TRAINED),
    ]
    mechanism = [
        reach.fading(course, TRAINED, "start"),
        reach.related(course, TRAINED, "start"),
        reach.heard(course, TRAINED, "start"),
    ]
    evidence: list[Block] = [
        similarity(course, [TRAINED], ()),
        cosine_picture(course, [TRAINED], [(first, second)]),
    ]
    return Answer(found, evidence, mechanism, [gradients(course, [TRAINED])])


def told_apart(course: Course, cosine: Measured) -> Sentence:
    """Returns what a cosine of the two tokens means."""
    if not cosine.known:
        return Sentence("With no cosine, nothing says that the two tokens are told apart.")
    claim = beyond_chance(course, cosine)
    below = cosine.middle < 0
    apart = "Two tokens that stand for opposite classes should point opposite ways, to −1."
    outward = claim.verdict == ("lower" if below else "higher")
    if outward and below:
        text = f"{apart} By their directions these are told apart: {cosine}."
    elif outward:
        text = f"{apart} These point the same way and are not told apart: {cosine}."
    elif claim.verdict == "open":
        text = f"{apart} Whether these are told apart more than random vectors are is not shown: {cosine}."
    else:
        text = f"{apart} These are hardly told apart, no more than random vectors are: {cosine}."
    return Sentence(text, (claim,))


def from_zero(course: Course, preset: str) -> list[Sentence]:
    """Returns that the tokens' vectors are made of gradients alone, where they began as zeros."""
    first, second = course.tokens
    where = (("epoch", 0), ("word1", first), ("word2", second))
    source = Source(files.SIMILARITY, "similarity", where)
    before: Measured = course.at(preset, source, "cosine before training", "cosine")
    if before.known:
        return []
    text = (
        "Before training there is no cosine, since both vectors are zeros: whatever direction they have is "
        "that of the gradients which training has added up."
    )
    return [Sentence(text)]


@ask("1.2.5", "Token at the start: cosines of each token with “boring” and “outstanding”. Sensible?")
def words_at_start(course: Course) -> Answer:
    """Compares the two words' cosines with each token, and with chance."""
    pairs = [(token, word) for token in course.tokens for word in WORDS]
    return Answer(
        meanings(course, TRAINED),
        [
            similarity(course, [TRAINED], WORDS),
            by_seed(course, TRAINED),
            cosine_points(course, [TRAINED], pairs),
        ],
        [reach.fading(course, TRAINED, "start"), *reach.lengths(course, TRAINED)],
        [gradients(course, [TRAINED])],
    )
