"""Runs commands and Python code one by one, each in a fork of a process that has loaded rnnlab once.

Every line of that process's standard input is a task as JSON: `words` of a command or `code`, and `output`,
a file for what it prints. It answers each with a line: exit code, and the seconds of processor that it took.
A task that says `here` is done by the process itself: what it loads and keeps at hand, all later forks have.
"""

import atexit
import contextlib
import gc
import importlib
import json
import logging
import multiprocessing
import os
import subprocess
import sys
import time
import traceback
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

# What the commands import late, and torch's optimizers later still; the forks then have it.
LATE = ["hydra.main", "matplotlib.pyplot", "pandas", "spacy", "torch._dynamo", "rnnlab.cli.app"]
LATE += [
    "rnnlab.training.fused_engine",
    "rnnlab.workflows.horizon.search",
    "rnnlab.workflows.trainings",
    "rnnlab.workflows.trained_run",
]


class Done(NamedTuple):
    """A task's exit code, the seconds of processor that it took, and what it printed."""

    code: int
    seconds: float
    printed: str


class Driver:
    """The process, as seen from a test: in `folder`, with rnnlab from `program`."""

    def __init__(self, folder: Path, program: Path, *, columns: int = 160) -> None:
        settings = {"OMP_NUM_THREADS": "1", "COLUMNS": str(columns), "NO_COLOR": "1"}
        self.environment = {**os.environ, **settings, "PYTHONPATH": str(program)}
        self._output = folder / "printed.txt"
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(program / "tests" / "driver.py")],
            cwd=folder,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def do(self, **task: object) -> Done:
        """Carries out a task: `words` or `code`."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({**task, "output": str(self._output)}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return Done(answer["code"], answer["seconds"], self._output.read_text(errors="replace"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=60)


def carry_out(task: dict[str, object]) -> int:
    """Does one task in this process, as a person's shell or notebook would; returns the exit code."""
    from rnnlab.cli.app import main as rnnlab
    from rnnlab.core import workers

    with Path(str(task["output"])).open("w") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # Workers have it, too: torch has a single thread here, which a fork does not lose.
    workers.get_context = lambda _: multiprocessing.get_context("fork")  # type: ignore[assignment]
    workers.forkserver.ensure_running = lambda: None
    try:
        if "code" in task:
            exec(compile(str(task["code"]), "README.md", "exec"), {"__name__": "__main__"})
        else:
            sys.argv = list(task["words"])  # type: ignore[call-overload]
            rnnlab()
    except SystemExit as stop:
        if isinstance(stop.code, str):
            print(stop.code, file=sys.stderr)
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def carry_out_here(task: dict[str, object]) -> dict[str, float]:
    """Does a task in this process, which goes on with its own streams and without the task's log; answers."""
    begin, kept = time.process_time(), [os.dup(stream) for stream in range(3)]
    code = carry_out(task)
    for stream, copy in enumerate(kept):
        (sys.stdin, sys.stdout, sys.stderr)[stream].flush()
        os.dup2(copy, stream)
        os.close(copy)
    for handler in logging.getLogger().handlers[:]:
        logging.getLogger().removeHandler(handler)
        handler.close()
    gc.collect()
    gc.freeze()
    return {"code": code, "seconds": time.process_time() - begin}


def main() -> None:
    """Answers task after task."""
    for name in LATE:
        importlib.import_module(name)
    gc.freeze()  # or the forks' collector would copy all that they share
    for line in sys.stdin:
        sys.stdout.flush()
        task = json.loads(line)
        if task.get("here"):
            print(json.dumps(carry_out_here(task)), flush=True)
            continue
        child = os.fork()
        if child == 0:
            code = carry_out(task)
            # What Python does at its exit, but for taking torch to pieces, longer than most commands run.
            atexit._run_exitfuncs()
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(OSError):
                    stream.flush()
            os._exit(code)
        _, status, usage = os.wait4(child, 0)
        answer = {"code": os.waitstatus_to_exitcode(status), "seconds": usage.ru_utime + usage.ru_stime}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
