"""Single lines for a person, on standard error."""

import sys


def print_error(error: Exception) -> None:
    """Prints an error in one line."""
    print(f"error: {printable(str(error))}", file=sys.stderr, flush=True)


def print_note(note: str) -> None:
    """Prints what a person should know, in one line."""
    print(f"note: {printable(note)}", file=sys.stderr, flush=True)


def print_message(text: str) -> None:
    """Prints what goes on, in one line."""
    print(printable(text), file=sys.stderr, flush=True)


def printable(text: str) -> str:
    """Returns text on one line, control characters (which could steer a terminal) as escapes."""
    line = " ".join(text.split())
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in line)
