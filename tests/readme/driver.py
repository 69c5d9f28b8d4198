"""Runs commands and Python code one by one, each in a fork of this process, which has loaded rnnlab once.

Every line of standard input is a task as JSON: `words` of a command or `code`, and `output`, a file for what
it prints. Answers each with a line: its exit code, and the seconds of processor that it took.
"""

import atexit
import contextlib
import gc
import json
import os
import sys
import traceback
from pathlib import Path

# What the commands import late, and torch's optimizers later still; the forks then have it.
import hydra.main  # noqa: F401
import matplotlib.pyplot  # noqa: F401
import pandas  # noqa: F401
import spacy  # noqa: F401
import torch._dynamo  # noqa: F401

import rnnlab.cli.app
import rnnlab.workflows.train
import rnnlab.workflows.trained_run


def carry_out(task: dict[str, object]) -> int:
    """Does one task in this process, as a person's shell or notebook would; returns the exit code."""
    with Path(str(task["output"])).open("w") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    try:
        if "code" in task:
            exec(compile(str(task["code"]), "README.md", "exec"), {"__name__": "__main__"})
        else:
            sys.argv = list(task["words"])  # type: ignore[call-overload]
            rnnlab.cli.app.main()
    except SystemExit as stop:
        if isinstance(stop.code, str):
            print(stop.code, file=sys.stderr)
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def main() -> None:
    """Answers task after task."""
    gc.freeze()  # or the forks' collector would copy all that they share
    for line in sys.stdin:
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            code = carry_out(json.loads(line))
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
