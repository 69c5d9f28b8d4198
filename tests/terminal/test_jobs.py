"""Several jobs at a time, as a person sees them."""

import re
from io import StringIO

from rich.console import Console

from rnnlab.core.errors import InputError
from rnnlab.terminal.jobs import JobsBar

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def shown(*, terminal: bool) -> tuple[str, InputError]:
    """Returns what is shown of five jobs, of which one is done, one failed and two are under way."""
    file, error = StringIO(), InputError("[bold]x.tsv[/bold]: \x1b[31mno such file")
    with JobsBar(Console(file=file, force_terminal=terminal, width=150)) as jobs:
        jobs.more(5)
        for name in ("0-rnn", "1-gru", "2-lstm", "3-boe"):
            jobs.began(name)
        jobs.moved("2-lstm", 0.5)
        jobs.ended("0-rnn", None)
        jobs.ended("1-gru", error)
    return file.getvalue(), error


def test_a_terminal_shows_what_is_done_failed_and_under_way() -> None:
    text, _ = shown(terminal=True)
    assert "1 of 5 done, 1 failed, running: 2-lstm, 3-boe" in ESCAPES.sub("", text)


def test_a_failure_is_a_line_of_its_own_whose_text_steers_nothing() -> None:
    for terminal in (False, True):
        text, error = shown(terminal=terminal)
        assert "error: 1-gru: [bold]x.tsv[/bold]: \\x1b[31mno such file" in text.replace("\x1b[2K", "")
        assert error.reported


def test_a_pipe_gets_failures_alone() -> None:
    text, _ = shown(terminal=False)
    assert len(text.splitlines()) == 1
