"""Whether a training that is killed again and again, and resumed, ends as one that is never interrupted."""

import hashlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from rnnlab.core.errors import RnnlabError
from rnnlab.core.metrics import TIMES
from rnnlab.experiment.build import check_buildable
from rnnlab.experiment.compose import checked, compose_config
from rnnlab.runs.csv_text import CsvText
from rnnlab.runs.files import FIGURES, HYDRA, METRICS, REPORT, SUMMARY
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.lives import MOMENTS, Killer

OF_THIS_RUN = ("started", "wall_seconds", "peak_memory_mib", "process", "resumed", "training", "command")
"""Keys of summary.json that no two runs have in common."""
THERE = "there"
DIGITS = 12


class ResumeError(RnnlabError):
    """A resumed training ended otherwise than an uninterrupted one."""


@dataclass(frozen=True)
class Verification:
    """What came out.

    files: a row per file: `file`, `uninterrupted` and `resumed`, the first digits of the SHA-256 of what is
    compared (`there` where that is only whether there is such a file), and `same`, in how many of the runs;
    kills: how many hit at each moment; runs: how many were killed, resumed and compared; folder: where they
    lie, if they are not the same.
    """

    files: pd.DataFrame
    kills: dict[str, int]
    runs: int
    folder: Path | None

    def __str__(self) -> str:
        hit = ", ".join(f"{number} {moment}" for moment, number in self.kills.items())
        return f"{sum(self.kills.values())} kills ({hit}), {self.runs} resumed runs compared"

    def check(self) -> None:
        """Raises ResumeError where anything differs."""
        if self.folder is not None:
            different = ", ".join(self.files.loc[self.files["same"] != f"{self.runs} of {self.runs}", "file"])
            raise ResumeError(f"resumed runs differ in {different}; they are kept in {self.folder}")


def verify_resume(
    words: Sequence[str], *, kills: int, seed: int = 1, display: Display = SILENT
) -> Verification:
    """Trains once uninterrupted; then again, killed at random moments and resumed until it is finished, as
    often as it takes for so many kills to hit; and compares all that they left.

    Args:
        words: KEY=VALUE, what is trained.
        kills: by SIGKILL, drawn over what is left of the training, over the time before it, and in the middle
            of writing a file.
        seed: of the moments.
        display: shows how it goes.

    Raises:
        InputError: a word is wrong.
        RnnlabError: a training, or going on with it, failed.
    """
    check_buildable(checked(compose_config(list(words))))
    root = Path(tempfile.mkdtemp(prefix="verify-resume-"))
    whole = root / "uninterrupted"
    with display.status("An uninterrupted training"):
        killer = Killer.after_a_whole_life(whole, words, seed)
    hits: Counter[str] = Counter(dict.fromkeys(MOMENTS, 0))
    resumed: list[Path] = []
    with display.bar("kills", kills) as bar:
        while hits.total() < kills:
            resumed.append(root / f"resumed-{len(resumed)}")
            while hits.total() < kills and (moment := killer.kill(resumed[-1]).killed) is not None:
                hits[moment] += 1
                bar.advance(1)
        killer.live(resumed[-1])
    files = _compared(whole, resumed)
    same = bool((files["same"] == f"{len(resumed)} of {len(resumed)}").all())
    if same:
        shutil.rmtree(root, ignore_errors=True)
    return Verification(files, dict(hits), len(resumed), None if same else root)


def _compared(whole: Path, resumed: Sequence[Path]) -> pd.DataFrame:
    expected, found = digests(whole), [digests(folder) for folder in resumed]
    rows = []
    for name in sorted(expected.keys() | {name for of_run in found for name in of_run}):
        there = [of_run.get(name, "-") for of_run in found]
        ours = expected.get(name, "-")
        different = [digest for digest in there if digest != ours]
        number = f"{len(there) - len(different)} of {len(there)}"
        rows.append((name, ours, (different or there)[0], number))
    return pd.DataFrame(rows, columns=["file", "uninterrupted", "resumed", "same"])


def digests(folder: Path) -> dict[str, str]:
    """Returns of every file of a run what is to be equal in two of the same training, shortened."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    files = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: _digest(name, path) for name, path in files.items() if not name.startswith(HYDRA)}


def _digest(name: str, path: Path) -> str:
    if name == REPORT or name.startswith(FIGURES) or name.endswith(".log"):
        return THERE  # they show times
    content = path.read_bytes()
    if name == METRICS:
        names, *rows = CsvText.read(content.decode()).cells()
        kept = [index for index, column in enumerate(names) if column not in TIMES]
        content = repr([[row[index] for index in kept] for row in (names, *rows)]).encode()
    elif name == SUMMARY:
        summary = {key: value for key, value in json.loads(content).items() if key not in OF_THIS_RUN}
        for row in (summary["final"], summary["best"]):
            for column in TIMES:
                (row or {}).pop(column, None)
        content = json.dumps(summary, sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()[:DIGITS]
