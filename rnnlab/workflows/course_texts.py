"""The five texts that the course asks its nets about, and where they are from."""

from pathlib import Path
from typing import NamedTuple

from rnnlab.core.errors import InputError
from rnnlab.course.texts import TEXTS
from rnnlab.data.open_file import read_whole, show_path
from rnnlab.workflows.given_texts import lines_of

BESIDE_THE_REVIEWS = "predict.txt"
OWN = "rnnlab's own"


class CourseTexts(NamedTuple):
    """Question and text of each; source: the path of their file as it was given, or whose they are."""

    texts: list[tuple[str, str]]
    source: str


def course_texts(train: str | None, file: Path | None = None) -> CourseTexts:
    """Returns the texts of questions 1.1.8 to 1.1.10.

    Args:
        train: the training reviews; a `predict.txt` beside them has the texts unless `file` is given.
        file: five texts, one a line, in the order of `rnnlab.course.texts.TEXTS`.

    Raises:
        InputError: the file does not hold just these.
    """
    if file is None and train is not None:
        beside = Path(train).parent / BESIDE_THE_REVIEWS
        file = beside if beside.is_file() else None
    if file is None:
        return CourseTexts(TEXTS, OWN)
    name = show_path(file)
    lines = lines_of(read_whole(file).rstrip(), name)
    questions = [question for question, _ in TEXTS]
    for number, question in enumerate(questions, start=1):
        if number > len(lines.texts) or not lines.texts[number - 1].strip():
            found = "the end of the file" if number > len(lines.texts) else "an empty line"
            raise _wrong(f"{name}, line {number}: expected the text {question!r}, found {found}")
    if len(lines.texts) > len(questions):
        number = len(questions) + 1
        raise _wrong(f"{name}, line {number}: expected the end of the file, found a text more")
    return CourseTexts(list(zip(questions, lines.texts, strict=True)), name)


def _wrong(fault: str) -> InputError:
    order = "; ".join(question for question, _ in TEXTS)
    return InputError(f"{fault}; the five texts, one a line: {order} (--texts names another file)")
