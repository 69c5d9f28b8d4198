"""What the course's page needs beside what every run records."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from rnnlab.course.evidence import POSITION_TEXTS
from rnnlab.data.labels import class_token
from rnnlab.experiment.experiment import prepare
from rnnlab.experiment.find_probe import find_probe
from rnnlab.experiment.schema import Config
from rnnlab.experiment.torch_settings import torch_settings
from rnnlab.probes.base import Probe
from rnnlab.probes.gradients import Gradients
from rnnlab.probes.similarity import lengths
from rnnlab.runs.files import POSITIONS, TEXTS, TOKENS
from rnnlab.runs.tables import read_table, write_table
from rnnlab.workflows.course_texts import CourseTexts
from rnnlab.workflows.display import SILENT
from rnnlab.workflows.probe import apply_probe
from rnnlab.workflows.trained_run import TrainedRun

UNTRAINED = ("rnn", "birnn", "lstm")
"""The models of which the page shows gradients by position before any training."""


@dataclass(frozen=True)
class Examination:
    """What every net of the course is asked: five texts, and where tokens move its output."""

    texts: CourseTexts
    positions: Probe

    @classmethod
    def of(cls, texts: CourseTexts, config: Config) -> "Examination":
        """Returns it, the probe as it is configured."""
        return cls(texts, find_probe("positions", {"max_texts": POSITION_TEXTS}, config))

    def missing(self, folder: Path) -> list[str]:
        """Returns the tables of a finished run that are not there yet, or are of other texts."""
        missing = [name for name in (TOKENS, POSITIONS) if not (folder / name).is_file()]
        return missing if _holds(folder / TEXTS, self.texts) else [*missing, TEXTS]


def examine(run: TrainedRun, asked: Examination) -> None:
    """Writes what a run's net makes of the course's texts and of a token at every position.

    texts.csv: probabilities, and where the texts are from; tokens.csv: lengths of the vectors of the tokens
    and of the words that they are compared with; positions.csv: accuracy and shift of the output. What is
    there already stays, unless other texts are asked about.
    """
    missing = asked.missing(run.folder)
    if TEXTS in missing:
        table = run.predict([text for _, text in asked.texts.texts])
        table.insert(0, "question", [question for question, _ in asked.texts.texts])
        table["source"] = asked.texts.source
        write_table(run.folder / TEXTS, table)
    if TOKENS in missing:
        write_table(run.folder / TOKENS, _lengths(run))
    if POSITIONS in missing:
        what = "probe positions"
        table = apply_probe(asked.positions, run.probe_input, run.config, what=what, display=SILENT)
        write_table(run.folder / POSITIONS, table)


def _holds(path: Path, asked: CourseTexts) -> bool:
    """Returns whether a run's texts.csv is about these very texts."""
    there = read_table(path) if path.is_file() else None
    if there is None or set(there.get("source", [])) != {asked.source}:
        return False
    return there["Input text"].tolist() == [text for _, text in asked.texts]


def _lengths(run: TrainedRun) -> pd.DataFrame:
    """Returns `word` and `length` of the classes' tokens and of all words whose similarity is followed."""
    assert run.vocabulary is not None
    words = [*map(class_token, run.classes), *(word for pair in run.config.similarity for word in pair)]
    known = [word for word in dict.fromkeys(words) if word in run.vocabulary]
    return lengths(run.model.word_vectors, run.vocabulary, known)


def untrained_gradients(model: str, config: Config) -> pd.DataFrame:
    """Returns gradients by position of an untrained net, which the table calls `model`."""
    experiment = prepare(config, track=SILENT.track)
    with torch_settings(experiment.config):
        table = Gradients().measure(experiment.probe_input())
    table.insert(0, "seed", config.seed)
    table.insert(0, "model", model)
    return table
