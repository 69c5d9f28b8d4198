"""The help of `rnnlab` and of its commands."""

import shlex
from collections.abc import Callable

import pytest
import typer

from rnnlab.cli.commands import PANELS, app
from tests.conftest import Outcome

Call = Callable[..., Outcome]
GROUP = typer.main.get_command(app)
COMMANDS = [(name,) for name in GROUP.commands if name != "data"]
COMMANDS += [("data", name) for name in GROUP.commands["data"].commands]


def test_the_commands_stand_in_panels(call: Call) -> None:
    out = call("--help").out
    places = [out.index(f"─ {panel} ─") for panel in [*PANELS, "Data"]]
    assert places == sorted(places)
    assert out.index("│ train ") < places[1] < out.index("│ through-time ") < places[2] < out.index("│ show ")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_shows_an_example_of_itself(words: tuple[str, ...], call: Call) -> None:
    outcome = call(*words, "--help")
    assert outcome.code == 0
    (example,) = (line.strip() for line in outcome.out.splitlines() if line.startswith(" Example: "))
    assert example.startswith(f"Example: rnnlab {' '.join(words)}")
    _, _, *given = shlex.split(example)
    command = GROUP
    for word in words:
        command, given = command.commands[word], given[1:]
    with command.make_context(None, given) as context:  # raises for a word that the command does not know
        assert context.command is command
