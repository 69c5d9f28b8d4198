"""Questions 1.2.9 to 1.2.11: gradients by position, and the token in the middle."""

from rnnlab.course.activity2 import reach
from rnnlab.course.activity2.signs import better_and_worse, signs, table
from rnnlab.course.cosine_figure import cosine_picture
from rnnlab.course.cosines import WORDS, all_four, direction
from rnnlab.course.evidence import Course
from rnnlab.course.measure import compare
from rnnlab.course.metrics import metrics, same_epoch_by_epoch
from rnnlab.course.norm_figure import norm_picture
from rnnlab.course.question import Answer, Questions, Sentence, say
from rnnlab.course.tables import curves, gradients, results, similarity
from rnnlab.reports.blocks import Block, Table

QUESTIONS = Questions("The token in the middle")
ask = QUESTIONS.ask
MIDDLE, START = "middle", "start"


@ask("1.2.9", "Gradients at the tokens by position: how large, and how do those of the two relate?")
def by_position(course: Course) -> Answer:
    """Compares norms and cosines at the start, in the middle and at the end, untrained RNN."""
    found = [reach.order(course, "rnn"), reach.opposed(course, "rnn")]
    found += [reach.fading(course, "rnn", place) for place in ("middle", "start")]
    found += reach.stronger(course, "rnn", "middle", "start")
    found += [reach.related(course, "rnn", place) for place in ("end", "middle", "start")]
    mechanism = [
        reach.half_life(course, "rnn"),
        reach.half_life_after(course, "rnn"),
        *(reach.fading(course, "rnn", place, trained=True) for place in ("middle", "start")),
    ]
    shown = [gradients(course, ["rnn"], trained=True)]
    return Answer(found, [gradients(course, ["rnn"]), norm_picture(course, "rnn")], mechanism, shown)


@ask("1.2.10", "Token in the middle: do the gradients promise better vectors than at the start, are they?")
def vectors_in_the_middle(course: Course) -> Answer:
    """Finds a sign that the vectors are better and one that they are worse."""
    every_sign = signs(course, MIDDLE, START)
    first, second = course.tokens
    found = [
        *promise(course),
        direction(course, course.cosine(MIDDLE, first, second), first, f"{second}, token in the middle,"),
        direction(course, course.cosine(START, first, second), first, f"{second}, token at the start,"),
        *better_and_worse(every_sign, "in the middle", "at the start"),
    ]
    evidence: list[Block] = [
        table(every_sign, MIDDLE, START),
        similarity(course, [MIDDLE, START], WORDS),
        cosine_picture(course, [MIDDLE, START], [(first, second)]),
    ]
    mechanism = [reach.related(course, MIDDLE, "middle", trained=trained) for trained in (False, True)]
    mechanism += [reach.fading(course, MIDDLE, "middle"), *reach.lengths(course, MIDDLE)]
    mechanism += read_without_meaning(course)
    shown: list[Table] = [gradients(course, [MIDDLE]), gradients(course, [MIDDLE], trained=True)]
    return Answer(found, evidence, mechanism, shown)


def read_without_meaning(course: Course) -> list[Sentence]:
    """Returns whether a net that reads the tokens brings them near to the words of their classes."""
    accuracy = course.metric("end", "valid_acc")
    words = all_four(course, "end")
    read = Sentence(
        f"Beside it the run with the token at the end: its {accuracy.what} is {accuracy}.",
        figures=(accuracy,),
    )
    return [read, words]


def promise(course: Course) -> list[Sentence]:
    """Returns what the untrained net's gradients let one expect of the middle."""
    return reach.stronger(course, MIDDLE, "middle", "start")


@ask("1.2.11", "Token in the middle: is performance better, too; and if not, why, if the vectors are?")
def performance_in_the_middle(course: Course) -> Answer:
    """Compares the metrics of the middle with those of the start and of the end."""
    found = [
        *metrics(course, MIDDLE, START, "With the token in the middle", "with it at the start"),
        same_epoch_by_epoch(
            course, MIDDLE, START, "The token in the middle or at the start",
            "Where the token stands makes no difference here.",
        ),
        say(
            "With the token in the middle, validation accuracy",
            compare(course.metric(MIDDLE, "valid_acc"), course.metric("end", "valid_acc")),
            "with it at the end",
        ),
    ]  # fmt: skip
    mechanism = [
        reach.fading(course, MIDDLE, "middle"),
        reach.heard(course, MIDDLE, "middle"),
        *(
            say(
                f"The vector of {token} after training in the middle",
                compare(course.length(MIDDLE, token), course.length("end", token)),
                "after training at the end",
                "longer",
                "shorter",
            )
            for token in course.tokens
        ),
        say(
            "In the trained net, with the token of the class in the middle, accuracy",
            compare(course.position(MIDDLE, "accuracy", 0.5), course.position(MIDDLE, "accuracy", None)),
            "with no token",
        ),
    ]
    shown = [reach.positions(course, [MIDDLE, START, "end"]), gradients(course, [MIDDLE])]
    runs = [MIDDLE, START, "end"]
    return Answer(found, [results(course, runs), *curves(course, [MIDDLE, START])], mechanism, shown)
