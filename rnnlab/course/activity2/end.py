"""Questions 1.2.6 to 1.2.8: the token at the end, where the gradient reaches it whole."""

from rnnlab.course.activity2 import reach
from rnnlab.course.activity2.start import from_zero, told_apart
from rnnlab.course.cosine_figure import cosine_picture, cosine_points
from rnnlab.course.cosines import WORDS, by_seed, direction, meanings, sign
from rnnlab.course.evidence import Course
from rnnlab.course.measure import Measured, compare
from rnnlab.course.metrics import metrics
from rnnlab.course.question import Answer, Questions, Sentence, say
from rnnlab.course.tables import curves, gradients, results, similarity
from rnnlab.reports.blocks import Block

QUESTIONS = Questions("The token at the end")
ask = QUESTIONS.ask
END, START = "end", "start"


@ask("1.2.6", "Accuracy and loss with the token at the end: why so different?")
def end(course: Course) -> Answer:
    """Compares the token at the end with the token at the start."""
    value, epoch = course.best(END)
    found = [
        *metrics(course, END, START, "With the token at the end", "with it at the start"),
        Sentence(
            f"At the end the best validation accuracy is {value}, reached first after epoch {epoch}.",
            figures=(value, epoch),
        ),
    ]
    mechanism = [
        *reach.stronger(course, END, "end", "start"),
        reach.fading(course, END, "start"),
        reach.related(course, END, "end"),
        reach.half_life(course, END),
        say(
            "In the trained net, with the token of the class at the end, accuracy",
            compare(course.position(END, "accuracy", 1.0), course.position(END, "accuracy", 0.0)),
            "with the token moved to the start",
        ),
    ]
    shown = [gradients(course, [END]), reach.positions(course, [END, START])]
    return Answer(found, [results(course, [END, START]), *curves(course, [END, START])], mechanism, shown)


@ask("1.2.7", "Token at the end: the cosine of the two tokens now, and why?")
def tokens_at_end(course: Course) -> Answer:
    """Reads the cosine beside chance and beside that of the start."""
    first, second = course.tokens
    cosine, other = (course.cosine(preset, first, second) for preset in (END, START))
    found = [
        direction(course, cosine, first, second),
        sign(cosine),
        told_apart(course, cosine),
        say(f"The cosine of {first} and {second}", compare(cosine, other), "with the token at the start"),
        *from_zero(course, END),
        *(
            say(
                f"With the token at the end the vector of {token}",
                compare(course.length(END, token), course.length(START, token)),
                "with it at the start",
                "longer",
                "shorter",
            )
            for token in course.tokens
        ),
    ]
    mechanism = [
        reach.related(course, END, "end"),
        reach.related(course, START, "start"),
        reach.heard(course, START, "start"),
    ]
    evidence: list[Block] = [
        similarity(course, [END, START], ()),
        cosine_picture(course, [END, START], [(first, second)]),
    ]
    return Answer(found, evidence, mechanism, [gradients(course, [END])])


@ask("1.2.8", "Token at the end: the cosines with “boring” and “outstanding” now?")
def words_at_end(course: Course) -> Answer:
    """Compares the two words' cosines with each token, and what the net does with tokens and words."""
    pairs = [(token, word) for token in course.tokens for word in WORDS]
    mechanism = [
        reach.related(course, END, "end"),
        *mirrored(course),
        *given(course),
        *reach.lengths(course, END),
    ]
    return Answer(
        meanings(course, END),
        [
            similarity(course, [END, START], WORDS),
            by_seed(course, END),
            cosine_points(course, [END, START], pairs),
        ],
        mechanism,
        [reach.positions(course, [END])],
    )


def mirrored(course: Course) -> list[Sentence]:
    """Returns what the cosines of the two tokens with the same word add up to."""
    sums = []
    for word in WORDS:
        pair = [course.cosine(END, token, word).values for token in course.tokens]
        values = tuple(first + second for first, second in zip(*pair, strict=True))
        sums.append(Measured(END, f"sum of the cosines with {word}", values, "cosine"))
    known = [(word, one) for word, one in zip(WORDS, sums, strict=True) if one.known]
    if not known:
        return []
    both = " and ".join(f"{one} with {word}" for word, one in known)
    return [
        Sentence(
            f"The cosines of both tokens with the same word add up to {both}; that would be 0 if the two "
            "tokens were mirror images of each other, whatever the word.",
            figures=[one for _, one in known],
        )
    ]


def given(course: Course) -> list[Sentence]:
    """Returns how long the two words' vectors are after training, and how long they were given."""
    lengths = [(word, course.length(END, word), course.length("rnn", word)) for word in WORDS]
    return [
        Sentence(
            f"The vector of {word} has length {after} after training, and was given with {before}.",
            figures=(after, before),
        )
        for word, after, before in lengths
        if after.known and before.known
    ]
