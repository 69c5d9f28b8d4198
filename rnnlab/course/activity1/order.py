"""1.1.8 to 1.1.10: what order of words, an intensifier's place and the order of clauses do to either net."""

import math
import re
from collections.abc import Callable
from dataclasses import replace

from rnnlab.course.evidence import PRESETS, Course
from rnnlab.course.measure import Comparison, Measured, compare
from rnnlab.course.question import Answer, Questions, Sentence, choose, say
from rnnlab.course.tables import cell, pairs, texts, texts_source
from rnnlab.reports.blocks import Block, Table
from rnnlab.reports.records import Records, last_look
from rnnlab.runs import files

QUESTIONS = Questions("1.1 Order of words")
ask = QUESTIONS.ask

BOTH = ["boe", "rnn"]
ORDER, EARLY, LATE, MOVED, CLAUSES = (
    "order",
    "intensifier-early",
    "intensifier-late",
    "intensifier-moved",
    "clauses",
)
"""The suites of `rnnlab.probes.pairs` that ask many times what the course's texts ask once."""
LIKED_FIRST, LIKED_LAST, EARLY_TEXT, LATE_TEXT, EXCHANGED = (
    "like, then dislike",
    "dislike, then like",
    "intensifier early",
    "intensifier late",
    "late clause first",
)
TERMS = ("minimal pair", "95 % interval")
DISTANCES = (0, 1, 2, 4, 8, 12, 16, 24, 32)
BLAME = "hated"  # the word of the suite `clauses` by which its clause of blame is known


@ask("1.1.8", "Two texts with two words swapped: the same to a bag, other to an RNN; which net is right?")
def swapped(course: Course) -> Answer:
    """Compares the probabilities of a text and of its mirror image, then those of many such pairs."""
    names = (LIKED_FIRST, LIKED_LAST)
    found = []
    for preset in BOTH:
        first, second = (course.probability(preset, name) for name in names)
        subject = f"To {PRESETS[preset]} the probability of {course.classes[1]} of the first text"
        found.append(say(subject, compare(first, second), "that of the second"))
    apart = [_apart(course, preset, *names) for preset in BOTH]
    found.append(
        Sentence(
            f"Whatever the direction, the two are {apart[1]} apart to the RNN, to the bag {apart[0]}.",
            figures=apart,
        )
    )
    ties, asked, same = (course.pairs("boe", ORDER, column) for column in ("ties", "pairs", "same_words"))
    found.append(
        Sentence(
            f"A bag takes the mean of the words' vectors, whatever their order: of {asked} such pairs, "
            f"{same} of them with the same words in both texts, both get the same probability in {ties}.",
            (compare(ties, asked),),
            (asked, same, ties),
        )
    )
    found += _suite(course, ORDER, "of which the text that ends in praise is the more positive")
    right = compare(course.pairs("rnn", ORDER, "share"), 0.5, "half")
    found.append(
        choose(
            right,
            higher="So of such texts the RNN is right about more than half of the pairs, which the bag "
            f"cannot be ({right}).",
            lower=f"So neither is right: the bag cannot tell, and the RNN prefers the wrong one ({right}).",
            open="Which of the two is right about such texts is not shown: the bag cannot tell them apart, "
            f"and the RNN's order is not shown to be better than chance ({right}).",
        )
    )
    evidence: list[Block] = [texts_source(course), texts(course, BOTH, names), pairs(course, BOTH, [ORDER])]
    return Answer(found, evidence, terms=TERMS)


def _apart(course: Course, preset: str, one: str, other: str) -> Measured:
    """Returns by how much the probabilities of two texts differ, without the sign."""
    a, b = (course.probability(preset, name) for name in (one, other))
    values = tuple(abs(x - y) for x, y in zip(a.values, b.values, strict=True))
    return Measured(preset, f"distance of the probabilities of {one!r} and {other!r}", values, "share")


def _suite(course: Course, suite: str, which: str) -> list[Sentence]:
    """Returns how often the RNN orders a suite's pairs rightly, over seeds and in how many of them alone."""
    share, asked = (course.pairs("rnn", suite, column) for column in ("share", "pairs"))
    if not share.known:
        return [Sentence(f"Of the {asked} pairs {which}, the RNN tells none apart.", (), (asked,))]
    above, below = (
        course.computed("rnn", f"nets {where} a half in {suite}", _beyond(suite, column, sign), "count")
        for where, column, sign in (("above", "low", 1), ("below", "high", -1))
    )
    counts = [
        replace(which, what=f"{which.what}, counted", values=(sum(which.known),) * course.seeds)
        for which in (above, below)
    ]
    half = compare(share, 0.5, "half")
    return [
        choose(
            half,
            higher=f"Of {asked} pairs {which}, the RNN has more than half right: {half}.",
            lower=f"Of {asked} pairs {which}, the RNN has less than half right: {half}.",
            open=f"Of {asked} pairs {which}, it is not shown that the RNN has more or less than half "
            f"right: {half}.",
        ),
        Sentence(
            f"Net by net, Wilson's interval lies above a half in {counts[0]} of {len(above.known)}, below it "
            f"in {counts[1]}.",
            figures=counts,
        ),
    ]


