"""Foreign text on its way to a person: nothing in it steers a terminal, hides, or turns round its line.

All that rnnlab prints or logs comes through here: `rnnlab.terminal.console`, `rnnlab.terminal.messages`.
"""

import logging
import re
from typing import Any

# Of no width or of blank look, though Python calls them printable, which it does not call control and format
# characters (escapes, bidirectional overrides, zero-width ones), surrogates, and spaces but the plain one.
BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)

LONGEST_NAME = 200
"""Characters of a key or another name in a message."""


def counted(number: int, what: str) -> str:
    """Returns so many of something in words, as in `1 run` or `1,200 runs`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def shortened(text: str, limit: int = LONGEST_NAME) -> str:
    """Returns the first so many characters of a text that may have any number of them."""
    return text if len(text) <= limit else f"{text[:limit]}…"


def printable(text: str) -> str:
    """Returns text on one line, white space as single spaces, all else that cannot be seen as escapes."""
    return escaped(" ".join(text.split()))


def escaped(text: str) -> str:
    """Returns text with everything that cannot be seen as escapes, line breaks and other white space, too."""
    if text.isprintable() and (text.isascii() or not BLANK.search(text)):
        return text
    return "".join(map(_visible, text))


def escaped_lines(text: str) -> str:
    """Returns text with its line breaks, all else that cannot be seen as escapes."""
    return "\n".join(map(escaped, text.split("\n"))) if "\n" in text else escaped(text)


def _visible(character: str) -> str:
    if character.isprintable() and not BLANK.match(character):
        return character
    code = ord(character)
    plain = character.encode("unicode_escape").decode("ascii")
    return plain if plain.startswith("\\") else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class PrintableFormatter(logging.Formatter):
    """Writes a line a message, and a traceback below it, whatever foreign text is in them."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        """Returns the line."""
        record.message = printable(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """Returns a traceback."""
        return escaped_lines(super().formatException(ei))
