"""What looks at a net while it trains: word similarity after every epoch, probes now and then."""

import pandas as pd
import torch

from rnnlab.experiment.build import build_probes
from rnnlab.experiment.experiment import Experiment
from rnnlab.probes.similarity import known_pairs, similarities
from rnnlab.runs.writer import RunWriter
from rnnlab.training.loop import EpochRow


class Observers:
    """Writes `similarity.csv` and `probes/NAME.csv` of a run, a block of rows an epoch."""

    def __init__(self, experiment: Experiment, writer: RunWriter, optimizer: torch.optim.Optimizer) -> None:
        """Notes which words have no vector and which probes make no sense for the model."""
        self._experiment, self._writer, self._optimizer = experiment, writer, optimizer
        self._every = experiment.config.probe.every
        self._pairs, self.notes = self._known_pairs()
        self._probes = build_probes(experiment.config) if self._every else {}
        for name, probe in list(self._probes.items()):
            if not_applicable := probe.not_applicable(experiment.probe_input()):
                self.notes.append(f"probe {name}: {not_applicable}; skipped")
                del self._probes[name]

    def _known_pairs(self) -> tuple[list[tuple[str, str]], list[str]]:
        """Returns the pairs that can be followed, and why others cannot."""
        pairs, vocabulary = self._experiment.config.similarity, self._experiment.task_data.vocabulary
        if vocabulary is None:
            why = (
                f"similarity: the inputs of task={self._experiment.task.name} are numbers, not words; skipped"
            )
            return [], [why] if pairs else []
        known, missing = known_pairs(pairs, vocabulary)
        return known, [f"similarity: {word!r} is not in the vocabulary; skipped" for word in missing]

    def look(self, row: EpochRow) -> None:
        """Adds the figures of a finished round (0: the untrained net)."""
        vocabulary = self._experiment.task_data.vocabulary
        if self._pairs and vocabulary is not None:
            weights = self._experiment.model.word_vectors
            self._add("similarity.csv", row, similarities(weights, vocabulary, self._pairs))
        if self._every and row.epoch % self._every == 0:
            for name, probe in self._probes.items():
                self._add(
                    f"probes/{name}.csv", row, probe.measure(self._experiment.probe_input(self._optimizer))
                )

    def _add(self, name: str, row: EpochRow, rows: pd.DataFrame) -> None:
        rows.insert(0, self._experiment.plan.unit, row.place)
        self._writer.table(name, rows)
