"""A net to be walked through, and the sequences that it can be walked through with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from rnnlab.core.batch import Batch, Criterion, Split
from rnnlab.core.errors import InputError
from rnnlab.core.seeds import seed_everything
from rnnlab.data.encoded_text import EncodedText, TextEncoder
from rnnlab.data.labels import NEG_POS, class_number
from rnnlab.data.vocabulary import PAD, PAD_ID, UNK, Vocabulary, is_reserved
from rnnlab.experiment.cells import cell_of_choice, target_of_choice
from rnnlab.experiment.compose import checked, compose_config
from rnnlab.experiment.experiment import prepare
from rnnlab.experiment.task_data import data_settings
from rnnlab.models.base import SequenceModel
from rnnlab.models.embedding import make_embedding
from rnnlab.models.guest import name_of
from rnnlab.models.make import is_module, make_model
from rnnlab.models.pooling import Pooling
from rnnlab.probes.in_float64 import in_float64
from rnnlab.scratch.explain import Example
from rnnlab.training.scratch_engine import make_net
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.trained_run import TrainedRun


@dataclass(frozen=True)
class ExplainedNet:
    """A net with all that is needed to hand it a text or an example.

    vocabulary: None where inputs are numbers; classes: the names of the outputs' classes; encoder: cuts and
    numbers a person's texts, None if the task reads none; examples: gives those of validation (else
    training).
    """

    model: SequenceModel
    criterion: Criterion
    vocabulary: Vocabulary | None
    classes: Sequence[str]
    encoder: TextEncoder | None
    examples: Callable[[], Split]

    def encode(self, texts: Sequence[str]) -> list[EncodedText]:
        """Returns texts as the net reads them; InputError for an empty one, or a net that reads none."""
        if self.encoder is None:
            raise InputError("--text and --padding: the task reads no texts of one's own; expected --example")
        places = ["--text"] if len(texts) == 1 else [f"--text {n}" for n in range(1, len(texts) + 1)]
        return self.encoder.encode(texts, places)

    def example_of_text(self, text: EncodedText, *, label: str | None, tags: str | None) -> Example:
        """Returns a text to be walked through; label: of the whole text, by default 1; tags: of its words."""
        if not self.model.every_step:
            if tags is not None:
                raise InputError("--tags: the net answers once a text; expected --label")
            number = class_number(label or "1", "--label", self.classes) if self.classes else 1
            targets = np.array([number])
        else:
            targets = self._tags(text, tags, label)[None]
        return self._example(np.asarray(text.ids, dtype=np.int64)[None], targets, text.tokens)

    def example(self, number: int) -> Example:
        """Returns an example of the net's data, counted from 1."""
        examples = self.examples()
        if number > len(examples):
            raise InputError(f"--example {number}: expected at most {len(examples):,}")
        (batch,) = examples.batches(np.array([number - 1]), 1)
        inputs, _, targets = Batch.double(batch)
        words = None if self.vocabulary is None else [self.vocabulary.words[i] for i in inputs[0].tolist()]
        return self._example(inputs.numpy(), targets.numpy(), words)

    def _tags(self, text: EncodedText, tags: str | None, label: str | None) -> np.ndarray:
        if label is not None:
            raise InputError("--label: the net answers at every step; expected --tags, one for every word")
        if tags is None:
            raise InputError("--text: needs --tags, one for every word; or leave both out for an example")
        given = tags.split()
        if len(given) != len(text.tokens):
            raise InputError(f"--tags: expected {len(text.tokens)}, one for every word, found {len(given)}")
        return np.array([class_number(tag, "--tags", self.classes) for tag in given])

    def _example(self, inputs: np.ndarray, targets: np.ndarray, words: list[str] | None) -> Example:
        model = self.model
        name = type(model).__name__
        if not model.is_recurrent:
            raise InputError(f"{name} carries no state from step to step: there is nothing to walk through")
        if model.cell is None or model.pooling is None:
            part = name if model.pooling is None else name_of(model.recurrent)
            raise InputError(f"the equations of {part} are not known, so it cannot be walked through")
        with in_float64(model) as copied:
            net = make_net(copied.cpu())
        steps = words or [" ".join(f"{number:.4g}" for number in x) for x in inputs[0]]
        vocabulary = () if self.vocabulary is None else self.vocabulary.words
        classes = self.classes or (vocabulary if model.head.output.out_features == len(vocabulary) else ())
        return Example(net, steps, inputs, targets, self.criterion, classes)


def tiny_net(
    texts: Sequence[str],
    model: str = "rnn",
    *,
    tags: str | None = None,
    pooling: Pooling | None = None,
    embedding_dim: int = 2,
    hidden_size: int = 2,
    seed: int = 1,
) -> ExplainedNet:
    """Returns an untrained net drawn from `seed`, of the words of some texts, which stand between spaces.

    model: a choice of `model=`, whose layers and directions it has; tags: makes it a tagger of these.
    """
    if tags is not None and pooling is not None:
        raise InputError("--pooling: a net with --tags answers at every step, so that no states are pooled")
    target = target_of_choice(model)
    if not is_module(target.cls):
        cell_of_choice(model, target)
    settings = {**target.settings, "hidden_size": hidden_size, "head_size": None if tags else 2}
    settings |= {"pooling": "last" if tags else pooling} if tags or pooling else {}
    tokens = dict.fromkeys(token for text in texts for token in text.split())
    vocabulary = Vocabulary((PAD, UNK, *(token for token in tokens if not is_reserved(token))))
    classes = NEG_POS if tags is None else tuple(sorted(set(tags.split())))
    seed_everything(seed)
    embedding = make_embedding(
        vocabulary_size=len(vocabulary),
        embedding_dim=embedding_dim,
        vectors=None,
        zero_rows=[PAD_ID],
        freeze=False,
    )
    net = make_model(
        target.cls,
        settings,
        embedding=embedding,
        output_size=1 if tags is None else len(classes),
        every_step=tags is not None,
    )
    if net.head.hidden is not None:
        torch.nn.init.ones_(net.head.hidden.bias)  # so that the head's relu is open and gradients flow
    encoder = TextEncoder(lambda texts: [text.split() for text in texts], vocabulary.encode)
    criterion: Criterion = "classification" if tags is None else "cross_entropy"
    return ExplainedNet(net, criterion, vocabulary, classes, encoder, _no_examples)


def untrained_net(overrides: Sequence[str], display: Display = SILENT) -> ExplainedNet:
    """Returns the net that overrides describe, as `rnnlab train` would begin with it."""
    made = prepare(checked(compose_config(list(overrides))), track=display.track)
    data, settings = made.task_data, data_settings(made.config)
    return ExplainedNet(
        made.model,
        made.task.criterion,
        data.vocabulary,
        data.classes or made.task.classes,
        None if data.vocabulary is None else made.task.text_encoder(data.vocabulary, settings),
        lambda: made.probe_input().examples,
    )


def net_of_run(run: TrainedRun) -> ExplainedNet:
    """Returns the net of a finished run; its data is read when an example is asked for."""
    settings = data_settings(run.config)
    return ExplainedNet(
        run.model,
        run.task.criterion,
        run.vocabulary,
        run.classes,
        None if run.vocabulary is None else run.task.text_encoder(run.vocabulary, settings),
        lambda: run.probe_input.examples,
    )


def _no_examples() -> Split:
    raise InputError("--example: expected a RUN or KEY=VALUE before it, as in task=recall")
