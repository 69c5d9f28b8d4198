"""Where there is no terminal to show what goes on, a line now and then says so."""

import time

import pytest

from rnnlab.terminal import display
from rnnlab.terminal.display import TerminalDisplay


def test_a_long_work_is_told_of_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with TerminalDisplay().status("probing"):
        pass
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(display, "PATIENCE", 0.01)
    err, end = "", time.monotonic() + 60
    with TerminalDisplay().status("probing"):
        while err.count("\n") < 2 and time.monotonic() < end:
            time.sleep(0.01)
            err += capsys.readouterr().err
    lines = err.splitlines()
    assert len(lines) > 1 and all(line.startswith("probing: ") and "s so far" in line for line in lines)
