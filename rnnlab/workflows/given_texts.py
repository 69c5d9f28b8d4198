"""Texts that a person hands to a command: as arguments, in a file, or through a pipe."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class GivenTexts:
    """Texts, the place of each (`texts.txt, line 3`), and numbers of classes where there are labels."""

    texts: list[str]
    places: list[str]
    labels: list[int] | None = None


def given_texts(arguments: Sequence[str], file: Path | None, classes: Sequence[str]) -> GivenTexts:
    """Returns the arguments, or the texts of a file, or the lines of a pipe; raises InputError for none.

    classes: those that labels in the file may name.
    """
    from rnnlab.core.errors import InputError
    from rnnlab.data.open_file import read_to_the_end

    if arguments and file is not None:
        raise InputError("--file: makes no sense beside a TEXT; leave one of them out")
    if file is not None:
        return texts_of_file(file, classes)
    if arguments:
        places = [f"text {number}" for number in range(1, len(arguments) + 1)]
        for text, place in zip(arguments, places, strict=True):
            # Bytes that are not UTF-8 come from the shell as lone surrogates.
            if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
                raise InputError(f"{place}: not UTF-8")
        return GivenTexts(list(arguments), places)
    if sys.stdin.isatty():
        raise InputError("no text: give one after the run, or --file, or send some through a pipe")
    return lines_of(read_to_the_end(sys.stdin.buffer.read, "standard input"), "standard input")


def texts_of_file(path: Path, classes: Sequence[str]) -> GivenTexts:
    """Returns a text per line; those of a CSV, or of a TSV that begins with a label and a tab, with labels.

    Raises InputError for a file that is missing, binary, empty or not UTF-8, a line without its label, or a
    label that is none of the classes.
    """
    from rnnlab.core.errors import InputError
    from rnnlab.data.labels import class_number, is_label
    from rnnlab.data.open_file import read_whole, show_path
    from rnnlab.data.readers import scan

    lines = lines_of(read_whole(path), show_path(path))
    name = path.name.lower().removesuffix(".gz")
    label, tab, _ = lines.texts[0].partition("\t")
    if not (name.endswith(".csv") or (tab and (name.endswith(".tsv") or is_label(label, classes)))):
        return lines
    examples = []
    for example in scan(path):
        if isinstance(example, InputError):
            raise example
        examples.append(example)
    labels = [class_number(e.label, e.source, classes) for e in examples]
    return GivenTexts([e.text for e in examples], [e.source for e in examples], labels)


def lines_of(content: bytes, name: str) -> GivenTexts:
    """Returns a text per line of what `name` holds; raises InputError if that is empty or not UTF-8."""
    from rnnlab.core.errors import InputError

    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if not lines[-1]:
        lines.pop()
    if not lines:
        raise InputError(f"{name}: is empty; expected a text per line")
    places = [f"{name}, line {number}" for number in range(1, len(lines) + 1)]
    texts = []
    for line, place in zip(lines, places, strict=True):
        try:
            texts.append(line.decode().removesuffix("\r"))
        except UnicodeDecodeError as error:
            raise InputError(
                f"{place}: not UTF-8 (0x{line[error.start]:02x} at byte {error.start + 1})"
            ) from None
    return GivenTexts(texts, places)
