"""A question of the course, and an answer that is made from what was measured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rnnlab.course.evidence import Course
from rnnlab.course.measure import Comparison, Measured, Verdict, how_sure
from rnnlab.reports.blocks import Block


@dataclass(frozen=True)
class Sentence:
    """A sentence, the comparisons that it rests on, and figures that it states without comparing them."""

    text: str
    claims: Sequence[Comparison] = ()
    figures: Sequence[Measured] = ()


@dataclass(frozen=True)
class Answer:
    """What the figures say, what they are, by which mechanism, and how sure that is.

    found: computed sentences; evidence: the table or figure they rest on; mechanism: sentences on what a
    probe shows of the cause; shown: the probe's table or figure; terms: what of it the page defines.
    """

    found: Sequence[Sentence]
    evidence: Sequence[Block] = ()
    mechanism: Sequence[Sentence] = ()
    shown: Sequence[Block] = ()
    terms: tuple[str, ...] = ()

    @property
    def sure(self) -> str:
        """How sure the answer is, from all comparisons of its sentences."""
        return how_sure([claim for sentence in self.found for claim in sentence.claims])


MakesAnswer = Callable[[Course], Answer]


@dataclass(frozen=True)
class Question:
    """A question by the course's number; `answer` makes its answer from the runs."""

    number: str
    asked: str
    answer: MakesAnswer


@dataclass
class Questions:
    """The questions of an activity, in their order: `@questions.ask(number, asked)` adds one."""

    title: str
    all: list[Question] = field(default_factory=list)

    def ask(self, number: str, asked: str) -> Callable[[MakesAnswer], MakesAnswer]:
        """Returns a decorator that makes a function the answer to a question."""

        def add(answer: MakesAnswer) -> MakesAnswer:
            self.all.append(Question(number, asked, answer))
            return answer

        return add


def say(
    subject: str, comparison: Comparison, other: str, more: str = "higher", less: str = "lower"
) -> Sentence:
    """Returns the sentence that compares a subject with another, or says that no difference is shown.

    As in `say("Validation accuracy of the RNN", …, "that of the bag")`.
    """
    words: dict[Verdict, str] = {
        "higher": f"{subject} is {more} than {other}: {comparison}.",
        "lower": f"{subject} is {less} than {other}: {comparison}.",
        "same": f"{subject} is the same as {other} to six digits: {comparison}.",
        "open": f"{subject} and {other}: no difference shown ({comparison}).",
    }
    return Sentence(words[comparison.verdict], (comparison,))


def choose(comparison: Comparison, **sentences: str) -> Sentence:
    """Returns the sentence for the comparison's verdict: `higher`, `lower`, `same`; `open` if it has none."""
    verdict = comparison.verdict
    return Sentence(sentences.get(verdict, sentences["open"]), (comparison,))


def differences(
    subject: str, comparisons: Sequence[tuple[str, Comparison]], more: str = "higher", less: str = "lower"
) -> list[Sentence]:
    """Returns a sentence for each verdict, with all figures that it holds for.

    subject: what is compared, as in "The RNN against the bag"; comparisons: each with its figure's name.
    """
    words: dict[Verdict, str] = {
        "higher": more,
        "lower": less,
        "same": "the same to six digits",
        "open": "no difference shown in",
    }
    sentences = []
    for verdict, word in words.items():
        ones = [(name, comparison) for name, comparison in comparisons if comparison.verdict == verdict]
        if ones:
            figures = "; ".join(
                f"{name} ({comparison.figures if verdict == 'open' else comparison})"
                for name, comparison in ones
            )
            text = f"{subject[:1].upper()}{subject[1:]}: {word} {figures}."
            sentences.append(Sentence(text, [comparison for _, comparison in ones]))
    return sentences
