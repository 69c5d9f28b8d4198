"""A finished run, made again from its folder: configuration, vocabulary and trained model."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import pandas as pd
import torch
from pydantic import TypeAdapter
from torch import Tensor

from rnnlab.core.batch import Batch
from rnnlab.core.errors import InputError, shown
from rnnlab.core.foreign import read_yaml
from rnnlab.data.encoded_text import EncodedText, TextEncoder
from rnnlab.data.vocabulary import Vocabulary
from rnnlab.experiment.build import ONE_LOGIT, build_device, build_model, build_task
from rnnlab.experiment.modules import is_name, used_modules
from rnnlab.experiment.recorded import with_todays_keys
from rnnlab.experiment.schema import Config, validate
from rnnlab.experiment.task_data import data_settings
from rnnlab.experiment.torch_settings import torch_settings
from rnnlab.models.base import SequenceModel
from rnnlab.probes.prediction import logits_by_text
from rnnlab.runs.files import BEST, CONFIG, LAST, SUMMARY, VOCABULARY
from rnnlab.runs.finder import Run, metrics_path
from rnnlab.runs.tables import read_metrics
from rnnlab.tasks.base import InputOutputSizes, Task
from rnnlab.training.checkpoint import load_model, read_checkpoint

Which = Literal["last", "best"]
DEFAULT_CACHE = "outputs/.cache"


@dataclass(frozen=True)
class RestoredRun:
    """A run's model in evaluation mode, with all that is needed to ask it something.

    vocabulary: None where the task's inputs are numbers; epoch: finished epochs, or rounds of steps; notes:
    what a person should know of it, one line each.
    """

    run: Run
    config: Config
    vocabulary: Vocabulary | None
    task: Task
    sizes: InputOutputSizes
    model: SequenceModel
    device: str
    epoch: int
    notes: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """How far the training had come, as in `epoch 10` or `step 2000`."""
        every = self.config.training.validate_every
        steps = min(self.epoch * (every or 0), self.config.training.steps or 0)
        return f"step {steps:,}" if every else f"epoch {self.epoch}"

    @property
    def metrics(self) -> pd.DataFrame:
        """The rows of metrics.csv, one an epoch; raises InputError if it is missing or broken."""
        return read_metrics(metrics_path(self.run))

    @torch.no_grad()
    def predict_fn(self, batch: Batch) -> Tensor:
        """Returns the model's logits of a batch, on the CPU."""
        logits: Tensor = self.model(batch.inputs.to(self.device), batch.lengths)
        return logits.cpu()

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the output classes, if there are some."""
        return tuple(self.run.summary.get("classes") or self.task.classes)

    @cached_property
    def _text_encoder(self) -> TextEncoder | None:
        if self.vocabulary is None:
            return None
        return self.task.text_encoder(self.vocabulary, data_settings(self.config))

    def encode(self, texts: Sequence[str], places: Sequence[str] | None = None) -> list[EncodedText]:
        """Returns texts as the run reads them, cut to data.max_length, without inserted tokens.

        Raises InputError for a text that holds no token, naming its place (by default `text 1` and so on).
        """
        if self._text_encoder is None:
            raise InputError(f"{self.run.name}: task={self.task.name} reads no texts with a class")
        return self._text_encoder.encode(texts, places)

    def predictions(self, texts: Sequence[EncodedText]) -> pd.DataFrame:
        """Returns what the net says of texts that `encode` has read, as the task has it; see `predict`."""
        assert self.vocabulary is not None
        with torch_settings(self.config):
            logits = logits_by_text(self.model, texts, device=self.device)
        return self.task.predictions(texts, logits, vocabulary=self.vocabulary, classes=self.classes)

    def predict(self, texts: str | Sequence[str], places: Sequence[str] | None = None) -> pd.DataFrame:
        """Returns what the net says of texts, or of sequences as the task's own, beside the right answer.

        Of a classifier one row per text: `Input text`, `Classifier probability` (of `pos`, 0 to 1; of labels
        of one's own `P(LABEL)` of each), `Output label`, `Unknown words`; of tagging one row per word. Raises
        InputError for a text that holds no token, or that is no sequence of the task.
        """
        texts = [texts] if isinstance(texts, str) else texts
        places = places or [f"text {place}" for place in range(1, len(texts) + 1)]
        precision = getattr(torch, self.config.training.precision)
        with torch_settings(self.config), torch.no_grad():
            typed = self.task.typed_predictions(texts, places, self.predict_fn, precision)
        return self.predictions(self.encode(texts, places)) if typed is None else typed


def read_config(folder: Path) -> tuple[Config, list[str]]:
    """Returns a run's configuration, and what had to be changed in it for this version, a line each.

    Raises InputError if it is broken or was tampered with.
    """
    path = folder / CONFIG
    values = read_yaml(path)
    if not isinstance(values, dict):
        raise InputError(f"{path}: not readable as a configuration (expected keys and values)")
    try:
        values, notes = with_todays_keys(values)
        return validate(values), [f"{path}: {note}" for note in notes]
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def restore(run: Run, *, checkpoint: Which = "last") -> RestoredRun:
    """Returns the run's model with a checkpoint's parameters; raises InputError for what is amiss."""
    if run.under_way:
        raise InputError(f"{run.folder}: the run is unfinished ({run.status})")
    if run.status in ("killed", "unfinished"):
        reason = "killed" if run.status == "killed" else "still going on, or killed"
        raise InputError(
            f"{run.folder}: the run is unfinished ({reason}); "
            f"go on with: rnnlab train --resume {run.argument}"
        )
    try:
        config, notes = read_config(run.folder)
    except InputError as error:
        raise InputError(f"{error}{_trained_with(run)}") from None
    config = with_own_cache(config)
    sizes = read_sizes(run)
    path = run.folder / {"last": LAST, "best": BEST}[checkpoint]
    tensors, _ = read_checkpoint(path)
    vocabulary, config_then = None, config
    if sizes.features is None:
        vocabulary = Vocabulary.load(run.folder / VOCABULARY)
        weight = tensors.get("model.embedding.weight")
        if weight is None or weight.ndim != 2 or not weight.shape[1]:
            raise InputError(f"{path}: expected a two-dimensional model.embedding.weight, found none")
        # The dimension came from the vectors file, which need not be there any more.
        data = config.data.model_copy(update={"embedding_dim": weight.shape[1]})
        config_then = config.model_copy(update={"data": data})
    model = build_model(config_then, vocabulary, None, sizes)
    facts = load_model(model, path)
    device, task = build_device(config), build_task(config)
    if task.uses_insert:
        check_classes(run, sizes)
    return RestoredRun(
        run=run,
        config=config,
        vocabulary=vocabulary,
        task=task,
        sizes=sizes,
        model=model.to(device).eval(),
        device=device,
        epoch=facts["epoch"],
        notes=(*notes, *_changed_modules(run, config)),
    )


def _trained_with(run: Run) -> str:
    """Returns which modules the run says it was trained with, if the user has not named all of them."""
    recorded = run.summary.get("modules")
    names = [name for name in recorded if is_name(name)] if isinstance(recorded, dict) else []
    if not set(names) - set(used_modules()):
        return ""
    return f"; the run was trained with {' '.join(f'--module {name}' for name in names)}"


def _changed_modules(run: Run, config: Config) -> list[str]:
    """Returns a line for each class of one's own whose file is another than when the run was trained."""
    recorded = run.summary.get("modules") or {}
    return [
        f"{name}: its file has changed since the run (its SHA-256 differs); the net computes what it says now"
        for module, classes in config.modules.items()
        for name, found in classes.items()
        if recorded.get(module, {}).get(name) != found
    ]


def with_own_cache(config: Config) -> Config:
    """Returns a recorded configuration that keeps encoded texts where it says only if that lies below the
    current folder or holds such texts already; a stranger's could name any folder.
    """
    here, cache = Path.cwd().resolve(), Path(config.data.cache)
    if here in (here / cache).resolve().parents or any(cache.glob("*/corpus.json")):
        return config
    return config.model_copy(update={"data": config.data.model_copy(update={"cache": DEFAULT_CACHE})})


def read_sizes(run: Run) -> InputOutputSizes:
    """Returns the shape of a run's net from its summary, that of two classes if it names none."""
    found = run.summary.get("shape")
    try:
        sizes = ONE_LOGIT if found is None else TypeAdapter(InputOutputSizes).validate_python(found)
        if min(sizes.output_size, 1 if sizes.features is None else sizes.features) < 1:
            raise ValueError
        return sizes
    except ValueError:
        raise InputError(
            f"{run.folder / SUMMARY}: shape: expected a net's shape, found {shown(found)}"
        ) from None


def check_classes(run: Run, sizes: InputOutputSizes) -> None:
    """Raises InputError if the names of classes in a run's summary are not those of its net's outputs."""
    found = run.summary.get("classes") or []
    names = isinstance(found, list) and all(isinstance(name, str) for name in found)
    number = 2 if sizes.output_size == 1 else sizes.output_size
    if not names or (found and len(found) != number):
        raise InputError(f"{run.folder / SUMMARY}: classes: expected {number} names, found {shown(found)}")