def _beyond(suite: str, column: str, sign: int) -> Callable[[Records], float]:
    def beyond(run: Records) -> float:
        table = run.table(files.PAIRS_SUMMARY)
        rows = [] if table is None else table.loc[table["suite"] == suite, column].tolist()
        return float(sign * (rows[0] - 0.5) > 0) if rows else math.nan

    return beyond


@ask(
    "1.1.9", "An intensifier added early or late: which moves the probability more, in which direction, why?"
)
def intensifier(course: Course) -> Answer:
    """Compares a text without the intensifier with one that has it early and one that has it late."""
    positive = course.classes[1]
    base = course.probability("rnn", LIKED_FIRST)
    found = []
    for name, where, way in (
        (EARLY_TEXT, "early, in the clause of praise,", "higher"),
        (LATE_TEXT, "late, in the clause of blame,", "lower"),
    ):
        moved = compare(course.probability("rnn", name), base)
        words = {
            "higher": f"raises the RNN's probability of {positive}",
            "lower": f"lowers the RNN's probability of {positive}",
        }
        said = {
            verdict: f"An intensifier {where} {what}, "
            f"{'as expected' if verdict == way else 'against what is expected'} ({moved})."
            for verdict, what in words.items()
        }
        found.append(
            choose(
                moved,
                **said,
                open=f"That an intensifier {where} moves the RNN's probability of {positive} the expected "
                f"way, {'up' if way == 'higher' else 'down'}, is not shown ({moved}).",
            )
        )
    early, late = (_apart(course, "rnn", LIKED_FIRST, name) for name in (EARLY_TEXT, LATE_TEXT))
    found.append(
        say(
            "Whatever the direction, what the late one moves",
            compare(late, early),
            "what the early one moves",
            "more",
            "less",
        )
    )
    for suite, where in ((EARLY, "early"), (LATE, "late")):
        found += _suite(
            course, suite, f"in which an intensifier stands {where} and must strengthen its clause"
        )
    shifts = compare(course.pairs("rnn", LATE, "shift"), course.pairs("rnn", EARLY, "shift"))
    found.append(
        say(
            "Over those pairs, what a late one moves the probability",
            shifts,
            "what an early one moves it",
            "more",
            "less",
        )
    )
    evidence: list[Block] = [
        texts_source(course),
        texts(course, BOTH, (LIKED_FIRST, EARLY_TEXT, LATE_TEXT)),
        pairs(course, BOTH, [EARLY, LATE, MOVED]),
    ]
    mechanism = [*_at_the_intensifier(course), *reach(course)]
    return Answer(found, evidence, mechanism, [reach_table(course)], (*TERMS, "gradient norm", "half-life"))


def _at_the_intensifier(course: Course) -> list[Sentence]:
    """Returns how much gradient reaches the places of both intensifiers in the trained RNN."""
    early, late = (_words_after(course, name) for name in (EARLY_TEXT, LATE_TEXT))
    if early is None or late is None:
        return []
    near, far = (
        course.through_time("rnn", "gradient_median", after, trained=True) for after in (late, early)
    )
    reached = compare(near, far)
    places = (
        f"{late} steps before a text's end (where the late one stands) than {early} before it (the early one)"
    )
    return [
        choose(
            reached,
            higher=f"In the trained RNN more gradient arrives {places}: {reached}. So much more does a small "
            "change of that word move the answer.",
            lower=f"In the trained RNN less gradient arrives {places}: {reached}.",
            open=f"That in the trained RNN more gradient arrives {places}, is not shown: {reached}.",
        )
    ]


def _words_after(course: Course, name: str) -> int | None:
    """Returns how many words follow the one that a text has more than the text without intensifier."""
    table = course.first("rnn").table(files.TEXTS)
    assert table is not None
    asked = dict(zip(table["question"], table["Input text"], strict=True))
    base, text = (re.findall(r"\w+|[^\w\s]", str(asked[key]).lower()) for key in (LIKED_FIRST, name))
    for place, word in enumerate(text):
        if place == len(base) or word != base[place]:
            return len(text) - place - 1
    return None


def reach(course: Course) -> list[Sentence]:
    """Returns the sentence on how fast the trained RNN's gradient falls on its way back through a text."""
    half_life = course.through_time("rnn", "gradient_half_life", 0, trained=True)
    untrained = course.through_time("rnn", "gradient_half_life", 0)
    if not all(map(math.isfinite, (*half_life.values, *untrained.values))):
        return []
    return [
        Sentence(
            f"In the trained RNN the gradient falls to a half within {half_life} steps from a text's end "
            f"(untrained within {untrained}).",
            figures=(half_life, untrained),
        )
    ]


