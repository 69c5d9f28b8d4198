"""Lives: commands that meet a fault, each in a fork of a process that has loaded rnnlab once.

Every line of that process's standard input is a task as JSON, as tests/driver.py has them, with a `folder` to
live in and maybe a `fault` (see `FAULTS`). It answers with a line: how the life ended, how long it took, and
how many times it wrote.
"""

import contextlib
import errno
import gc
import importlib
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from tests.driver import LATE, carry_out

ENDED_BY_KILL = -signal.SIGKILL
CHANGING = ("os.mkdir", "os.rename", "os.link", "os.symlink", "os.truncate", "os.rmdir")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
LATEST_END = 600.0  # seconds after which a life, and whatever it leaves running, has to be over


class Life(NamedTuple):
    """How a command ended: its exit code, or minus the signal; what it printed; what it took.

    writes: how often it made, opened for writing or renamed a file or folder below its own folder, -1 where
    it was killed; codes: of all that ran at once.
    """

    code: int
    printed: str
    seconds: float
    writes: int
    codes: list[int]


class Lives:
    """The process, as seen from a test."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.lives"],
            env={**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "160", "NO_COLOR": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,  # as its children's: a stream knows from its start whether it can seek
            text=True,
        )

    def live(self, folder: Path, *words: str, code: str | None = None, **fault: float) -> Life:
        """Runs `rnnlab WORDS`, or Python code, in a folder, with a fault."""
        assert self._process.stdin and self._process.stdout
        task: dict[str, Any] = {"folder": str(folder), "fault": fault}
        task |= {"code": code} if code is not None else {"words": ["rnnlab", *words]}
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        return Life(**json.loads(self._process.stdout.readline()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=60)


class _Writes:
    """Counts what a process changes below a folder, and does something about the n-th time."""

    def __init__(self, folder: str, numbers: range, then: Callable[[], object]) -> None:
        self.count, self._folder, self._numbers, self._then = 0, os.path.realpath(folder), numbers, then

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in CHANGING and not (event == "open" and self._writes(arguments)):
            return
        path = arguments[0]
        if isinstance(path, int) or not self._is_below(os.fsdecode(path)):
            return
        self.count += 1
        if self.count in self._numbers:
            self._then()

    def _writes(self, arguments: tuple[Any, ...]) -> bool:
        return isinstance(arguments[2], int) and bool(arguments[2] & WRITING)

    def _is_below(self, path: str) -> bool:
        return str(Path.cwd() / path).startswith(self._folder + os.sep)


def _no_space() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _read_only() -> None:
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def _no_memory_at(number: int) -> None:
    from rnnlab.data.splits import TextSplit

    pad, calls = TextSplit._pad, [0]

    def padded(split: TextSplit, numbers: Any) -> Any:
        calls[0] += 1
        if calls[0] == number:
            raise MemoryError
        return pad(split, numbers)

    TextSplit._pad = padded  # type: ignore[method-assign]


def _install(folder: str, fault: Mapping[str, Any]) -> _Writes:
    """Has this process meet the fault; returns what counts its writes.

    no_space_at, no_space_from: the number of the write that finds no space, or of the first of all that do;
    read_only: no write succeeds; largest_file: bytes beyond which no file grows; no_memory_at: the number of
    the batch for which there is none; clock: seconds by which the clock is set back at every look at it;
    kill_after, twins: see `_serve`.
    """
    at, first = int(fault.get("no_space_at", 0)), int(fault.get("no_space_from", 0))
    if "read_only" in fault:
        writes = _Writes(folder, range(1, sys.maxsize), _read_only)
    else:
        writes = _Writes(folder, range(first, sys.maxsize) if first else range(at, at + 1), _no_space)
    sys.addaudithook(writes)
    if "largest_file" in fault:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(fault["largest_file"]), resource.RLIM_INFINITY))
    if "no_memory_at" in fault:
        _no_memory_at(int(fault["no_memory_at"]))
    if "clock" in fault:
        _set_back(fault["clock"])
    return writes


def _set_back(seconds: float) -> None:
    import datetime

    start, looks = time.time(), [0]

    def now() -> float:
        looks[0] += 1
        return start - seconds * looks[0]

    class Clock(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Self:
            return cls.fromtimestamp(now(), tz)

    time.time = now
    for name, module in list(sys.modules.items()):
        told_time = name.partition(".")[0] in ("rnnlab", "hydra", "omegaconf")
        if told_time and getattr(module, "datetime", None) is datetime.datetime:
            module.datetime = Clock
    datetime.datetime = Clock  # type: ignore[misc]


def _child(task: Mapping[str, Any], output: int, counts: int) -> None:
    os.setpgid(0, 0)
    os.chdir(task["folder"])
    writes = _install(task["folder"], task["fault"])
    code = carry_out({**task, "output": f"/dev/fd/{output}"})
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os.write(counts, str(writes.count).encode())
    os._exit(code)


def _serve(task: Mapping[str, Any]) -> dict[str, Any]:
    """Forks a life, or several; kills it `kill_after` seconds later unless it is over by then."""
    (reading, output), (counted, counts) = os.pipe(), os.pipe()
    began = time.monotonic()
    children: list[int] = []
    for _ in range(int(task["fault"].get("twins", 1))):
        child = os.fork()
        if child == 0:
            _child(task, output, counts)
        children.append(child)
    os.close(output)
    os.close(counts)
    printed = _read_to_the_end(reading, children, task["fault"].get("kill_after"))
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    seconds, count = time.monotonic() - began, os.read(counted, 99)
    os.close(reading)
    os.close(counted)
    return {
        "code": codes[0],
        "codes": codes,
        "printed": printed.decode(errors="replace"),
        "seconds": seconds,
        "writes": int(count or b"-1"),
    }


def _read_to_the_end(reading: int, children: list[int], kill_after: float | None) -> bytes:
    """Returns what a life printed, once no process of it is left, whether by itself or killed."""
    printed, wait = b"", LATEST_END if kill_after is None else kill_after
    end = time.monotonic() + wait
    while True:
        if not select.select([reading], [], [], max(end - time.monotonic(), 0))[0]:
            if kill_after is None:
                for child in children:
                    os.killpg(child, signal.SIGKILL)
                raise TimeoutError(f"a process goes on {LATEST_END:g} seconds later; it printed: {printed!r}")
            for child in children:
                os.kill(child, signal.SIGKILL)
            kill_after, end = None, time.monotonic() + LATEST_END
        elif more := os.read(reading, 2**16):
            printed += more
        else:
            return printed


def main() -> None:
    """Answers task after task."""
    for name in [*LATE, "rnnlab.reports.run_report", "rnnlab.reports.sweep", "pooch", "requests"]:
        importlib.import_module(name)
    gc.freeze()
    for line in sys.stdin:
        print(json.dumps(_serve(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
