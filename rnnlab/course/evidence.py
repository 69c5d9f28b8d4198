"""What the runs of the course recorded, read as figures over their seeds."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from rnnlab.course.measure import Measured, Source, Unit
from rnnlab.data.labels import class_token
from rnnlab.reports.records import Records, known_cosines, read_records
from rnnlab.runs import files
from rnnlab.runs.tables import read_table

PRESETS = {
    "boe": "the bag of embeddings",
    "rnn": "the RNN",
    "rnn-unfrozen": "the RNN with fine-tuned vectors",
    "start-frozen": "the RNN, token at the start, vectors frozen",
    "start": "the RNN, token at the start",
    "end": "the RNN, token at the end",
    "middle": "the RNN, token in the middle",
    "middle-bigger": "the RNN with 100 units, token in the middle",
    "start-adam": "the RNN with Adam, token at the start",
    "birnn-start": "the BiRNN, token at the start",
    "birnn-middle": "the BiRNN, token in the middle",
    "birnn-start-adam": "the BiRNN with Adam, token at the start",
    "lstm-start-adam": "the LSTM with Adam, token at the start",
}
"""The course's runs in their order, and what sentences call them."""

METRICS = {
    "train_after_acc": "training accuracy",
    "train_after_loss": "training loss",
    "valid_acc": "validation accuracy",
    "valid_loss": "validation loss",
}
"""Both splits measured after each epoch, so that they can be compared."""

POSITION_COLUMNS = {
    "accuracy": "accuracy of the trained net",
    "probability_shift": "what exchanging the two tokens changes of the probability",
}
WHERE = {0.0: "the start", 0.5: "the middle", 1.0: "the end"}

POSITION_TEXTS = 200
"""Of the validation texts, evenly spaced, the tokens are put into: enough for a mean shift, and quick."""

Figure = Callable[[Records], float]


