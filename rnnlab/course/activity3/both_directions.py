"""Questions 1.3.4 to 1.3.6: an RNN that reads both ways."""

from rnnlab.course.contrast import by_seed, gradient_at_token, parameters, time
from rnnlab.course.cosines import WORDS, meanings
from rnnlab.course.evidence import Course
from rnnlab.course.measure import Comparison, compare
from rnnlab.course.metrics import metrics
from rnnlab.course.question import Answer, Questions, Sentence, differences, say
from rnnlab.course.reach import Way, arrives, both_ends, compared_distance, reach_table
from rnnlab.course.tables import curves, gradients, results, similarity
from rnnlab.course.token_use import (
    lengths,
    named,
    opposed,
    reaches,
    read_at_output,
    token_table,
    with_and_without,
)
from rnnlab.reports.blocks import Block

QUESTIONS = Questions("An RNN that reads both ways")
ask = QUESTIONS.ask


@ask("1.3.4", "The BiRNN, token at the start: accuracy, loss, time, cosines, and why?")
def both_directions(course: Course) -> Answer:
    """Compares the BiRNN with the RNN, both trained by plain gradient descent."""
    pair = ("birnn-start", "start")
    under = compare(course.metric("birnn-start-adam", "valid_acc"), course.metric("birnn-start", "valid_acc"))
    found = [
        *metrics(course, *pair, "With the BiRNN", "with the RNN"),
        reaches(course, "birnn-start"),
        time(course, pair, "the BiRNN", "the RNN"),
        parameters(course, pair, "The BiRNN against the RNN"),
        *(opposed(course, preset) for preset in pair),
        *lengths(course, pair, "The BiRNN against the RNN"),
        *named("birnn-start", meanings(course, "birnn-start")),
        say("Validation accuracy of the BiRNN under Adam", under, "under SGD"),
        reaches(course, "birnn-start-adam"),
    ]
    mechanism = [
        Sentence(
            "The BiRNN's backward direction reads from the last word to the first: the token at the start is "
            "the last thing that it reads."
        ),
        *gradient_at_token(course, pair, "The BiRNN against the RNN"),
        *(read_at_output(course, preset) for preset in pair),
        with_and_without(course, "birnn-start"),
    ]
    three = [*pair, "birnn-start-adam"]
    evidence = [results(course, three), by_seed(course, three), similarity(course, three, WORDS)]
    shown = [gradients(course, pair), token_table(course, three)]
    return Answer(found, [*evidence, *curves(course, pair)], mechanism, shown)


@ask("1.3.5", "Gradients of the untrained BiRNN by position: what is as in the RNN, what differs, why?")
def both_directions_gradients(course: Course) -> Answer:
    """Compares the untrained nets' gradients position by position, then direction by direction."""
    pair = ("birnn-start", "start")
    found = []
    for position in ("end", "middle", "start"):
        where = "in" if position == "middle" else "at"
        names = {f"{token[1:-1]}_norm": f"gradient norm of {token}" for token in course.tokens}
        names["cosine"] = "cosine of the two tokens' gradients"
        sides = [
            (name, Comparison(*(course.gradient(preset, position, column) for preset in pair)))
            for column, name in names.items()
        ]
        found += differences(f"Token {where} the {position}, the BiRNN against the RNN", sides)
    ways = [
        Way("birnn-start", direction="backward", trained=False),
        Way("birnn-start", trained=False),
        Way("start", trained=False),
    ]
    distance = compared_distance(course, ways)
    backward, forward = (
        course.through_time("birnn-start", "gradient_median", 0, direction=way.direction) for way in ways[:2]
    )
    reach = compare(arrives(course, ways[0], distance), arrives(course, ways[2], distance))
    mechanism = [
        Sentence(
            "The forward direction reads from the first word to the last, the backward one from the last to "
            "the first: a token at the start is what the backward direction reads last, a token at the end "
            "what the forward one reads last."
        ),
        say("Gradient norm at the state that the backward direction makes of its last step, the first word,",
            compare(backward, forward), "at the forward direction's, the last word's", "larger", "smaller"),
        say(f"What arrives over {distance} words in the backward direction", reach, "in the RNN",
            "larger", "smaller"),
    ]  # fmt: skip
    shown: list[Block] = [both_ends(course, *pair), reach_table(course, ways, distance)]
    return Answer(found, [gradients(course, pair)], mechanism, shown)


@ask("1.3.6", "Is the BiRNN worse with the token in the middle than at the start, and why?")
def both_directions_middle(course: Course) -> Answer:
    """Compares the two positions, in figures and gradients."""
    pair = ("birnn-middle", "birnn-start")
    subject = "the BiRNN with the token in the middle against that with it at the start"
    rnn = compare(course.metric("birnn-middle", "valid_acc"), course.metric("middle", "valid_acc"))
    found = [
        *metrics(course, *pair, "With the token in the middle", "with it at the start"),
        *(reaches(course, preset) for preset in pair),
        say("With the token in the middle, validation accuracy of the BiRNN", rnn, "of the RNN"),
        *(with_and_without(course, preset) for preset in pair),
    ]
    ways = [Way("birnn-middle", direction=direction) for direction in ("forward", "backward")]
    half_lives = [
        course.through_time("birnn-middle", "jacobian_half_life", 0, direction=way.direction, trained=True)
        for way in ways
    ]
    mechanism = [
        *gradient_at_token(course, pair, subject),
        Sentence(
            "Half of a text's words stand between its middle and the end of either direction's reading. In "
            f"the trained net what a state passes on is halved within {half_lives[0]} words forward, "
            f"{half_lives[1]} backward.",
            figures=half_lives,
        ),
        *lengths(course, pair, subject),
        *(read_at_output(course, preset) for preset in pair),
    ]
    three = [*pair, "middle"]
    evidence = [results(course, three), by_seed(course, three), *curves(course, pair)]
    distance = compared_distance(course, ways)
    shown = [gradients(course, pair[:1]), token_table(course, three), reach_table(course, ways, distance)]
    return Answer(found, evidence, mechanism, shown)
