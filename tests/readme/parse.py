"""What a README asks its readers to type: its commands and its snippets, with their lines."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePosixPath

FENCE = re.compile(r"(```+|~~~+)\s*(\w*)\s*$")
SHELLS = ("", "sh", "bash", "shell", "console", "indented")
SPAN = re.compile(r"`([^`]+)`")
NAME_ALONE = r"\S+( [a-z-]+){1,2}"
PATH_COMMENT = re.compile(r"# (\S+\.(?:py|yaml))$")


@dataclass(frozen=True)
class Part:
    """Lines that belong together; kind: a fence's language, `indented` or `text`; line: its first, from 1."""

    line: int
    kind: str
    text: str


@dataclass(frozen=True)
class Command:
    """A command as it is to be typed, and the line where it stands.

    mention: it stands in running text and is no more than a command's name, as in "`rnnlab graph` draws".
    """

    line: int
    text: str
    mention: bool = False


@dataclass(frozen=True)
class Snippet(Part):
    """A fenced block in Python or YAML."""

    @property
    def path(self) -> PurePosixPath | None:
        """The file that a comment in the first two lines names (`# @package` has to come first), if any."""
        found = map(PATH_COMMENT.match, self.text.split("\n")[:2])
        return next((PurePosixPath(match[1]) for match in found if match), None)


def parts_of(markdown: str) -> list[Part]:
    """Returns the document's fenced and indented blocks and its paragraphs, tables and headings."""
    found: list[Part] = []
    fence, kind, begin, held = "", "", 0, list[str]()

    def end() -> None:
        if any(row.strip() for row in held):
            found.append(Part(begin, kind, "\n".join(held)))
        held.clear()

    for line, row in enumerate(markdown.split("\n"), start=1):
        opening = FENCE.match(row)
        if fence:
            if row.rstrip() == fence:
                end()
                fence, kind = "", ""
            else:
                held.append(row)
        elif opening:
            end()
            fence, kind, begin = opening[1], opening[2], line + 1
        elif row.startswith("    ") and (kind == "indented" or not held):
            if kind != "indented":
                kind, begin = "indented", line
            held.append(row[4:])
        elif not row.strip():
            if kind == "indented":
                held.append("")
            else:
                end()
                kind = ""
        else:
            if kind != "text":
                end()
                kind, begin = "text", line
            held.append(row)
    end()
    return found


def snippets_of(markdown: str) -> list[Snippet]:
    """Returns the fenced blocks in Python and YAML, in order."""
    return [Snippet(p.line, p.kind, p.text) for p in parts_of(markdown) if p.kind in ("python", "yaml")]


def commands_of(markdown: str, program: str) -> list[Command]:
    """Returns what is to be typed with `program` first, in order of lines.

    These are the lines of a shell's blocks that begin with the program, after `$ ` or not, and the code
    spans in running text and tables that begin with it and have a word more. A span that begins with `--`,
    beside such a span in the same cell, is the same command with that option.
    """
    found = (
        _typed(part, program) if part.kind in SHELLS else _spans(part, program) if part.kind == "text" else []
        for part in parts_of(markdown)
    )
    return list(chain.from_iterable(found))


def _typed(part: Part, program: str) -> Iterator[Command]:
    rows = enumerate(part.text.split("\n"), start=part.line)
    for line, row in rows:
        typed = row.strip().removeprefix("$ ")
        while typed.endswith("\\"):
            typed = typed[:-1] + next(rows)[1].strip()
        if typed.split(" ", 1)[0] == program:
            yield Command(line, typed)


def _spans(part: Part, program: str) -> Iterator[Command]:
    before, end = "", 0
    for span in SPAN.finditer(part.text):
        typed = " ".join(span[1].split())
        line = part.line + part.text.count("\n", 0, span.start())
        in_table = part.text.startswith("|")
        if in_table and "|" in part.text[end : span.start()]:
            before = ""
        end = span.end()
        if typed.startswith(f"{program} "):
            before = typed
            yield Command(line, typed, mention=not in_table and re.fullmatch(NAME_ALONE, typed) is not None)
        elif typed.startswith("--") and before:
            yield Command(line, f"{before} {typed}")
