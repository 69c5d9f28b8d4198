"""Worker processes: one that dies is its own job's loss, and none outlives whoever began it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Hashable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rnnlab.core.errors import InputError
from rnnlab.core.worker import Began, Done, Event, Failed, JobError, Told
from rnnlab.core.workers import Workers

REFUSE = "from rnnlab.core.errors import InputError\nraise InputError('train.tsv: no such file')"
TELL = "from rnnlab.core.worker import tell\ntell(0.5)"
# Marks its beginning, and waits; an interruption is an error like others, after which a job may tidy up.
LONG = """
import time
from pathlib import Path
Path({name!r}).write_text("begun")
try:
    time.sleep(600)
except KeyboardInterrupt:
    Path({name!r}).write_text("tidied")
    raise
"""


@pytest.fixture
def two() -> Iterator[Workers]:
    with Workers(2) as workers:
        yield workers


def outcomes(events: Iterator[Event]) -> dict[Hashable, Any]:
    """Returns what became of each job: its value, or its error."""
    found: dict[Hashable, Any] = {}
    for event in events:
        match event:
            case Done(job, value):
                found[job] = value
            case Failed(job, error):
                found[job] = error
    return found


def wait_for(path: Path, text: str) -> None:
    end = time.monotonic() + 60
    while not (path.is_file() and path.read_text() == text):
        assert time.monotonic() < end, f"{path} does not say {text!r}"
        time.sleep(0.02)


def test_values_come_back_from_processes_that_are_used_again(two: Workers) -> None:
    for number in range(6):
        two.submit(number, os.getpid)
    events = list(two.events())
    pids = {event.value for event in events if isinstance(event, Done)}
    assert [event.job for event in events if isinstance(event, Began)] == list(range(6))
    assert 1 <= len(pids) <= 2 and os.getpid() not in pids
    two.submit("more", os.getpid)
    assert outcomes(two.events())["more"] in pids


@pytest.mark.parametrize("number", [1, 3])
def test_results_do_not_depend_on_the_number_of_workers(number: int) -> None:
    with Workers(number) as workers:
        for base in range(7):
            workers.submit(base, pow, base, 2)
        assert outcomes(workers.events()) == {base: base**2 for base in range(7)}


def test_a_worker_that_dies_takes_no_other_job_with_it(two: Workers) -> None:
    two.submit("killed", signal.raise_signal, signal.SIGKILL)
    two.submit("gone", os._exit, 3)
    two.submit("asked to end", signal.raise_signal, signal.SIGTERM)
    for number in range(4):
        two.submit(number, abs, -number)
    found = outcomes(two.events())
    assert {number: found[number] for number in range(4)} == {number: number for number in range(4)}
    assert "ended by SIGKILL; the system does that where memory runs out" in str(found["killed"])
    assert "exit code 3" in str(found["gone"]) and "ended by SIGTERM" in str(found["asked to end"])
    assert all(isinstance(found[job], JobError) for job in ("killed", "gone", "asked to end"))


def test_a_worker_that_dies_without_a_job_is_replaced(two: Workers) -> None:
    two.submit("pid", os.getpid)
    pid = outcomes(two.events())["pid"]
    os.kill(pid, signal.SIGKILL)
    for number in range(4):
        two.submit(number, os.getpid)
    found = outcomes(two.events())
    assert len(found) == 4 and pid not in found.values()


def test_an_error_is_the_jobs_own_with_its_traceback(two: Workers) -> None:
    two.submit("foreseen", exec, REFUSE)
    two.submit("a defect", int, "x")
    two.submit("an exit", sys.exit, 4)
    found = outcomes(two.events())
    assert isinstance(found["foreseen"], InputError) and str(found["foreseen"]) == "train.tsv: no such file"
    assert str(found["a defect"]).startswith("ValueError: invalid literal")
    assert "Traceback" in found["a defect"].details and "SystemExit: 4" in str(found["an exit"])


def test_memory_that_runs_out_is_the_jobs_own_error(two: Workers) -> None:
    two.submit("too much", bytearray, 2**60)
    two.submit("fine", len, "abc")
    found = outcomes(two.events())
    assert str(found["too much"]).startswith("MemoryError") and found["fine"] == 3


def test_what_a_job_tells_arrives_before_its_end(two: Workers) -> None:
    two.submit("job", exec, TELL)
    assert list(two.events()) == [Began("job"), Told("job", 0.5), Done("job", None)]


def test_waiting_ends_with_the_time_given(two: Workers) -> None:
    two.submit("long", time.sleep, 600)
    assert list(two.events(timeout=0.1)) == [Began("long")]


def test_a_job_under_way_at_the_end_may_tidy_up(tmp_path: Path) -> None:
    name = str(tmp_path / "mark")
    with Workers(1) as workers:
        workers.submit("long", exec, LONG.format(name=name))
        list(workers.events(timeout=0.1))
        wait_for(Path(name), "begun")
    assert Path(name).read_text() == "tidied"


def test_a_job_that_does_not_listen_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnnlab.core.workers.GRACE", 0.2)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    with Workers(1) as workers:
        workers.submit("deaf", exec, deaf)
        list(workers.events(timeout=0.5))
        (worker,) = workers._workers
    assert worker.process.exitcode == -signal.SIGKILL


def test_a_preparation_that_fails_is_said_of_each_job() -> None:
    with Workers(1, begin=partial(exec, REFUSE)) as workers:
        workers.submit(1, abs, -1)
        workers.submit(2, abs, -2)
        found = outcomes(workers.events())
    assert [str(found[job]) for job in (1, 2)] == ["train.tsv: no such file"] * 2


SCRIPT = """
import os, signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell runs tests in the background
with Path("ran").open("a") as file:
    file.write("once")
from rnnlab.core.workers import Workers
with Workers(2) as workers:
    for name in ("a", "b"):
        workers.submit(name, exec, {long!r}.format(name=name))
    for event in workers.events():
        pass
"""


AS_THE_COMMAND = "import sys; del sys.path[0]; exec(open('script.py').read())"


@pytest.fixture(params=[["-P", "script.py"], ["-c", AS_THE_COMMAND]], ids=["script", "command"])
def script(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A script without `if __name__ == "__main__"`, two jobs of which are under way."""
    (tmp_path / "script.py").write_text(SCRIPT.format(long=LONG))
    for module in ("pickle", "selectors", "torch"):  # a stranger's, in the folder where it runs
        (tmp_path / f"{module}.py").write_text("from pathlib import Path\nPath('stranger').touch()\n")
    with subprocess.Popen(
        [sys.executable, *request.param],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stderr=subprocess.PIPE,
    ) as process:
        for name in ("a", "b"):
            wait_for(tmp_path / name, "begun")
        yield process
        process.kill()


def test_a_script_that_is_killed_leaves_no_worker_behind(
    script: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    script.kill()
    for name in ("a", "b"):
        wait_for(tmp_path / name, "tidied")


def test_workers_run_neither_the_script_again_nor_a_strangers_file(
    script: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    script.send_signal(signal.SIGINT)
    _, err = script.communicate(timeout=60)
    assert err.decode().strip().endswith("KeyboardInterrupt")
    assert [(tmp_path / name).read_text() for name in ("a", "b")] == ["tidied"] * 2
    assert (tmp_path / "ran").read_text() == "once" and not (tmp_path / "stranger").exists()
