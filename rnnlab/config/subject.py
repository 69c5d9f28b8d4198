"""What a probe gets to see of a finished run."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from rnnlab.config.build import build_corpus, build_model, build_vectors, with_insertion
from rnnlab.config.restore import RestoredRun
from rnnlab.core.errors import InputError
from rnnlab.core.files import fingerprint
from rnnlab.data.corpus import Corpus, Track
from rnnlab.probes.base import Subject


def corpus_of(restored: RestoredRun, *, track: Track) -> Corpus:
    """Returns the run's encoded texts; raises InputError if they are gone or other than they were."""
    corpus = build_corpus(restored.config, track=track)
    if corpus.vocabulary.words != restored.vocabulary.words:
        raise InputError(f"{restored.config.data.train}: has changed since the run (its vocabulary differs)")
    return corpus


def subject_of(restored: RestoredRun, corpus: Corpus) -> Subject:
    """Returns the run's model beside its validation texts (else the training ones), in its precision."""
    texts = corpus.splits.get("valid", corpus.splits["train"])
    texts = replace(texts, precision=getattr(torch, restored.config.training.precision))
    return Subject(
        model=restored.model,
        objective=restored.task,
        vocabulary=restored.vocabulary,
        texts=texts,
        inserted=with_insertion(texts, restored.config, restored.vocabulary),
        device=restored.device,
    )


def initial_vectors(restored: RestoredRun) -> Tensor:
    """Returns the word vectors before training, (vocabulary, embedding), made again as the run made them.

    Raises InputError if the file of pretrained vectors is gone or another than it was.
    """
    config = restored.config
    recorded = restored.run.summary.get("data", {}).get("vectors")
    if config.data.vectors is not None and recorded is not None:
        path = Path(config.data.vectors)
        if path.exists() and fingerprint(path) != recorded["sha256"]:
            raise InputError(f"{path}: has changed since the run (its SHA-256 differs)")
    vectors = build_vectors(config, restored.vocabulary)
    return build_model(config, restored.vocabulary, vectors).embedding.weight.detach()
