"""The formats of labelled texts, each a function that yields an example or an error for every text.

Yielding the error keeps the place for the next line: whoever reads decides whether to stop. What ends a
file for good (missing, binary, empty, no header) is raised.
"""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.data.open_file import open_bytes, quote, show_path

LABELS = {"neg": 0, "negative": 0, "0": 0, "pos": 1, "positive": 1, "1": 1}
_TEXT_COLUMNS = ("review", "text")
_LABEL_COLUMNS = ("sentiment", "label")


class Example(NamedTuple):
    """A text, its label (0 negative, 1 positive) and where it stands (`train.tsv, line 3`)."""

    text: str
    label: int
    source: str


def scan_whole_file(path: Path, label: int) -> Iterator[Example | InputError]:
    """Yields the whole file as one text, which may be empty."""
    name = show_path(path)
    lines = (_decode(line, f"{name}, line {number}") for number, line in enumerate(_split_lines(path), 1))
    yield Example("\n".join(lines), label, name)


def scan_lines_of_label(path: Path, label: int) -> Iterator[Example | InputError]:
    """Yields every line as a text with that label."""
    return _scan_lines(path, lambda line, source: Example(line, label, source))


def scan_tsv(path: Path) -> Iterator[Example | InputError]:
    """Yields the text of every line `label<TAB>text`; only the first tab separates."""
    return _scan_lines(path, _tsv_example)


def _tsv_example(line: str, source: str) -> Example:
    label, tab, text = line.partition("\t")
    if not tab:
        found = quote(line) if line else "a blank line"
        raise InputError(f"{source}: no tab; expected label<TAB>text, found {found}")
    return Example(text, _label_of(label, source), source)


def _scan_lines(path: Path, parse: Callable[[str, str], Example]) -> Iterator[Example | InputError]:
    for number, line in enumerate(_lines_of_nonempty(path), start=1):
        source = f"{show_path(path)}, line {number}"
        result: Example | InputError
        try:
            result = parse(_decode(line, source).removesuffix("\r"), source)
        except InputError as error:
            result = error
        yield result


def scan_csv(path: Path) -> Iterator[Example | InputError]:
    """Yields the text of every row of a CSV with columns review or text, sentiment or label."""
    rows = _csv_rows(path)
    source, header = next(rows)
    if isinstance(header, InputError):
        raise header
    text_at = _column(header, _TEXT_COLUMNS, source)
    label_at = _column(header, _LABEL_COLUMNS, source)
    for source, row in rows:
        result: Example | InputError
        if isinstance(row, InputError):
            result = row
        elif len(row) != len(header):
            result = InputError(f"{source}: expected {len(header)} fields, found {len(row)}")
        else:
            try:
                result = Example(row[text_at], _label_of(row[label_at], source), source)
            except InputError as error:
                result = error
        yield result


def _csv_rows(path: Path) -> Iterator[tuple[str, list[str] | InputError]]:
    """Yields, for every row that is not blank, where it begins and its fields, or what is wrong with it."""
    undecodable: list[InputError] = []

    def lines() -> Iterator[str]:
        for number, line in enumerate(_lines_of_nonempty(path), start=1):
            try:
                yield _decode(line, f"{show_path(path)}, line {number}") + "\n"
            except InputError as error:
                # The row still has to end where it would have ended.
                undecodable.append(error)
                yield line.decode(errors="replace").replace("\0", "") + "\n"

    csv.field_size_limit(2**31 - 1)
    # Strict, or a quote that is never closed would swallow the rest of the file unseen.
    reader = csv.reader(lines(), strict=True)
    while True:
        source = f"{show_path(path)}, line {reader.line_num + 1}"
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


def _label_of(name: str, source: str) -> int:
    label = LABELS.get(name.strip().lower())
    if label is None:
        expected = "neg/pos, negative/positive or 0/1"
        hint = did_you_mean(name.strip().lower(), (label for label in LABELS if len(label) > 1))
        raise InputError(f"{source}: unknown label {quote(name)}; expected {expected}{hint}")
    return label


def _lines_of_nonempty(path: Path) -> list[bytes]:
    lines = _split_lines(path)
    if not any(line.strip() for line in lines):
        raise InputError(f"{show_path(path)}: is empty")
    return lines


def _split_lines(path: Path) -> list[bytes]:
    """Returns the lines without `\\n`, the only line end here: str.splitlines cuts at U+2028 and others."""
    with open_bytes(path) as file:
        lines = file.read().removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return lines if lines[-1] else lines[:-1]


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
