"""Errors that a person reads: one line, an exit code, and a suggestion where one helps."""

import difflib
import errno
import traceback
from collections.abc import Iterable

from rnnlab.core.printable import escaped_lines

LONGEST_SHOWN = 200
MOST_CHOICES = 10_000  # that are compared with a misspelt word


class RnnlabError(Exception):
    """A failure that the user is told in one line, without a traceback."""

    exit_code = 1
    reported = False
    """Whether the user has read it already, as in a sweep, which goes on with its other jobs."""

    def __init__(self, message: str) -> None:
        super().__init__(escaped_lines(message))  # whoever prints it: it names a stranger's files and words


class InputError(RnnlabError):
    """Bad input: the message names the file, line or key, what was expected and what was found."""

    exit_code = 2


class DivergenceError(RnnlabError):
    """The loss stopped being a finite number; the message names epoch and batch."""


FULL = {getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG", "EIO", "ENOMEM", "EMFILE", "ENFILE")}
"""What a machine runs out of, whatever it was asked for."""


def of_machine(error: BaseException) -> RnnlabError | None:
    """Returns in one line what the machine refused: room on a disk, memory, a name; None for other errors."""
    if isinstance(error, OSError):
        name = str(error.filename) if error.filename is not None else ""
        where = f"{name[:200]}…: " if len(name) > 200 else f"{name}: " if name else ""
        kind = RnnlabError if error.errno in FULL else InputError
        return kind(f"{where}{error.strerror or error}")
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error):  # as torch has it
        return RnnlabError(f"not enough memory ({' '.join(str(error).split()) or 'none is left'})")
    if "Symlink loop" in str(error):  # as pathlib has it
        return InputError(str(error).replace("Symlink loop from", "a symbolic link to itself:"))
    if isinstance(error, RecursionError):
        return InputError("something is nested too deeply to be read")
    if isinstance(error, UnicodeEncodeError):
        return InputError(f"{error.object[:200]!r}: cannot be written as {error.encoding}")
    return None


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Returns `; did you mean 'x'?` for the choice nearest to `word`, or an empty string.

    Choices may be names in a stranger's file: only those are compared that can be shown.
    """
    names = [choice for choice in choices if len(choice) <= LONGEST_SHOWN and choice.isprintable()]
    nearest = difflib.get_close_matches(word[:LONGEST_SHOWN], names[:MOST_CHOICES], n=1, cutoff=0.55)
    return f"; did you mean '{nearest[0]}'?" if nearest else ""


def shown(value: object) -> str:
    """Returns a value that was found, as a message has it: as Python writes it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}… ({len(text):,} characters)"


def brief(error: BaseException, longest: int = 300) -> str:
    """Returns what an error says, in one line, no longer than that and all of it printable.

    Some quote whatever they have read.
    """
    said = " ".join(str(error).split()) or type(error).__name__
    said = said if len(said) <= longest else f"{said[:longest]}…"
    return said if said.isprintable() else repr(said)[1:-1]


def reason(error: BaseException, file: str | None = None) -> str:
    """Returns what went wrong in somebody's module, in one line, and where.

    file: the module's, whose lines are named rather than those of what it called.
    """
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "<frozen" not in frame.filename]
    own = [frame for frame in frames if frame.filename == file] or frames
    unknown = not own or isinstance(error, SyntaxError)  # which names file and line itself
    where = "" if unknown else f" ({own[-1].filename}, line {own[-1].lineno})"
    return f"{type(error).__name__}: {' '.join(str(error).split())}{where}"
