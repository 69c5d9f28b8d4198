"""Errors that a person reads: one line, an exit code, and a suggestion where one helps."""

import difflib
import traceback
from collections.abc import Iterable


class RnnlabError(Exception):
    """A failure that the user is told in one line, without a traceback."""

    exit_code = 1
    reported = False
    """Whether the user has read it already, as in a sweep, which goes on with its other jobs."""


class InputError(RnnlabError):
    """Bad input: the message names the file, line or key, what was expected and what was found."""

    exit_code = 2


class DivergenceError(RnnlabError):
    """The loss stopped being a finite number; the message names epoch and batch."""


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Returns `; did you mean 'x'?` for the choice nearest to `word`, or an empty string."""
    nearest = difflib.get_close_matches(word, list(choices), n=1, cutoff=0.5)
    return f"; did you mean '{nearest[0]}'?" if nearest else ""


def reason(error: BaseException, file: str | None = None) -> str:
    """Returns what went wrong in somebody's module, in one line, and where.

    file: the module's, whose lines are named rather than those of what it called.
    """
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "<frozen" not in frame.filename]
    own = [frame for frame in frames if frame.filename == file] or frames
    unknown = not own or isinstance(error, SyntaxError)  # which names file and line itself
    where = "" if unknown else f" ({own[-1].filename}, line {own[-1].lineno})"
    return f"{type(error).__name__}: {' '.join(str(error).split())}{where}"
