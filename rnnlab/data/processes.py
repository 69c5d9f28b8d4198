"""Cuts many texts into tokens on all cores.

A process is this Python with the same path, told what to do through its standard input. Those of
`multiprocessing` would run a user's own script once more, unless that has a guard for it.
"""

import contextlib
import json
import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from queue import SimpleQueue
from types import TracebackType
from typing import Any

from rnnlab.core.errors import RnnlabError
from rnnlab.core.workers import cores
from rnnlab.data.chunks import Chunk, ChunkEncoder, Encoding, in_chunks

MANY = 8
"""Chunks of a file for which it pays to start processes: a start takes as long as some three."""
START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from rnnlab.data.processes import encode_what_comes; encode_what_comes()"
)


class ParallelEncoder:
    """Cuts texts into tokens, in this process if they are few, else on all cores; it comes to the same.

    Processes begin with the first file of many texts and end with the block.
    """

    def __init__(self, encoding: Encoding, processes: int | None = None) -> None:
        """processes: how many at most, None for one a core; 1 stays in this one."""
        self._encoding = encoding
        self._most = cores() if processes is None else processes
        self._here: ChunkEncoder | None = None
        self._pool: _Pool | None = None

    def __enter__(self) -> "ParallelEncoder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.close()

    def encode(self, texts: Iterable[str]) -> Iterator[Chunk]:
        """Yields the texts' tokens in the order of the texts; keeps only a few chunks at a time."""
        chunks = in_chunks(texts)
        start = list(islice(chunks, MANY))
        if self._most > 1 and len(start) == MANY:
            self._pool = self._pool or _Pool(self._most, self._encoding)
            yield from self._pool.map(chain(start, chunks))
        else:
            self._here = self._here or ChunkEncoder(self._encoding)
            yield from map(self._here.encode, chain(start, chunks))


class _Pool:
    """Processes, and a thread for each that hands it a chunk and waits."""

    def __init__(self, number: int, encoding: Encoding) -> None:
        self._processes = [_start(encoding) for _ in range(number)]
        self._idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        for process in self._processes:
            self._idle.put(process)
        self._threads = ThreadPoolExecutor(number)

    def map(self, chunks: Iterable[list[str]]) -> Iterator[Chunk]:
        """Yields each chunk's tokens, in order."""
        waiting: deque[Future[Chunk]] = deque()
        for texts in chunks:
            waiting.append(self._threads.submit(self._encode, texts))
            if len(waiting) > 2 * len(self._processes):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def _encode(self, texts: list[str]) -> Chunk:
        process = self._idle.get()
        try:
            _send(process, texts)
            assert process.stdout is not None
            encoded: Chunk = pickle.load(process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError):
            raise RnnlabError(
                f"a process that cuts texts into tokens has ended (exit code {process.wait()}); "
                "was there enough memory?"
            ) from None
        finally:
            self._idle.put(process)
        return encoded

    def close(self) -> None:
        """Ends the processes, whatever they do."""
        for process in self._processes:
            process.kill()
        self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            with contextlib.suppress(OSError), process:  # of what it was not sent any more
                pass


def _start(encoding: Encoding) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, "-c", START, json.dumps(sys.path)],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the one that started it
    )
    _send(process, encoding)
    return process


def _send(process: "subprocess.Popen[bytes]", what: Any) -> None:
    assert process.stdin is not None
    pickle.dump(what, process.stdin, protocol=5)
    process.stdin.flush()


def encode_what_comes() -> None:
    """Is what a process does: reads an encoding and chunk after chunk, answers each, until nothing comes."""
    sys.modules["torch"] = None  # type: ignore[assignment]  # spaCy would load it, and nothing here needs it
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # should somebody print
        encoder = ChunkEncoder(pickle.load(sys.stdin.buffer))
        while True:
            try:
                texts = pickle.load(sys.stdin.buffer)
            except EOFError:
                return
            pickle.dump(encoder.encode(texts), answers, protocol=5)
            answers.flush()
