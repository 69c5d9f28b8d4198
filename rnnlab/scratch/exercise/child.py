"""The process that the student's file runs in: it may compute, and nothing else.

Called with the file, the notation, the functions to check, those known to be wrong, and the number of an open
pipe, into which goes a line of JSON for the file read, then one for each function, in order.
"""

import importlib.util
import json
import os
import sys
from typing import Any

from rnnlab.scratch.exercise.judge import is_there, judge_all

FORBIDDEN: tuple[str, ...] = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "os.kill",
    "pty.",
)
CHANGING: tuple[str, ...] = (
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.mkdir",
    "os.chmod",
    "os.chown",
    "os.link",
    "os.symlink",
)
CHANGING += ("os.truncate", "shutil.")
FOLDER = os.path.realpath(".")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """Raises PermissionError for network, other programs, and files outside the temporary folder."""
    if event.startswith(FORBIDDEN):
        raise PermissionError(f"{event} is not for an exercise")
    if event.startswith(CHANGING) or (event == "open" and arguments[2] & WRITING):
        for path in arguments[:2] if event.startswith(("os.rename", "os.link", "shutil.")) else arguments[:1]:
            if not isinstance(path, int) and not _thrown_away(os.fsdecode(path)):
                raise PermissionError(f"a file is written: {path}")


def _thrown_away(path: str) -> bool:
    return os.path.realpath(path).startswith((FOLDER + os.sep, os.devnull))


def main(file: str, notation: str, functions: list[str], known_wrong: list[str], pipe: int) -> None:
    """Checks functions of a file, having replaced those that are known to be wrong."""
    sys.dont_write_bytecode = True
    sys.addaudithook(refuse)

    def tell(line: dict[str, Any]) -> None:
        os.write(pipe, json.dumps(line).encode() + b"\n")

    spec = importlib.util.spec_from_file_location("exercise", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        tell({"failed": f"{type(error).__name__}: {' '.join(str(error).split())}"})
        return
    found = [name for name in functions if is_there(module, name)]
    tell({"found": found})
    for verdict in judge_all(notation, found, module, known_wrong):
        tell(verdict)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), json.loads(sys.argv[4]), int(sys.argv[5]))
