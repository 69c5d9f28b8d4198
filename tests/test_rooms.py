"""One finds one's way: no room is much bigger than the others, and a command is one call."""

from collections import Counter
from pathlib import Path

import rnnlab

ROOT = Path(rnnlab.__file__).parent
LINES = {path.relative_to(ROOT): path.read_text().count("\n") for path in ROOT.glob("**/*.py")}


def test_no_room_holds_more_than_15_percent_of_the_lines() -> None:
    rooms = Counter[str]()
    for path, lines in LINES.items():
        rooms[path.parts[0]] += lines
    room, lines = rooms.most_common(1)[0]
    assert lines <= 0.15 * rooms.total(), (room, lines, rooms.total())


def test_no_command_has_more_than_80_lines() -> None:
    commands = {path: lines for path, lines in LINES.items() if path.parts[0] == "cli"}
    assert len(commands) > 20 and not {path: lines for path, lines in commands.items() if lines > 80}
