"""What looks at a net while it trains: word similarity after every epoch, probes now and then."""

import pandas as pd
import torch

from rnnlab.config.build import build_probes
from rnnlab.config.experiment import Experiment
from rnnlab.probes.similarity import known_pairs, similarities
from rnnlab.runs.writer import RunWriter


class Observers:
    """Writes `similarity.csv` and `probes/NAME.csv` of a run, a block of rows an epoch."""

    def __init__(self, experiment: Experiment, writer: RunWriter, optimizer: torch.optim.Optimizer) -> None:
        """Notes which words have no vector and which probes make no sense for the model."""
        self._experiment, self._writer, self._optimizer = experiment, writer, optimizer
        self._every = experiment.config.probe.every
        self._pairs, missing = known_pairs(experiment.config.similarity, experiment.corpus.vocabulary)
        self.notes = [f"similarity: {word!r} is not in the vocabulary; skipped" for word in missing]
        self._probes = build_probes(experiment.config) if self._every else {}
        for name, probe in list(self._probes.items()):
            if objection := probe.objection(experiment.model):
                self.notes.append(f"probe {name}: {objection}; skipped")
                del self._probes[name]

    def look(self, epoch: int) -> None:
        """Adds the figures of a finished epoch (0: the untrained net)."""
        if self._pairs:
            weights = self._experiment.model.embedding.weight
            self._add(
                "similarity.csv",
                epoch,
                similarities(weights, self._experiment.corpus.vocabulary, self._pairs),
            )
        if self._every and epoch % self._every == 0:
            for name, probe in self._probes.items():
                self._add(
                    f"probes/{name}.csv", epoch, probe.measure(self._experiment.subject(self._optimizer))
                )

    def _add(self, name: str, epoch: int, rows: pd.DataFrame) -> None:
        rows.insert(0, "epoch", epoch)
        self._writer.table(name, rows)
