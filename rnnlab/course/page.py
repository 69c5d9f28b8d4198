"""The page of the reproduced course: the setup, then every question with an answer made from the runs."""

from collections.abc import Sequence
from pathlib import Path

from rnnlab.course import activity1, activity2, activity3
from rnnlab.course.evidence import PRESETS, Course, read_course
from rnnlab.course.question import Answer, Question, Questions, Sentence
from rnnlab.course.setup import setup
from rnnlab.course.tables import results
from rnnlab.reports.blocks import Block, Finding, Findings, Paragraph, Section, Table
from rnnlab.reports.page import write_page
from rnnlab.runs import files

ACTIVITIES: tuple[Questions, ...] = (activity1.QUESTIONS, activity2.QUESTIONS, activity3.QUESTIONS)


def write_course_report(root: Path, seeds: int) -> None:
    """Writes `root/report.html` from the run folders below `root`."""
    write_page(root / files.REPORT, "rnnlab: The course, reproduced", sections(read_course(root, seeds)))


def sections(course: Course) -> list[Section]:
    """Returns the page's sections: the setup, each activity's questions, how to run each again."""
    made = [setup(course), Section("All runs at a glance", [results(course, list(PRESETS))])]
    for activity in ACTIVITIES:
        questions = [_section(question, question.answer(course)) for question in activity.all]
        made.append(Section(activity.title, [], sections=questions))
    return [*made, _how(course)]


def answers(course: Course) -> list[tuple[Question, Answer]]:
    """Returns every question with its answer."""
    return [(question, question.answer(course)) for activity in ACTIVITIES for question in activity.all]


def _section(question: Question, answer: Answer) -> Section:
    """Returns a question as it stands on the page: sentences and what they rest on, mechanism, how sure."""
    blocks: list[Block] = [_findings(answer.found, answer.terms), *answer.evidence]
    if answer.mechanism:
        blocks += [Paragraph("Why:"), _findings(answer.mechanism), *answer.shown]
    blocks.append(Paragraph(f"How sure: {answer.sure}"))
    title = f"{question.number} {question.asked}"
    return Section(title, blocks, short=question.number, anchor=f"question-{question.number}")


def _findings(sentences: Sequence[Sentence], terms: tuple[str, ...] = ()) -> Findings:
    return Findings([Finding(sentence.text) for sentence in sentences], terms)


def _how(course: Course) -> Section:
    commands = [Paragraph(str(course.first(preset).summary.get("command")), code=True) for preset in PRESETS]
    facts = course.first("boe").summary
    rows = [[name, str(value)] for name, value in facts.get("versions", {}).items()]
    rows += [
        [f"data: {name}", f"{file.get('path')} (SHA-256 {file.get('sha256')})"]
        for name, file in facts.get("data", {}).items()
    ]
    return Section("To run each again", [*commands, Table(["fact", "value"], rows)], folded=True)
