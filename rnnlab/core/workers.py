"""Processes that do one job after another, each of whose ends costs no more than its own job.

    with Workers(4, preload=["rnnlab.workflows.train"]) as workers:
        for number in range(24):
            workers.submit(number, train_one, number)
        for event in workers.events():
            match event: …                     Began, Told, Done and Failed, as they come

Nothing of a pool is shared by its workers: each has a pipe of its own, so that one that dies, by a signal or
for want of memory, cannot leave a lock or half a message behind for the others. It is replaced. All are
forks of one process that has imported `preload` once.
"""

import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import forkserver, get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from rnnlab.core.worker import GRACE, INTERRUPTED, Began, DiedError, Done, Event, Failed, Told, serve

ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
"""What libraries begin with in a worker; a job may set threads of its own."""


def cores() -> int:
    """Returns how many cores this process may use; one where it is itself one of several."""
    if parent_process() is not None:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def warm_up(preload: Sequence[str]) -> None:
    """Has the process begun from which workers will fork: it imports while the caller gets jobs ready."""
    with _server_settings(preload):
        forkserver.ensure_running()


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    job: Hashable = None


@dataclass
class Workers:
    """So many processes at most, begun when there is work for them, ended with the `with` block.

    preload: modules imported once for all; begin: called once in every process, before its first job.
    Functions and what they take and return cross by pickle, so that functions have to be a module's own.
    """

    number: int
    preload: Sequence[str] = ()
    begin: Callable[[], None] | None = None
    _waiting: deque[tuple[Hashable, Callable[..., Any], tuple[Any, ...]]] = field(default_factory=deque)
    _events: deque[Event] = field(default_factory=deque)
    _workers: list[_Worker] = field(default_factory=list)

    def submit(self, job: Hashable, function: Callable[..., Any], *arguments: Any) -> None:
        """Has `function(*arguments)` done after what was submitted before; events call it `job`."""
        self._waiting.append((job, function, arguments))

    def events(self, timeout: float | None = None) -> Iterator[Event]:
        """Yields what happens, until all that was submitted is over, or nothing does for `timeout` seconds.

        More jobs may be submitted meanwhile.
        """
        while True:
            self._hand_out()
            if not self._events and not self._collect(timeout):
                return
            while self._events:
                yield self._events.popleft()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Ends all processes: a job under way is interrupted as by Ctrl-C, or else killed."""
        self._waiting.clear()
        try:
            for worker in self._workers:
                worker.process.terminate()
            end = time.monotonic() + GRACE
            for worker in self._workers:
                worker.process.join(max(0.0, end - time.monotonic()))
        finally:  # also where a second Ctrl-C cuts that short
            for worker in self._workers:
                worker.process.kill()
                worker.process.join()
                worker.connection.close()
            self._workers.clear()

    def _hand_out(self) -> None:
        idle = [worker for worker in self._workers if worker.job is None]
        while self._waiting and (idle or len(self._workers) < self.number):
            worker = idle.pop() if idle else self._start()
            job, function, arguments = self._waiting.popleft()
            try:
                worker.connection.send((job, function, arguments))
            except OSError:  # it died while it had nothing to do
                self._bury(worker)
                self._waiting.appendleft((job, function, arguments))
                continue
            worker.job = job
            self._events.append(Began(job))

    def _start(self) -> _Worker:
        context, environment = get_context("forkserver"), {**os.environ, **ONE_THREAD}
        ours, theirs = context.Pipe()
        with theirs, _server_settings(self.preload):
            process = context.Process(target=serve, args=(theirs, environment, self.begin))
            process.start()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker

    def _collect(self, timeout: float | None) -> bool:
        """Waits for news of the jobs under way; returns whether there were any."""
        busy = [worker for worker in self._workers if worker.job is not None]
        if not busy:
            return False
        ready = wait([source for w in busy for source in (w.connection, w.process.sentinel)], timeout)
        for worker in busy:
            if worker.connection in ready or worker.process.sentinel in ready:
                self._events.append(self._news(worker))
        return bool(ready)

    def _news(self, worker: _Worker) -> Event:
        job = worker.job
        try:
            # Of a worker that has ended, what it had sent before is still to be read.
            event = worker.connection.recv() if worker.connection.poll() else None
        except (EOFError, OSError):
            event = None
        match event:
            case Told(_, what):
                return Told(job, what)
            case Done(_, value):
                worker.job = None
                return Done(job, value)
            case Failed(_, error):
                worker.job = None
                return Failed(job, error)
        return Failed(job, DiedError(self._bury(worker)))

    def _bury(self, worker: _Worker) -> str:
        """Forgets a worker that has ended; returns how it did."""
        worker.process.join(GRACE)
        self._workers.remove(worker)
        worker.connection.close()
        code = worker.process.exitcode or 0
        number = -code if code < 0 else code - INTERRUPTED + signal.SIGTERM
        if number not in set(signal.Signals):
            return f"its process ended by itself (exit code {code})"
        hint = "; the system does that where memory runs out" if number == signal.SIGKILL else ""
        return f"its process was ended by {signal.Signals(number).name}{hint}"


@contextmanager
def _server_settings(preload: Sequence[str]) -> Iterator[None]:
    """Lets the process from which workers fork begin as this one would, whoever calls.

    It looks for modules where this one does, and not first in the current folder, where a stranger's file may
    have the name of any module. Nor is the caller's script run again in every worker, as multiprocessing
    would: it may lack `if __name__ == "__main__"`, and workers run only what modules hold.
    """
    paths = {"PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)}
    settings = {**ONE_THREAD, **paths, "PYTHONSAFEPATH": "1"}
    main, before = sys.modules["__main__"], dict(os.environ)
    os.environ.update(settings)
    sys.modules["__main__"] = ModuleType("__main__")
    forkserver.set_forkserver_preload(list(preload))
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        for name in settings:
            del os.environ[name]
        os.environ.update(before)
