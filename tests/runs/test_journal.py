"""The journal of a sweep: whole lines whatever happens, and what follows from them."""

import errno
import json
import os
import tracemalloc
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from rnnlab.core.errors import InputError
from rnnlab.runs.journal import EventName, Happened, Journal, Planned, PlannedJob


def planned(*names: str, **settings: str) -> Planned:
    jobs = {name: PlannedJob(hash=f"hash of {name}", words=[], settings={"seed": name}) for name in names}
    return Planned(settings=settings, jobs=jobs, asked=list(names))


def happened(name: str, event: EventName, **facts: object) -> Happened:
    return Happened.model_validate({"job": name, "event": event, "hash": f"hash of {name}", **facts})


def read(folder: Path) -> Journal:
    journal = Journal(folder)
    journal.read()
    return journal


def add_many(folder: Path, number: int) -> None:
    """Adds a hundred events, in a process of its own."""
    journal = Journal(folder)
    for place in range(100):
        journal.add(happened(f"x-{number}", "failed", error=f"{place} {'long ' * 1000}"))


def test_a_journal_says_what_became_of_each_job(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    best = {"epoch": 2, "valid_loss": 0.1 + 0.2, "valid_acc": None, "train_loss": float("nan")}
    journal.add(planned("x-1", "x-2", "x-3", lr="0.1"))
    journal.add(happened("x-1", "running"), happened("x-2", "running"))
    journal.add(happened("x-1", "done", best=best), happened("x-2", "failed", error="ValueError: \ud800 no"))
    found = read(tmp_path)
    assert [(job.name, job.state) for job in found.jobs.values()] == [
        ("x-1", "done"),
        ("x-2", "failed"),
        ("x-3", "planned"),
    ]
    assert found.jobs["x-3"].settings == {"lr": "0.1", "seed": "x-3"} and found.jobs["x-1"].seconds > 0
    done, failed = found.jobs["x-1"].last, found.jobs["x-2"].last
    assert done is not None and repr(done.best) == repr(best)
    assert failed is not None and failed.error == "ValueError: ? no" and failed.pid == os.getpid()
    assert not found.unreadable


def test_what_was_added_later_is_read_alone(tmp_path: Path) -> None:
    journal, other = Journal(tmp_path), Journal(tmp_path)
    assert other.read() == []
    journal.add(planned("x-1"))
    journal.add(happened("x-1", "running"))
    assert [event.event for event in other.read()] == ["running"]
    journal.add(happened("x-1", "interrupted"))
    assert [event.event for event in other.read()] == ["interrupted"] and other.read() == []


@pytest.mark.parametrize("cut", [1, 30])
def test_half_a_line_of_a_process_that_was_killed_is_passed_over(cut: int, tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.add(planned("x-1", "x-2"))
    journal.add(happened("x-1", "done"))
    journal.path.write_bytes(journal.path.read_bytes()[:-cut])
    assert read(tmp_path).jobs["x-1"].state == "planned"
    Journal(tmp_path).add(happened("x-2", "done"))
    found = read(tmp_path)
    assert found.jobs["x-2"].state == "done"
    # But for its end, a line is whole: another line's beginning ends it, too.
    assert (found.jobs["x-1"].state, found.unreadable) == (("done", 0) if cut == 1 else ("planned", 1))


BROKEN: dict[str, bytes] = {
    "binary": b"\xff\xfe\x00\x01",
    "no object": b"[1, 2]",
    "nothing known": b'{"event": "lost", "job": "x-1"}',
    "deep": b'{"event":' * 5000,
    "outside": json.dumps({"event": "done", "job": "../x", "hash": "hash of x-1"}).encode(),
    "no job": json.dumps({"event": "done", "job": "x-9", "hash": "hash of x-9"}).encode(),
    "another job": json.dumps({"event": "done", "job": "x-1", "hash": "hash of x-2"}).encode(),
    "numbers": json.dumps(
        {"event": "done", "job": "x-1", "hash": "hash of x-1", "best": {"a": "b"}}
    ).encode(),
}


@pytest.mark.parametrize("line", BROKEN.values(), ids=BROKEN.keys())
def test_a_line_that_cannot_be_meant_is_passed_over(line: bytes, tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.add(planned("x-1"))
    journal.path.write_bytes(journal.path.read_bytes() + line + b"\n")
    journal.add(happened("x-1", "running"))
    found = read(tmp_path)
    assert (found.jobs["x-1"].state, found.unreadable, list(found.jobs)) == ("running", 1, ["x-1"])


@pytest.mark.parametrize("kind", ["a pipe", "a device", "a folder", "a symbolic link"])
def test_what_is_no_file_is_refused_at_once_and_not_written_into(kind: str, tmp_path: Path) -> None:
    journal, elsewhere = Journal(tmp_path / "sweep"), tmp_path / "mine"
    elsewhere.write_text("mine\n")
    journal.folder.mkdir()
    match kind:
        case "a pipe":
            os.mkfifo(journal.path)
        case "a folder":
            journal.path.mkdir()
        case _:
            journal.path.symlink_to("/dev/zero" if kind == "a device" else elsewhere)
    with pytest.raises(InputError, match=r"journal\.jsonl: is a .*; expected a file"):
        journal.read()
    if kind == "a symbolic link":
        with pytest.raises(OSError, match="symbolic link"):
            journal.add(planned("x-1"))
        (journal.folder / ".claims").mkdir()
        (journal.folder / ".claims/x-1").symlink_to(tmp_path / "new")
        with pytest.raises(OSError, match="symbolic link"), journal.claim("x-1"):
            pass
    assert elsewhere.read_text() == "mine\n" and not (tmp_path / "new").exists()


def test_a_journal_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Journal(tmp_path).add(planned("x-1"))
    monkeypatch.setattr("rnnlab.runs.journal.MOST_BYTES", 100)
    with pytest.raises(InputError, match="expected at most 100 bytes, found more"):
        read(tmp_path)


def test_settings_that_all_jobs_share_are_kept_once(tmp_path: Path) -> None:
    names, shared = [f"x-{number}" for number in range(2_000)], {f"key{n}": "1" for n in range(2_000)}
    Journal(tmp_path).add(planned(*names, **shared))
    tracemalloc.start()
    try:
        journal = read(tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(journal.jobs["x-1"].settings) == 2_001 and peak < 100 * journal.path.stat().st_size


def test_processes_that_write_at_once_lose_no_line(tmp_path: Path) -> None:
    names = [f"x-{number}" for number in range(4)]
    Journal(tmp_path).add(planned(*names))
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        list(pool.map(add_many, [tmp_path] * 4, range(4)))
    journal = Journal(tmp_path)
    errors = [(event.job, int(str(event.error).split()[0])) for event in journal.read()]
    assert not journal.unreadable
    for name in names:
        assert [place for job, place in errors if job == name] == list(range(100))


def test_on_a_full_disk_nothing_of_a_line_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, write = Journal(tmp_path), os.write
    journal.add(planned("x-1"))
    before = journal.path.read_bytes()

    def half(descriptor: int, data: bytes) -> int:
        return write(descriptor, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OSError) as full:
        journal.add(happened("x-1", "running"))
    assert full.value.errno == errno.ENOSPC and journal.path.read_bytes() == before


def test_a_job_is_one_process_s_at_a_time(tmp_path: Path) -> None:
    one, other = Journal(tmp_path), Journal(tmp_path)
    with one.claim("x-1") as mine, other.claim("x-1") as theirs, other.claim("x-2") as another:
        assert (mine, theirs, another) == (True, False, True)
        assert other.claimed("x-1")
    assert not other.claimed("x-1") and not other.claimed("x-3")
