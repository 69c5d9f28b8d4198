"""The journal of a sweep: what was planned and what became of it, an event a line, only ever added to.

{"event": "planned", …, "settings": {…}, "jobs": {NAME: {"hash": …, "words": […], "settings": {…}, …}, …}}
{"event": "running", "time": …, "job": NAME, "hash": …, "host": …, "pid": …}
{"event": "done", …, "job": NAME, "hash": …, "best": {…}}
{"event": "failed", …, "job": NAME, "hash": …, "error": …}                  or interrupted, or killed

Jobs write what becomes of them themselves, on whatever machine; who began them adds what they cannot write
any more. A job is named as its folder. Beside the journal lies a lock a job, held as long as the job lives.
"""

import errno
import json
import os
import socket
from collections import ChainMap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from rnnlab.core.errors import InputError
from rnnlab.core.files import check_regular
from rnnlab.core.locks import is_locked, lock, lock_open_file
from rnnlab.core.printable import shortened
from rnnlab.runs.files import CLAIMS, JOURNAL

PATIENCE = 0.3
"""Seconds for which a claim is tried: whoever looks whether there is one holds its lock for a moment."""

MOST_BYTES = 2**28
"""Of a journal: a hundred thousand jobs have less to say."""

LONGEST_SAID = 900
"""Characters of what became of a job; all of it is in the job's own log."""


Name = Annotated[str, StringConstraints(pattern=r"^\w[\w.-]*$", max_length=200)]
Words = Annotated[list[str], Field(max_length=10_000)]
Said = Annotated[str, AfterValidator(partial(shortened, limit=LONGEST_SAID))]
Settings = dict[str, str]
Whole = Annotated[int, Field(ge=-(2**53), le=2**53)]
Figures = dict[str, Whole | float | None]
Command = Literal["train", "horizon", "reproduce"]
EventName = Literal["running", "done", "failed", "killed", "interrupted"]


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")
    time: AwareDatetime = Field(default_factory=lambda: datetime.now().astimezone())


class PlannedJob(BaseModel):
    """A job: the hash of its configuration and data, its words, and the settings that not all have alike.

    choices: the name chosen in each of Hydra's groups.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    hash: str
    words: Words
    settings: Settings
    choices: Settings = {}


class Planned(_Line):
    """What was asked for by one command; jobs: those of it that were new; settings: what they have alike."""

    event: Literal["planned"] = "planned"
    command: Command = "train"
    settings: Settings
    jobs: dict[Name, PlannedJob]
    asked: list[Name]


class Happened(_Line):
    """What became of a job.

    error: of one that failed, in a line; best: of one that is done, the figures of its best round; stopped:
    why that was before its end; host, pid: of the process that says so.
    """

    event: EventName
    job: Name
    hash: str
    error: Said | None = None
    best: Figures | None = None
    stopped: Said | None = None
    host: str = Field(default_factory=socket.gethostname)
    pid: int = Field(default_factory=os.getpid)


Event = Annotated[Planned | Happened, Field(discriminator="event")]
_EVENT: TypeAdapter[Planned | Happened] = TypeAdapter(Event)


@dataclass
class Job:
    """A job as the journal has it.

    settings: all of them; choices: by group; last: what became of it last; at: where in the journal that
    stands; seconds: from its last beginning to that.
    """

    name: str
    hash: str
    words: list[str]
    settings: Mapping[str, str]
    choices: Mapping[str, str]
    last: Happened | None = None
    at: int = -1
    seconds: float = 0.0

    @property
    def state(self) -> EventName | Literal["planned"]:
        """What became of it last; `running` is also one whose process is gone, see `Journal.claimed`."""
        return "planned" if self.last is None else self.last.event


@dataclass
class Journal:
    """The journal in a sweep's folder, read as far as `read` has.

    jobs: by name, in the order of the plans; asked: the names of every plan; command: of the first;
    unreadable: how many lines are; position: of the next byte to be read.
    """

    folder: Path
    jobs: dict[str, Job] = field(default_factory=dict)
    asked: list[list[str]] = field(default_factory=list)
    command: Command | None = None
    unreadable: int = 0
    position: int = 0

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / JOURNAL

    def read(self) -> list[Happened]:
        """Reads what was added; returns what has happened since.

        Raises InputError for what is no file of the sweep's own, or too large a one.
        """
        try:
            if self.path.is_symlink():
                raise InputError(f"{self.path}: is a symbolic link; expected a file")
            check_regular(self.path)
            if self.path.stat().st_size > MOST_BYTES:
                raise InputError(f"{self.path}: expected at most {MOST_BYTES:,} bytes, found more")
            with self.path.open("rb") as file:
                file.seek(self.position)
                added = file.read()
        except FileNotFoundError:
            return []
        # What follows the last line's end may be half a line, of a process that writes or was killed then.
        happened = []
        for line in added[: added.rfind(b"\n") + 1].splitlines(keepends=True):
            if (event := self._take(line)) is not None:
                happened.append(event)
            self.position += len(line)
        return happened

    def add(self, *events: Planned | Happened) -> None:
        """Writes events to the end of the journal, each whole or not at all, and reads up to there."""
        with self.writing() as descriptor:
            self.write(descriptor, *events)
        self.read()

    @contextmanager
    def writing(self) -> Iterator[int]:
        """Keeps all others from adding anything as long as the block lasts; yields what `write` takes."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            lock_open_file(descriptor, self.path)
            yield descriptor
        finally:
            os.close(descriptor)

    def write(self, descriptor: int, *events: Planned | Happened) -> None:
        """Writes events in one go; raises OSError, and leaves nothing of them, where the disk is full."""
        lines = b"".join(map(_as_line, events))
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":  # half a line of a process that was killed
            lines = b"\n" + lines
        written = os.write(descriptor, lines)
        if written < len(lines):
            os.ftruncate(descriptor, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))

    @contextmanager
    def claim(self, name: str) -> Iterator[bool]:
        """Claims a job for this process as long as the block lasts; yields False if another has it."""
        (self.folder / CLAIMS).mkdir(exist_ok=True)
        with lock(self.folder / CLAIMS / name, patience=PATIENCE) as mine:
            yield mine

    def claimed(self, name: str) -> bool:
        """Returns whether another process that lives has claimed a job."""
        return is_locked(self.folder / CLAIMS / name)

    def _take(self, line: bytes) -> Happened | None:
        if not line.strip():
            return None
        try:
            event = _EVENT.validate_json(line)
        except (ValidationError, RecursionError):
            self.unreadable += 1
            return None
        if isinstance(event, Planned):
            for name, job in event.jobs.items():
                settings = ChainMap(job.settings, event.settings)
                self.jobs.setdefault(name, Job(name, job.hash, job.words, settings, job.choices))
            self.asked.append(event.asked)
            self.command = self.command or event.command
            return None
        known = self.jobs.get(event.job)
        if known is None or known.hash != event.hash:
            self.unreadable += 1
            return None
        if known.last is not None:
            known.seconds = (event.time - known.last.time).total_seconds()
        known.last, known.at = event, self.position
        return event


def _as_line(event: Planned | Happened) -> bytes:
    known = {key: value for key, value in event.model_dump(mode="json").items() if value is not None}
    # A lone surrogate, as of a file's name that is not UTF-8, cannot be read back.
    return json.dumps(known, ensure_ascii=False).encode(errors="replace") + b"\n"
