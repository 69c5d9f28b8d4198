"""Fixed sequences of numbers, each with a target at its end or at every step."""

from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rnnlab.core.batch import EVALUATION_BATCH, UNCOUNTED, Criterion
from rnnlab.core.errors import InputError
from rnnlab.core.files import fingerprint
from rnnlab.core.scores import class_shares
from rnnlab.data.labels import in_order, named
from rnnlab.data.open_file import quote
from rnnlab.data.sequences import NumberSequences, Targets, read_sequences
from rnnlab.tasks.base import DataSettings, InputOutputSizes, PredictFn, Task, TaskData
from rnnlab.tasks.drawn import SCATTER, Arrays, Examples

MEAN, MOST = "mean of the training targets", "most frequent class"


class Sequences(Task):
    """Regression or classification of the sequences of a CSV or .npz file, whose numbers stay as they are.

    targets: whether they are numbers (squared error) or classes (cross-entropy); every_step: whether there
    is one for every step, None: as the files have them. `rnnlab.data.sequences` has the files' form.
    """

    metrics: ClassVar[tuple[str, ...]] = ("loss",)
    unit: ClassVar[str] = "numbers"
    criterion: ClassVar[Criterion] = "mean_squared_error"
    reads: ClassVar[frozenset[str]] = frozenset({"train", "valid", "test"})

    def __init__(self, *, targets: Targets = "numbers", every_step: bool | None = None) -> None:
        self.targets, self.every_step = targets, every_step
        if targets == "classes":
            # What the class of any other task says once and for all follows here from a setting.
            vars(self).update(metrics=("acc", "loss"), unit="targets", criterion="cross_entropy")

    def load(self, settings: DataSettings) -> TaskData:
        """Reads data.train and the others, which must be alike; raises InputError for bad input."""
        train = read_sequences(settings.path("train"), self.targets, self.every_step)
        read = {"train": train} | {
            name: read_sequences(path, self.targets, train.every_step)
            for name, path in settings.paths.items()
            if name != "train"
        }
        for name, found in read.items():
            self._check_sizes(found, train, name)
        classes = in_order(train.targets[train.targets != ""].tolist()) if self.targets == "classes" else ()
        if len(classes) == 1:
            raise InputError(f"data.train: all targets are {classes[0]!r}; expected at least two classes")
        splits = {name: self._split(found, classes, name, settings) for name, found in read.items()}
        whole = splits.pop("train")
        return TaskData(
            train=whole,
            splits=splits,
            sizes=InputOutputSizes(
                output_size=len(classes) or train.targets.shape[-1],
                features=train.inputs.shape[2],
                every_step=train.every_step,
            ),
            baselines=self._rules(whole, splits.get("valid", whole), len(classes)),
            classes=classes,
            files={name: {"path": str(p), "sha256": fingerprint(p)} for name, p in settings.paths.items()},
        )

    def tables(self, predict_fn: PredictFn, task_data: TaskData) -> dict[str, pd.DataFrame]:
        """Returns the table `scatter` of numbers: validation (else training) targets and predictions."""
        if self.targets == "classes":
            return {}
        examples = task_data.finite[task_data.evaluation_split]
        parts = []
        for batch in examples.batches(np.arange(len(examples)), EVALUATION_BATCH):
            pair = np.stack([batch.targets.numpy(), predict_fn(batch).numpy()], axis=-1).reshape(-1, 2)
            parts.append(pair[~np.isnan(pair[:, 0])])
        return {"scatter": pd.DataFrame(np.concatenate(parts)[:SCATTER], columns=["true", "predicted"])}

    def _check_sizes(self, found: NumberSequences, train: NumberSequences, name: str) -> None:
        sizes = [(part.inputs.shape[2], part.targets.shape[1 + part.every_step :]) for part in (found, train)]
        if sizes[0] != sizes[1]:
            (features, outputs), (expected, expected_outputs) = sizes
            raise InputError(
                f"data.{name}: expected {expected} number(s) a step and {sum(expected_outputs)} a target, as "
                f"data.train has them, found {features} and {sum(outputs)}"
            )

    def _split(
        self, found: NumberSequences, classes: tuple[str, ...], name: str, settings: DataSettings
    ) -> Examples:
        targets: NDArray[np.float64] | NDArray[np.int64] = found.targets
        if classes:
            numbers = {"": UNCOUNTED} | {label: number for number, label in enumerate(classes)}
            for label in np.unique(found.targets).tolist():
                if label not in numbers:
                    raise InputError(f"data.{name}: unknown class {quote(label)}; expected {named(classes)}")
            flat = [numbers[label] for label in found.targets.ravel().tolist()]
            targets = np.array(flat).reshape(found.targets.shape)
        arrays = Arrays(found.inputs, found.lengths, targets)
        return Examples.of(arrays, settings.precision, every_step=found.every_step)

    def _rules(self, train: Examples, seen: Examples, classes: int) -> dict[str, dict[str, float]]:
        """Returns what is reached by always saying the training targets' mean, or most frequent class."""
        if not classes:
            outputs = train.targets.shape[-1]
            known, asked = (part.targets.double().numpy().reshape(-1, outputs) for part in (train, seen))
            return {"loss": {MEAN: float(np.nanmean((asked - np.nanmean(known, axis=0)) ** 2))}}
        known, asked = (part.targets[part.targets != UNCOUNTED].numpy() for part in (train, seen))
        return {"acc": {MOST: float((asked == class_shares(known, classes).argmax()).mean())}}
