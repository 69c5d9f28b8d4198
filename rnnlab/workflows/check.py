"""A student's own functions against the NumPy engine."""

import ast
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.core.files import check_regular
from rnnlab.scratch.exercise.cases import CASES

STARTING = 30.0  # seconds in which Python and NumPy are there on any machine


@dataclass(frozen=True)
class Verdict:
    """Of a function, what is wrong (None: nothing), the equation that it computes, and the slip that fits."""

    name: str
    wrong: str | None
    equation: str
    slip: str | None


@dataclass(frozen=True)
class ExerciseCheck:
    """A verdict for every function that the file has; missing: those of the notation that it has not."""

    notation: str
    verdicts: list[Verdict]
    missing: list[str]

    @property
    def wrong(self) -> list[Verdict]:
        """Those that are not right."""
        return [verdict for verdict in self.verdicts if verdict.wrong is not None]

    @property
    def verdict(self) -> str:
        """How many functions are right, and how many there are none of."""
        count, wrong = len(self.verdicts), len(self.wrong)
        right = f"all {count} functions are right" if not wrong else f"{wrong} of {count} functions wrong"
        return f"{right} (notation {self.notation}; {len(self.missing)} more of it are not in the file)"


def check_exercise(file: Path, notation: str | None = None, *, seconds: float = 10) -> ExerciseCheck:
    """Runs the functions of a file, found by name, on drawn cases, in a process of their own.

    notation: by default the one that most of the file's names belong to; seconds: what a function may take.
    Raises InputError for a file that cannot be read or run, or that has no function of the notation.
    """
    try:
        check_regular(file)
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}") from None
    notation = notation or _notation_of(file)
    if notation not in CASES:
        suggestion = did_you_mean(notation, CASES)
        raise InputError(f"--notation {notation}: expected one of {', '.join(CASES)}{suggestion}")
    verdicts: list[Verdict] = []
    names = list(CASES[notation])
    with tempfile.TemporaryDirectory(prefix="rnnlab-check-") as folder:
        found = remaining = names
        while remaining:
            wrong = [verdict.name for verdict in verdicts if verdict.wrong is not None]
            lines = _lines(file.resolve(), notation, remaining, wrong, folder, seconds)
            first = next(lines)
            if "failed" in first:
                raise InputError(f"{file}: {first['failed']}")
            if remaining is names:
                found = first["found"]
            remaining = first["found"]
            for name, line in zip(remaining, lines, strict=False):
                equation = CASES[notation][name].equation
                of_dead = {"name": name, "wrong": line.get("failed"), "equation": equation, "slip": None}
                verdicts.append(Verdict(**(of_dead if "failed" in line else line)))
            remaining = found[len(verdicts) :]
    if not found:
        raise InputError(
            f"{file}: no function of the notation {notation}, expected some of {', '.join(names)}"
        )
    return ExerciseCheck(notation, verdicts, [name for name in names if name not in found])


def _notation_of(file: Path) -> str:
    try:
        tree = ast.parse(file.read_bytes(), str(file))
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}") from None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InputError(f"{file}: {error}") from None
    defined = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    counts = {
        notation: len(defined & {name.split(".")[0] for name in cases} | defined & {notation})
        for notation, cases in CASES.items()
    }
    most = max(counts.values())
    likely = [notation for notation, count in counts.items() if count == most]
    if most == 0:
        raise InputError(f"{file}: no function of an exercise by name, expected those of {', '.join(CASES)}")
    if len(likely) > 1:
        raise InputError(f"{file}: its names are those of {' and '.join(likely)}; say --notation NAME")
    return likely[0]


def _lines(
    file: Path, notation: str, names: list[str], wrong: list[str], folder: str, seconds: float
) -> Iterator[dict[str, Any]]:
    """Yields what the process says, a line a time, and at the end what ended it before its time, if so."""
    reading, writing = os.pipe()
    words = [str(file), notation, json.dumps(names), json.dumps(wrong), str(writing)]
    paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    away = dict.fromkeys(("HOME", "TMPDIR", "MPLCONFIGDIR"), folder)
    process = subprocess.Popen(
        [sys.executable, "-m", "rnnlab.scratch.exercise.child", *words],
        cwd=folder,
        env={**os.environ, **away, "PYTHONPATH": os.pathsep.join(paths), "MPLBACKEND": "Agg"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[writing],
        start_new_session=True,
    )
    os.close(writing)
    try:
        limit, text = STARTING + seconds, b""
        while True:
            line, text, ended = _line(reading, text, limit)
            if line is None:
                yield {
                    "failed": "ends the process" if ended else f"does not return within {seconds:g} seconds"
                }
                return
            yield json.loads(line)
            limit = seconds
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(reading)


def _line(reading: int, text: bytes, seconds: float) -> tuple[bytes | None, bytes, bool]:
    """Returns the next line, what follows it, and whether the pipe's other end has gone without one."""
    end = time.monotonic() + seconds
    while b"\n" not in text:
        ready, _, _ = select.select([reading], [], [], max(end - time.monotonic(), 0))
        if not ready:
            return None, text, False
        more = os.read(reading, 65536)
        if not more:
            return None, text, True
        text += more
    line, _, text = text.partition(b"\n")
    return line, text, False
