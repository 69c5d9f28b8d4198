"""What a configuration describes, made and ready to be trained, evaluated or probed."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from rnnlab.config.build import (
    build_corpus,
    build_device,
    build_model,
    build_task,
    build_vectors,
    configure_torch,
    with_insertion,
)
from rnnlab.config.schema import Config
from rnnlab.core.batch import Objective
from rnnlab.core.files import fingerprint
from rnnlab.data.corpus import Corpus, Track
from rnnlab.data.splits import TextSplit
from rnnlab.models.base import SequenceModel
from rnnlab.probes.base import Subject


@dataclass(frozen=True)
class Experiment:
    """A task, its encoded splits (training and validation with their inserted tokens) and an untrained model.

    notes: what a person should know of it, one line each; monitor: the metric that chooses the best
    epoch; files: path and SHA-256 of everything read; vector_coverage: the share, 0 to 1, of the training
    texts' running words (unknown ones included) that have a pretrained vector, None without vectors.
    """

    config: Config
    task: Objective
    corpus: Corpus
    splits: dict[str, TextSplit]
    model: SequenceModel
    device: str
    monitor: str
    notes: list[str]
    files: dict[str, dict[str, str]]
    vector_coverage: float | None

    def subject(self, optimizer: torch.optim.Optimizer | None = None) -> Subject:
        """Returns what a probe looks at: the model, and the validation texts (else the training ones)."""
        name = "valid" if "valid" in self.splits else "train"
        inserted = self.splits[name]
        return Subject(
            model=self.model,
            objective=self.task,
            vocabulary=self.corpus.vocabulary,
            texts=replace(self.corpus.splits[name], precision=inserted.precision),
            inserted=inserted,
            device=self.device,
            optimizer=optimizer,
        )


def prepare(config: Config, *, track: Track) -> Experiment:
    """Reads, encodes and builds everything; raises InputError for bad input; writes only the cache."""
    configure_torch(config)
    task, device = build_task(config), build_device(config)
    corpus = build_corpus(config, track=track)
    vectors = build_vectors(config, corpus.vocabulary)
    corpus = corpus.keep()  # not before the vectors are known to be good: bad input leaves nothing behind
    precision = getattr(torch, config.training.precision)
    splits = {
        name: replace(
            with_insertion(split, config, corpus.vocabulary) if name != "test" else split, precision=precision
        )
        for name, split in corpus.splits.items()
    }
    model = build_model(config, corpus.vocabulary, vectors).to(device)
    files = dict(corpus.files)
    if config.data.vectors is not None:
        files["vectors"] = {"path": config.data.vectors, "sha256": fingerprint(Path(config.data.vectors))}
    monitor, notes = _monitor(config, has_validation="valid" in splits)
    notes = [*corpus.notes, *notes]
    if config.freeze and config.insert != "none":
        notes.append(
            f"insert={config.insert} with freeze=true: the inserted tokens stay zeros, which carry no label"
        )
    coverage = None
    if vectors is not None:
        coverage = float(vectors.found[corpus.splits["train"].ids].mean())
        covered = int(vectors.found.sum())
        notes.append(
            f"vectors: {covered:,} of {len(corpus.vocabulary) - 4:,} words found; the others start as zeros"
        )
    return Experiment(config, task, corpus, splits, model, device, monitor, notes, files, coverage)


def _monitor(config: Config, *, has_validation: bool) -> tuple[str, list[str]]:
    wanted = config.training.monitor
    if has_validation or not wanted.startswith("valid_"):
        return wanted, []
    instead = wanted.replace("valid_", "train_")
    return instead, [f"no validation texts: training.monitor={wanted} becomes {instead}"]
