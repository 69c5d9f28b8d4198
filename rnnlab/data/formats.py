"""The formats of labelled texts, each a function that yields an example or an error for every text.

Yielding the error keeps the place for the next line: whoever reads decides whether to stop. What ends a
file for good (missing, binary, empty, no header) is raised.
"""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from rnnlab.core.errors import InputError
from rnnlab.data.labels import read_label
from rnnlab.data.open_file import open_bytes, quote, read_lines, show_path

_TEXT_COLUMNS = ("review", "text")
_LABEL_COLUMNS = ("sentiment", "label")
_OTHER_LABEL_COLUMNS = ("stars", "rating", "topic", "category", "class")


class Example(NamedTuple):
    """A text, its label and where it stands (`train.tsv, line 3`)."""

    text: str
    label: str
    source: str


def scan_whole_file(path: Path, label: str) -> Iterator[Example | InputError]:
    """Yields the whole file as one text, which may be empty."""
    name = show_path(path)
    lines = (_decode(line, f"{name}, line {number}") for number, line in enumerate(_lines(path), 1))
    yield Example("\n".join(lines), label, name)


def scan_lines_of_label(path: Path, label: str) -> Iterator[Example | InputError]:
    """Yields every line as a text with that label."""
    return _scan_lines(path, lambda line, source: Example(line, label, source))


def scan_tsv(path: Path) -> Iterator[Example | InputError]:
    """Yields the text of every line `label<TAB>text`; only the first tab separates."""
    for number, result in enumerate(_scan_lines(path, _tsv_example)):
        if not number and isinstance(result, Example) and _is_header(result):
            yield InputError(f"{result.source}: is a header; expected label<TAB>text from the first line on")
        else:
            yield result


def _is_header(example: Example) -> bool:
    labels = (*_LABEL_COLUMNS, *_OTHER_LABEL_COLUMNS)
    return example.text.strip().lower() in _TEXT_COLUMNS and example.label.lower() in labels


def _tsv_example(line: str, source: str) -> Example:
    label, tab, text = line.partition("\t")
    if not tab:
        found = quote(line) if line else "a blank line"
        raise InputError(f"{source}: no tab; expected label<TAB>text, found {found}")
    return Example(text, read_label(label, source), source)


def _scan_lines(path: Path, parse: Callable[[str, str], Example]) -> Iterator[Example | InputError]:
    name = show_path(path)
    for number, line in enumerate(_lines_of_nonempty(path), start=1):
        source = f"{name}, line {number}"
        result: Example | InputError
        try:
            result = parse(_decode(line, source).removesuffix("\r"), source)
        except InputError as error:
            result = error
        yield result


def scan_csv(path: Path) -> Iterator[Example | InputError]:
    """Yields the text of every row of a CSV with columns review or text, sentiment or label.

    Without one of the latter two, the labels stand in a column stars, rating, topic, category or class.
    """
    rows = _csv_rows(path)
    source, header = next(rows)
    if isinstance(header, InputError):
        raise header
    text_at = _column(header, _TEXT_COLUMNS, source)
    names = {name.strip().lower() for name in header}
    others = not names & {*_LABEL_COLUMNS} and names & {*_OTHER_LABEL_COLUMNS}
    label_at = _column(header, _OTHER_LABEL_COLUMNS if others else _LABEL_COLUMNS, source)
    for source, row in rows:
        result: Example | InputError
        if isinstance(row, InputError):
            result = row
        elif len(row) != len(header):
            result = InputError(f"{source}: expected {len(header)} fields, found {len(row)}")
        else:
            try:
                result = Example(row[text_at], read_label(row[label_at], source), source)
            except InputError as error:
                result = error
        yield result


def _csv_rows(path: Path) -> Iterator[tuple[str, list[str] | InputError]]:
    """Yields, for every row that is not blank, where it begins and its fields, or what is wrong with it."""
    undecodable: list[InputError] = []
    name = show_path(path)

    def lines() -> Iterator[str]:
        for number, line in enumerate(_lines_of_nonempty(path), start=1):
            try:
                yield _decode(line, f"{name}, line {number}") + "\n"
            except InputError as error:
                # The row still has to end where it would have ended.
                undecodable.append(error)
                yield line.decode(errors="replace").replace("\0", "") + "\n"

    csv.field_size_limit(2**31 - 1)
    # Strict, or a quote that is never closed would swallow the rest of the file unseen.
    reader = csv.reader(lines(), strict=True)
    while True:
        source = f"{name}, line {reader.line_num + 1}"
        row: list[str] | InputError | None
        try:
            row = next(reader, None)
        except csv.Error as error:
            unclosed = "unexpected end" in str(error)
            # What stands after the dash is for programmers.
            reason = "a quote is never closed" if unclosed else str(error).partition(" - ")[0]
            row = InputError(f"{source}: not a CSV row ({reason})")
        if row is None:
            return
        yield from ((source, error) for error in undecodable)
        if row and not undecodable:
            yield source, row
        undecodable.clear()


def _column(header: list[str], names: tuple[str, ...], source: str) -> int:
    matches = [index for index, name in enumerate(header) if name.strip().lower() in names]
    if len(matches) == 1:
        return matches[0]
    problem = "more than one" if matches else "no"
    found = quote(", ".join(header))
    raise InputError(f"{source}: {problem} column named {' or '.join(names)} in the header; found {found}")


def _lines_of_nonempty(path: Path) -> Iterator[bytes]:
    if not any(line.strip() for line in _lines(path)):
        raise InputError(f"{show_path(path)}: is empty")
    yield from _lines(path)


def _lines(path: Path) -> Iterator[bytes]:
    """Yields the lines without `\\n`, the only line end here: str.splitlines cuts at U+2028 and others."""
    with open_bytes(path) as file:
        for number, line in enumerate(read_lines(file, show_path(path))):
            yield (line if number else line.removeprefix(b"\xef\xbb\xbf")).removesuffix(b"\n")


def _decode(line: bytes, source: str) -> str:
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        byte = f"0x{line[error.start]:02x} at byte {error.start + 1}"
        hint = "convert the file, say with iconv -f WINDOWS-1252 -t UTF-8"
        raise InputError(f"{source}: not UTF-8 ({byte}); {hint}") from error
    if "\0" in text:
        raise InputError(f"{source}: holds a NUL byte; expected text")
    return text
