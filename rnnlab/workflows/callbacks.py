"""What looks at a net while it trains: word similarity after every round, probes now and then."""

import pandas as pd

from rnnlab.experiment.build import build_probes
from rnnlab.experiment.experiment import Experiment
from rnnlab.probes.similarity import known_pairs, similarities
from rnnlab.runs.files import SIMILARITY, probe_log
from rnnlab.runs.writer import RunWriter
from rnnlab.training.callbacks import Callback
from rnnlab.training.loop import EpochRow, TrainingState
from rnnlab.workflows.display import TrainingRows


class WordSimilarity(Callback):
    """Writes `similarity.csv`: how alike the vectors of the configured pairs of words are."""

    def __init__(self, experiment: Experiment, writer: RunWriter) -> None:
        self._experiment, self._writer = experiment, writer
        pairs, vocabulary = experiment.config.similarity, experiment.task_data.vocabulary
        self._pairs: list[tuple[str, str]] = []
        if vocabulary is not None:
            self._pairs, missing = known_pairs(pairs, vocabulary)
            self.notes = [f"similarity: {word!r} is not in the vocabulary; skipped" for word in missing]
        elif pairs:
            self.notes = [
                f"similarity: the inputs of task={experiment.task.name} are numbers, not words; skipped"
            ]

    def on_row(self, row: EpochRow) -> None:
        """Adds a row per pair."""
        vocabulary = self._experiment.task_data.vocabulary
        if self._pairs and vocabulary is not None:
            rows = similarities(self._experiment.model.word_vectors, vocabulary, self._pairs)
            self._writer.table(SIMILARITY, _placed(rows, self._experiment.plan.unit, row))


class Probing(Callback):
    """Writes `probes/NAME.csv`: the tables of the chosen probes, every `probe.every` rounds."""

    def __init__(self, experiment: Experiment, writer: RunWriter) -> None:
        self._experiment, self._writer = experiment, writer
        self._every = experiment.config.probe.every
        probes = build_probes(experiment.config) if self._every else {}
        reasons = {name: probe.not_applicable(experiment.probe_input()) for name, probe in probes.items()}
        self._probes = {name: probe for name, probe in probes.items() if reasons[name] is None}
        self.notes = [f"probe {name}: {reason}; skipped" for name, reason in reasons.items() if reason]

    def on_begin(self, state: TrainingState) -> None:
        """Keeps the optimizer, at which probes may look, too."""
        self._optimizer = state.optimizer

    def on_row(self, row: EpochRow) -> None:
        """Adds the rows of each probe, if it is time."""
        if self._every and row.epoch % self._every == 0:
            for name, probe in self._probes.items():
                rows = probe.measure(self._experiment.probe_input(self._optimizer))
                self._writer.table(probe_log(name), _placed(rows, self._experiment.plan.unit, row))


def _placed(rows: pd.DataFrame, unit: str, row: EpochRow) -> pd.DataFrame:
    """Returns the rows with a column in front that says after which epoch or step they were made."""
    rows.insert(0, unit, row.place)
    return rows


Figures = dict[str, float | int | None]


def figures_of(row: EpochRow, experiment: Experiment) -> Figures:
    """Returns a round's figures under the names of metrics.csv; None where nothing was measured."""
    metrics = experiment.task.metrics
    figures: Figures = {experiment.plan.unit: row.place}
    figures |= {f"train_{name}": row.train[name] for name in metrics}
    figures |= {f"valid_{name}": row.valid.get(name) for name in metrics}
    return figures | {"seconds": round(row.seconds, 4)}


class Shown(Callback):
    """Shows every round's figures."""

    def __init__(self, experiment: Experiment, rows: TrainingRows) -> None:
        self._experiment, self._rows = experiment, rows

    def on_row(self, row: EpochRow) -> None:
        """Shows a row."""
        self._rows.row(figures_of(row, self._experiment))
