"""Foreign text on its way to a person is seen as it is: it steers, hides and turns round nothing."""

import ast
import logging
import sys
import unicodedata
from pathlib import Path

import pytest
from rich.live import Live
from rich.table import Table

import rnnlab
from rnnlab.core.printable import PrintableFormatter, escaped, escaped_lines, printable
from rnnlab.terminal.console import PlainConsole
from rnnlab.terminal.messages import print_facts, print_line
from rnnlab.terminal.tables import print_rows

HOSTILE = {
    "escape": ("\x1b[31mred", "\\x1b[31mred"),
    "title of the window": ("\x1b]0;x\x07", "\\x1b]0;x\\x07"),
    "one-byte escape": ("\x9b31m", "\\x9b31m"),
    "backspace": ("a\bb", "a\\x08b"),
    "right to left": ("\u202eabc\u2066", "\\u202eabc\\u2066"),
    "zero width": ("a\u200bb\u200d\ufeff", "a\\u200bb\\u200d\\ufeff"),
    "lone surrogate": ("\udcff", "\\udcff"),
    "tags": ("\U000e0041", "\\U000e0041"),
    "blank letter": ("\u3164\u115f", "\\u3164\\u115f"),
    "variation": ("a\ufe0f", "a\\ufe0f"),
    "private use": ("\ue000", "\\ue000"),
    "not assigned": ("\u0378", "\\u0378"),
    "line separator within": ("a\u2028b", "a b"),
    "markup": ("[bold]x[/] :smile:", "[bold]x[/] :smile:"),
    "letters of any script": ("é 日本語 עברית ü", "é 日本語 עברית ü"),
}


@pytest.mark.parametrize(("text", "seen"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_cannot_be_seen_is_shown_as_an_escape(text: str, seen: str) -> None:
    assert printable(text) == seen
    assert printable(seen) == seen


@pytest.mark.unchecked_types
def test_no_character_of_control_format_or_no_width_gets_through() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        shown = escaped(character)
        if unicodedata.category(character)[0] in "CZ" and character != " ":
            assert shown.isascii() and shown.startswith("\\"), hex(code)
    assert escaped_lines("a\nb\tc\r") == "a\nb\\tc\\r"


def test_neither_console_nor_messages_obey_a_text(capsys: pytest.CaptureFixture[str]) -> None:
    text = "".join(hostile for hostile, _ in HOSTILE.values())
    table = Table(text, title=text, caption=text)
    table.add_row(text)
    console = PlainConsole(file=sys.stdout, force_terminal=False, width=2000)
    console.print(table)
    console.print(text)
    with Live(table, console=console):
        pass
    print_line(text)
    print_facts({text: text})
    import pandas as pd

    print_rows(pd.DataFrame({text: [text]}), title=text, caption=text, file=sys.stdout)
    out = capsys.readouterr().out
    assert out.count("[bold]x[/] :smile:") >= 8
    assert all(character.isprintable() or character == "\n" for character in out), ascii(out)


def test_a_line_of_the_log_is_one_line_whatever_is_in_it() -> None:
    formatter = PrintableFormatter("%(levelname)s %(message)s")
    try:
        raise ValueError("\x1b[2J\nforged")
    except ValueError:
        failed = sys.exc_info()
    record = logging.LogRecord("x", logging.ERROR, "", 0, "run %s", ("\x1b[31m\nERROR forged",), failed)
    first, *trace = formatter.format(record).split("\n")
    assert first == "ERROR run \\x1b[31m ERROR forged"
    assert trace[0].startswith("Traceback") and "\x1b" not in "".join(trace)


OWN_WAYS = {"terminal/messages.py", "terminal/tables.py", "terminal/display.py", "cli/commands.py"}
"""Where what is printed has been made printable, or is to be read by a program."""


def test_there_is_no_second_way_to_the_terminal() -> None:
    package = Path(rnnlab.__file__).parent
    for path in package.rglob("*.py"):
        name = path.relative_to(package).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ("Console", "typer.echo", "rich.print"), f"{name}: {node.lineno}"
                own = name in OWN_WAYS or name.startswith("scratch/")
                assert called != "print" or own, f"{name}: {node.lineno}"
