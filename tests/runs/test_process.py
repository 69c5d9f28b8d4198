"""A recorded process is alive, gone, elsewhere or unknown, whatever has its number now."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rnnlab.runs.finder import Run
from rnnlab.runs.process import life_of, this_process

CHILD = """
import json, sys
from rnnlab.runs.process import this_process
print(json.dumps(this_process()), flush=True)
sys.stdin.read()
"""


def process_of_a_child(*, killed: bool) -> dict[str, Any]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", CHILD], **pipes) as child:  # type: ignore[call-overload]
        assert child.stdout is not None
        found = json.loads(child.stdout.readline())
        assert life_of(found) == "alive"
        if killed:
            child.kill()
            while life_of(found) == "alive":  # and then a zombie, until it is waited for
                pass
            assert life_of(found) == "gone"
    return dict(found)


def test_a_process_is_alive_until_it_is_gone() -> None:
    assert life_of(this_process()) == "alive"
    assert life_of(process_of_a_child(killed=True)) == "gone"
    assert life_of(process_of_a_child(killed=False)) == "gone"


def test_another_process_of_the_same_number_is_not_taken_for_it() -> None:
    assert life_of(this_process() | {"began": "an earlier boot 17"}) == "gone"


def test_of_another_host_nothing_is_guessed() -> None:
    assert life_of(this_process() | {"host": "node-7"}) == "elsewhere"


@pytest.mark.parametrize(
    "recorded", [None, 3, "x", {}, {"pid": "1"}, {"pid": -1}, {"pid": True, "host": "x"}]
)
def test_what_names_no_process_is_of_unknown_fate(recorded: Any) -> None:
    assert life_of(recorded) == "unknown"


@pytest.mark.parametrize(
    ("status", "process", "told"),
    [
        ("running", {}, "running"),
        ("running", {"began": "-"}, "killed"),
        ("running", {"host": "node-7"}, "running on node-7"),
        ("running", None, "unfinished"),
        ("trained", {}, "running"),
        ("trained", {"began": "-"}, "trained"),
        ("finished", {"began": "-"}, "finished"),
        ("interrupted", {}, "interrupted"),
    ],
)
def test_a_status_is_told_as_it_is_now(status: str, process: dict[str, Any] | None, told: str) -> None:
    recorded = None if process is None else this_process() | process
    run = Run(Path("outputs/x"), {"status": status, "process": recorded})
    assert run.status == told and run.under_way == told.startswith("running")