def reach_table(course: Course) -> Table:
    """Returns the norm of the RNN's gradient by distance from the end of a text, trained and untrained."""
    rows = []
    for distance in DISTANCES:
        figures = [
            course.through_time("rnn", "gradient_median", distance, trained=trained)
            for trained in (True, False)
        ]
        if figures[0].known:
            rows.append([str(distance), *map(cell, figures)])
    header = ["steps before the end", "trained RNN", "untrained RNN"]
    caption = "Gradient norm at the state, median over texts; median (lowest to highest) over seeds"
    return Table(header, rows, caption)


@ask("1.1.10", "The same content with its clauses in another order: does the RNN's answer agree?")
def clauses(course: Course) -> Answer:
    """Compares the text whose late clause is said first with the one of the same content."""
    positive = course.classes[1]
    same_content = compare(course.probability("rnn", EXCHANGED), course.probability("rnn", LIKED_FIRST))
    to_content, to_end = (_apart(course, "rnn", EXCHANGED, name) for name in (LIKED_FIRST, LIKED_LAST))
    nearer = compare(to_content, to_end)
    bag = _apart(course, "boe", EXCHANGED, LIKED_FIRST)
    moved, swapped_moved = (course.pairs("rnn", suite, "shift") for suite in (CLAUSES, ORDER))
    by_end = compare(
        course.computed(
            "rnn", "share of pairs in which the text ending in praise is ahead", _by_end, "share"
        ),
        0.5,
        "half",
    )
    found = [
        say(
            f"The RNN's probability of {positive} of the text that says the late clause first",
            same_content,
            "that of the text with the same content, liked first",
        ),
        choose(
            nearer,
            higher="It is further from that of the text with the same content than from that of the text "
            f"that ends alike, disliked first ({nearer}).",
            lower="It is nearer to that of the text with the same content than to that of the text that ends "
            f"alike, disliked first ({nearer}).",
            same=f"It is as far from that of the same content as from that which ends alike ({nearer}).",
            open="Whether it is nearer to the text with the same content or to the one that ends alike is "
            f"not shown (distances {nearer}).",
        ),
        Sentence(
            f"To the bag the two of the same content are {bag} apart (their words differ, too).", (), (bag,)
        ),
        say(
            "Over many pairs that differ only in the order of clauses, what it moves the RNN's probability",
            compare(moved, swapped_moved),
            "what exchanging praise and blame moves it (question 1.1.8)",
            "more",
            "less",
        ),
    ]
    if by_end.left.known:
        found += _agreement(course, by_end)
    evidence: list[Block] = [
        texts_source(course),
        texts(course, BOTH, (LIKED_FIRST, LIKED_LAST, EXCHANGED)),
        pairs(course, BOTH, [CLAUSES, ORDER]),
    ]
    return Answer(found, evidence, reach(course), [reach_table(course)], (*TERMS, "half-life"))


def _agreement(course: Course, by_end: Comparison) -> list[Sentence]:
    """Returns whether such pairs tell the same as those with two words exchanged: that the end decides."""
    order = compare(course.pairs("rnn", ORDER, "share"), 0.5, "half")
    both = (by_end, order)
    found = [
        choose(
            by_end,
            higher=f"Of those pairs the text that ends in praise gets the higher probability: {by_end}, "
            "although both say the same.",
            lower=f"Of those pairs the text that ends in praise gets the lower probability: {by_end}.",
            open=f"That the text that ends in praise gets the higher probability is not shown: {by_end}.",
        )
    ]
    if {claim.verdict for claim in both} == {"higher"}:
        text = (
            "That agrees with question 1.1.8 in what the net does: what stands last decides. It disagrees "
            "with what the texts say: exchanging clauses leaves their content as it is."
        )
    elif "higher" in {claim.verdict for claim in both}:
        text = (
            "It is not shown to agree with question 1.1.8: that what stands last decides is shown for only "
            "one of the two kinds of pairs."
        )
    else:
        text = "It is not shown, here or in question 1.1.8, that what stands last decides."
    return [*found, Sentence(text, both)]


def _by_end(run: Records) -> float:
    """Returns the share of pairs with exchanged clauses in which the text ending in praise is ahead."""
    table = run.table(files.PAIRS)
    if table is None:
        return math.nan
    rows = last_look(table[table["suite"] == CLAUSES])
    rows = rows[rows["outcome"] != "tie"]
    # The first text of a pair ends in blame if its very last word, before the full stop, is one of blame.
    blamed_last = rows["first"].str.split().str[-2] == BLAME
    return float(((rows["difference"] < 0) == blamed_last).mean()) if len(rows) else math.nan
