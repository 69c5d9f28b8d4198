"""Questions 1.3.1 to 1.3.3: a bigger state, and Adam."""

from rnnlab.course.contrast import gradient_at_token, parameters, time
from rnnlab.course.cosines import WORDS, meanings
from rnnlab.course.evidence import Course
from rnnlab.course.measure import compare
from rnnlab.course.metrics import metrics
from rnnlab.course.question import Answer, Questions, Sentence, choose, differences, say
from rnnlab.course.tables import curves, gradients, results, similarity
from rnnlab.course.token_use import (
    lengths,
    named,
    opposed,
    read_at_output,
    token_table,
    with_and_without,
)

QUESTIONS = Questions("A bigger state, and Adam")
ask = QUESTIONS.ask


@ask("1.3.1", "What does a bigger state change in accuracy, loss and time, and why?")
def bigger_state(course: Course) -> Answer:
    """Compares the bigger state with the preset's usual one, token in the middle."""
    pair = ("middle-bigger", "middle")
    big, small = (f"{course.first(preset).settings['model.hidden_size']} units" for preset in pair)
    found = [
        *metrics(course, *pair, f"With {big}", f"with {small}"),
        time(course, pair, f"the RNN of {big}", f"the RNN of {small}"),
        parameters(course, pair, f"{big} against {small}"),
    ]
    mechanism = [
        read_at_output(course, "middle-bigger"),
        with_and_without(course, "middle-bigger"),
        *gradient_at_token(course, pair, f"{big} against {small}"),
    ]
    shown = [token_table(course, pair)]
    return Answer(found, [results(course, pair), *curves(course, pair)], mechanism, shown)


@ask("1.3.2", "Did the tokens' vectors change in quality with the bigger state, and the gradients?")
def bigger_state_vectors(course: Course) -> Answer:
    """Compares cosines, lengths and gradients of both sizes."""
    pair = ("middle-bigger", "middle")
    first, second = course.tokens
    cosines = compare(course.cosine(pair[0], first, second), course.cosine(pair[1], first, second))
    found = [
        say(f"Cosine of {first} and {second} with the bigger state", cosines, "with the smaller"),
        *(opposed(course, preset) for preset in pair),
        *lengths(course, pair, "Bigger state against smaller"),
        *named("middle-bigger", meanings(course, "middle-bigger")),
        *(read_at_output(course, preset) for preset in pair),
    ]
    mechanism = gradient_at_token(course, pair, "Bigger state against smaller")
    shown = [gradients(course, pair), gradients(course, pair, trained=True)]
    return Answer(found, [similarity(course, pair, WORDS)], mechanism, shown)


@ask("1.3.3", "The RNN under Adam, token at the start: accuracy, loss, cosines; what did it learn, what not?")
def adam(course: Course) -> Answer:
    """Compares Adam with plain gradient descent, and training with validation."""
    pair = ("start-adam", "start")
    train_valid = [
        (name, compare(course.metric("start-adam", train), course.metric("start-adam", valid)))
        for name, train, valid in (
            ("accuracy", "train_after_acc", "valid_acc"),
            ("loss", "train_after_loss", "valid_loss"),
        )
    ]
    found = [
        *metrics(course, *pair, "Under Adam", "under SGD"),
        *differences("Under Adam, training texts against validation texts", train_valid),
        with_and_without(course, "start-adam"),
        read_at_output(course, "start-adam"),
        *(opposed(course, preset) for preset in pair),
        *lengths(course, pair, "Adam against SGD"),
        *named("start-adam", meanings(course, "start-adam")),
    ]
    three = [*pair, "birnn-start-adam"]
    evidence = [results(course, three), token_table(course, three), similarity(course, pair, WORDS)]
    shown = [gradients(course, pair), gradients(course, pair, trained=True)]
    return Answer(found, [*evidence, *curves(course, pair)], _why_adam(course), shown)


def _why_adam(course: Course) -> list[Sentence]:
    first, _ = course.tokens
    column = f"{first[1:-1]}_norm"
    begin = compare(course.gradient("start-adam", "start", column), course.gradient("start", "start", column))
    length = compare(course.length("start-adam", first), course.length("start", first))
    ratio, before = (
        course.gradient("start-adam", "start", "ratio_to_end", trained=trained) for trained in (True, False)
    )
    other = compare(course.metric("birnn-start-adam", "valid_acc"), course.metric("start-adam", "valid_acc"))
    return [
        say(f"Before training, the gradient norm of {first} at the start under Adam", begin, "under SGD"),
        choose(
            length,
            higher="Adam divides every gradient by the size that it usually has, so that a tiny one moves "
            f"its vector, too: {first} became {length.left} long, {length.right} under SGD.",
            open=f"That the vector of {first} became longer under Adam is not shown ({length}).",
        ),
        say("Under Adam, the gradient at the start relative to the end after training",
            compare(ratio, before), "before it", "larger", "smaller"),
        say("With the same optimizer, validation accuracy of the BiRNN", other, "of the RNN"),
    ]  # fmt: skip