@dataclass(frozen=True)
class Course:
    """All runs of the course by preset, a run a seed; tables that belong to no run, by name."""

    runs: Mapping[str, Sequence[Records]]
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    _read: dict[tuple[str, Source], tuple[float, ...]] = field(default_factory=dict, init=False, repr=False)

    @property
    def seeds(self) -> int:
        """How often every preset was run."""
        return len(next(iter(self.runs.values())))

    @property
    def classes(self) -> list[str]:
        """The two labels, the one that counts as positive last."""
        return list(self.first("boe").summary["classes"])

    @property
    def tokens(self) -> tuple[str, str]:
        """The token of each class, as in `<newneg>` and `<newpos>`."""
        first, second = map(class_token, self.classes)
        return first, second

    @property
    def embedding_size(self) -> int:
        """How many numbers a word's vector has."""
        summary = self.first("boe").summary
        return int(summary["parameters"]["word_vectors"] // summary["vocabulary"])

    @property
    def position_texts(self) -> int:
        """On how many validation texts tokens are put at every position."""
        return min(POSITION_TEXTS, int(self.first("boe").summary["examples"]["valid"]))

    @property
    def random_cosine(self) -> float:
        """The standard deviation of the cosine of two random directions, 1/√(numbers of a vector)."""
        return 1 / math.sqrt(self.embedding_size)

    def first(self, preset: str) -> Records:
        """Returns the preset's run of seed 1."""
        return self.runs[preset][0]

    def computed(self, preset: str, what: str, figure: Figure, unit: Unit = "number") -> Measured:
        """Returns a figure computed of each seed's run."""
        return Measured(preset, what, tuple(map(figure, self.runs[preset])), unit)

    def at(self, preset: str, source: Source, what: str, unit: Unit = "number") -> Measured:
        """Returns a figure that stands in a table of each run; NaN where a run has no such row."""
        key = preset, source
        if key not in self._read:  # the page names most figures several times
            self._read[key] = tuple(read(run, source) for run in self.runs[preset])
        return Measured(preset, what, self._read[key], unit, source=source)

    def epochs(self, preset: str) -> int:
        """Returns how many epochs the preset's runs have."""
        return int(self.first(preset).metrics["epoch"].iloc[-1])

    def window(self, preset: str) -> int:
        """Returns how many of the last epochs a figure is averaged over: a fifth of them.

        One epoch alone, the last one, too, may lie far from its neighbours.
        """
        return max(1, self.epochs(preset) // 5)

    def metric(self, preset: str, name: str) -> Measured:
        """Returns a metric averaged over the last fifth of the epochs."""
        last = self.window(preset)
        over = f"over the last {last} epochs" if last > 1 else "after the last epoch"
        unit: Unit = "share" if name.endswith("acc") else "number"
        figure = self.at(preset, Source(files.METRICS, name, last=last), f"{METRICS[name]} {over}", unit)
        return replace(figure, texts=self._texts(name))

    def _texts(self, name: str) -> int | None:
        """Returns how many texts stand for all others in a metric: those of validation in its accuracy."""
        return int(self.first("boe").summary["examples"]["valid"]) if name == "valid_acc" else None

    def after(self, preset: str, name: str, epoch: int) -> Measured:
        """Returns a metric after one epoch."""
        source = Source(files.METRICS, name, (("epoch", epoch),))
        unit: Unit = "share" if name.endswith("acc") else "number"
        return self.at(preset, source, f"{METRICS[name]} after epoch {epoch}", unit)

    def best(self, preset: str, name: str = "valid_acc") -> tuple[Measured, Measured]:
        """Returns the best accuracy of any epoch, and the first epoch that had it."""
        unit: Unit = "share"
        value = self.computed(
            preset, f"best {METRICS[name]}", lambda run: float(run.metrics[name].max()), unit
        )
        epoch = self.computed(
            preset,
            f"epoch of the best {METRICS[name]}",
            lambda run: float(run.metrics["epoch"][run.metrics[name].idxmax()]),
            "epoch",
        )
        return replace(value, texts=self._texts(name)), epoch

    def gap(self, preset: str, metric: str = "acc") -> Measured:
        """Returns by how much training is above validation, over the last fifth of the epochs."""
        last = self.window(preset)

        def gap(run: Records) -> float:
            rows = run.metrics.tail(last)
            return float((rows[f"train_after_{metric}"] - rows[f"valid_{metric}"]).mean())

        what = f"gap between training and validation over the last {last} epochs"
        return self.computed(preset, what, gap, "share" if metric == "acc" else "number")

    def cosine(self, preset: str, word1: str, word2: str) -> Measured:
        """Returns the cosine of two words' vectors after the training."""
        source = Source(
            files.SIMILARITY, "similarity", (("epoch", "last"), ("word1", word1), ("word2", word2))
        )
        return self.at(preset, source, f"cosine of {word1} and {word2}", "cosine")

    def length(self, preset: str, word: str) -> Measured:
        """Returns the Euclidean length of a word's vector after the training."""
        source = Source(files.TOKENS, "length", (("word", word),))
        return self.at(preset, source, f"length of {word}'s vector", "size")

    def gradient(self, preset: str, position: str, column: str, *, trained: bool = False) -> Measured:
        """Returns a column of a run's gradient table, of the untrained net or of the trained one."""
        when: str | float = "last" if trained else 0
        source = Source(files.probe_log("gradients"), column, (("epoch", when), ("position", position)))
        net = "trained" if trained else "untrained"
        unit: Unit = "cosine" if column == "cosine" else "size"
        return self.at(preset, source, f"{_of(column)} at the {position}, {net} net", unit)

    def position(self, preset: str, column: str, at: float | None) -> Measured:
        """Returns a column of the table of tokens put at a relative position into what a trained net reads.

        at: 0 for the start to 1 for the end of the text; None for the texts without a token.
        """
        source = Source(files.POSITIONS, column, (("position", math.nan if at is None else at),))
        where = "without a token" if at is None else f"token at {WHERE.get(at, f'position {at:g}')}"
        what = POSITION_COLUMNS.get(column, column.replace("_", " "))
        figure = self.at(preset, source, f"{what}, {where}", "share")
        return replace(figure, texts=self.position_texts if column == "accuracy" else None)

    def through_time(
        self,
        preset: str,
        column: str,
        distance: int,
        *,
        path: str = "hidden",
        direction: str = "forward",
        trained: bool = False,
    ) -> Measured:
        """Returns a column of the table of gradients through time, of the untrained net or the trained one.

        distance: steps before the end of the direction's reading.
        """
        when: str | float = "last" if trained else 0
        where = {"epoch": when, "path": path, "direction": direction, "distance": distance, "layer": 1}
        source = Source(files.probe_log("through_time"), column, tuple(where.items()))
        what = f"{column.replace('_', ' ')} at distance {distance}, {path}, {direction}"
        return self.at(preset, source, f"{what}, {'trained' if trained else 'untrained'} net", "size")

    def health(self, preset: str, parameter: str, column: str, when: int | str = "last") -> Measured:
        """Returns a column of the probe of health after epoch `when`, 0 for the untrained net."""
        source = Source(files.probe_log("health"), column, (("epoch", when), ("parameter", parameter)))
        return self.at(preset, source, f"{column.replace('_', ' ')} of {parameter}", "size")

    def half_life(self, preset: str, when: int | str = "last", *, path: str = "hidden") -> Measured:
        """Returns in how many steps back the gradient falls to a half, forward, after epoch `when`."""
        where = (("epoch", when), ("layer", 1), ("direction", "forward"), ("path", path))
        source = Source(files.probe_log("through_time"), "gradient_half_life", where)
        return self.at(preset, source, "half-life of the gradient in steps", "size")

    def probability(self, preset: str, question: str) -> Measured:
        """Returns the probability of the second class for the course's text that `question` names."""
        source = Source(files.TEXTS, "Classifier probability", (("question", question),))
        return self.at(preset, source, f"probability of {self.classes[1]}, {question}", "share")

    def pairs(self, preset: str, suite: str, column: str) -> Measured:
        """Returns a column of the table of minimal pairs."""
        units: dict[str, Unit] = {"share": "share", "shift": "share"}
        source = Source(files.PAIRS_SUMMARY, column, (("suite", suite),))
        figure = self.at(preset, source, f"{column} of the pairs {suite}", units.get(column, "count"))
        asked = self.at(preset, Source(files.PAIRS_SUMMARY, "pairs", (("suite", suite),)), "pairs", "count")
        texts = int(asked.middle) if column == "share" and asked.known else None
        return replace(figure, texts=texts)

    def seconds(self, preset: str) -> Measured:
        """Returns the CPU seconds of an epoch's training pass, the median over epochs 2 to the last."""
        return self.computed(
            preset,
            "CPU seconds per epoch",
            lambda run: float(
                run.metrics["cpu_seconds" if "cpu_seconds" in run.metrics else "seconds"][1:].median()
            ),
            "seconds",
        )

    def parameters(self, preset: str, *, words: bool = True) -> int:
        """Returns the number of trainable parameters, with or without the word vectors."""
        counts, frozen = (
            self.first(preset).summary["parameters"],
            self.first(preset).settings["freeze"] == "True",
        )
        return int(counts["trainable"] - (0 if words or frozen else counts["word_vectors"]))


def _of(column: str) -> str:
    """Returns a column of a gradient table in words."""
    words = {"cosine": "cosine of the two tokens' gradients", "ratio_to_end": "gradient relative to the end"}
    return words.get(column) or f"gradient norm of <{column.removesuffix('_norm')}>"


def read(run: Records, source: Source) -> float:
    """Returns the figure that `source` names, NaN if the run has no such row."""
    table = run.metrics if source.file == files.METRICS else run.table(source.file)
    if table is None:
        return math.nan
    if source.file == files.SIMILARITY:
        table = known_cosines(table)
    for column, value in source.where:
        wanted = table["epoch"].max() if column == "epoch" and value == "last" else value
        table = table[table[column].isna() if wanted != wanted else table[column] == wanted]
    column = table[source.column]
    return float((column if source.last is None else column.tail(source.last)).mean())


def read_course(root: Path, seeds: int) -> Course:
    """Reads all run folders below `root`; raises InputError for one that is missing or broken."""
    runs = {
        preset: [read_records(root / f"{preset}-seed{seed}") for seed in range(1, seeds + 1)]
        for preset in PRESETS
    }
    names = (files.GRADIENTS,)
    found = {name: read_table(root / name) for name in names if (root / name).is_file()}
    return Course(runs, {name: table for name, table in found.items() if table is not None})
