"""Runs commands and Python code one by one, each in a fork of this process, which has loaded rnnlab once.

Every line of standard input is a task as JSON: `words` of a command or `code`, and `output`, a file for what
it prints. Answers each with a line: its exit code, and the seconds of processor that it took.
"""

import json
import os
import sys
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


def carry_out(task: dict[str, object]) -> None:
    """Does one task in this process, as a person's shell or notebook would."""
    with Path(str(task["output"])).open("w") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    if "code" in task:
        exec(compile(str(task["code"]), "README.md", "exec"), {"__name__": "__main__"})
        return
    sys.argv = list(task["words"])  # type: ignore[call-overload]
    rnnlab.cli.app.main()


def main() -> None:
    """Answers task after task."""
    for line in sys.stdin:
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            # Through Python's own exit, so that exit handlers run and what was printed is written.
            return carry_out(json.loads(line))
        _, status, usage = os.wait4(child, 0)
        answer = {"code": os.waitstatus_to_exitcode(status), "seconds": usage.ru_utime + usage.ru_stime}
        print(json.dumps(answer), flush=True)
    return None


if __name__ == "__main__":
    main()
