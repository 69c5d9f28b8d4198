"""Reads labelled texts from what a user has: TSV, CSV, a folder with one file per text or one file per label.

Everything goes through `scan`, which yields an example or an error for every text, so that training can
stop at the first bad line and `rnnlab data check` can list them all. No texts are kept: whoever goes through
them reads the files again.
"""

import re
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rnnlab.core.errors import InputError
from rnnlab.data.formats import Example, scan_csv, scan_lines_of_label, scan_tsv, scan_whole_file
from rnnlab.data.labels import (
    NEG_POS,
    class_numbers,
    classes_of,
    read_label,
    too_many,
    unknown_label,
    wrong_labels,
)
from rnnlab.data.open_file import quote, show_path

EMPTY_TEXTS_ALLOWED = 0.01
"""The share of a split's texts that may be empty; they are left out, and the first of them named."""
NAMED = 1000
"""Empty texts whose places are kept, and bad ones that are told of: a file may have millions."""
MOST_LABELS = 100_000
"""Distinct labels that are told apart before the file is given up."""
UNLABELLED = "unsup"
"""The folder of the Large Movie Review Dataset whose texts have no label."""


@dataclass(frozen=True)
class Examples:
    """The good texts of a file or folder, in file order, read anew each time one goes through them.

    labels: int64 (texts,), numbers of `classes`; empties: how many texts are empty and left out; empty: the
    places of the first of those; bad: how many others are; wrong: the labels that cannot be meant, and why;
    classes_given: whether the classes are not those that the labels make.
    """

    path: Path
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    empties: int
    empty: list[str]
    bad: int
    wrong: Mapping[str, str]
    classes_given: bool

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[Example]:
        """Yields the texts; raises InputError if they are others than they were."""
        number = 0
        for example in scan(self.path):
            if isinstance(example, Example) and not _is_empty(example) and example.label not in self.wrong:
                number += 1
                yield example
        if number != len(self):
            raise InputError(f"{show_path(self.path)}: has changed while it was read; start again")

    @property
    def counts(self) -> list[int]:
        """Returns how many texts each class has."""
        return np.bincount(self.labels, minlength=len(self.classes)).tolist()

    def errors(self) -> Iterator[InputError]:
        """Yields what is wrong with every bad text; where all are good, what is wrong with the whole.

        That is too many empty texts or labels, or only one class.
        """
        if not self.bad:
            yield from _errors_of_the_whole(self, show_path(self.path))
            return
        for example in scan(self.path):
            if isinstance(example, InputError):
                yield example
            elif example.label in self.wrong and not _is_empty(example):
                yield InputError(f"{example.source}: {self.wrong[example.label]}")


def read_examples(path: Path, *, split_name: str = "", classes: Sequence[str] | None = None) -> Examples:
    """Returns the labelled texts of a file or folder; `split_name` (say `data.train`) begins the error.

    classes: those that there may be, None for those that the labels themselves make. Raises InputError for
    the first bad line, a file that cannot be read, more than one empty text in a hundred, or texts of one
    class only.
    """
    examples = survey(path, classes)
    for error in examples.errors():
        prefix = f"{split_name}: " if split_name else ""
        others = f" (and {examples.bad - 1:,} more; rnnlab data check lists all)" if examples.bad > 1 else ""
        raise InputError(f"{prefix}{error}{others}")
    return examples


def survey(path: Path, classes: Sequence[str] | None = None) -> Examples:
    """Returns what can be read; its `errors` say what is wrong. classes: as for `read_examples`."""
    first: dict[str, str] = {}
    numbers: dict[str, int] = {}
    labels, empties, empty, bad = array("i"), 0, [], 0
    for example in scan(path):
        if isinstance(example, InputError):
            bad += 1
        elif _is_empty(example):
            empties += 1
            if empties <= NAMED:
                empty.append(example.source)
        else:
            first.setdefault(example.label, example.source)
            labels.append(numbers.setdefault(example.label, len(numbers)))
            if len(first) > MOST_LABELS:
                raise InputError(f"{example.source}: more than {MOST_LABELS:,} labels; expected a few")
    wrong = wrong_labels(first)
    known = classes_of(first.keys() - wrong.keys()) if classes is None else tuple(classes)
    number_of = class_numbers(first, known)
    wrong |= {
        label: unknown_label(label, known) for label in first if label not in wrong and label not in number_of
    }
    # -1 for the texts of a label that is wrong.
    of_label = np.array([-1 if label in wrong else number_of[label] for label in first], dtype=np.int64)
    found = of_label[np.frombuffer(labels, dtype=np.intc)]
    good = found[found >= 0] if wrong else found
    bad += len(found) - len(good)
    return Examples(path, good, known, empties, empty, bad, wrong, classes_given=classes is not None)


def _is_empty(example: Example) -> bool:
    return not example.text or example.text.isspace()


def _errors_of_the_whole(examples: Examples, name: str) -> Iterator[InputError]:
    empty, total = examples.empties, examples.empties + len(examples)
    if empty > EMPTY_TEXTS_ALLOWED * total:
        where = "; ".join(examples.empty[:3]) + ("; …" if empty > 3 else "")
        yield InputError(f"{name}: {empty:,} of {total:,} texts are empty, at most 1 in 100 may be ({where})")
    elif total == 0:
        yield InputError(f"{name}: holds no texts")
    elif len(set(examples.labels.tolist())) == 1:
        only = examples.classes[examples.labels[0]]
        if examples.classes == NEG_POS:
            only, other = ("positive", "negative") if examples.labels[0] else ("negative", "positive")
            yield InputError(f"{name}: all {len(examples):,} texts are {only}; expected {other} ones as well")
        else:
            yield InputError(
                f"{name}: all {len(examples):,} texts have the label {quote(only)}; expected two or more"
            )
    elif not examples.classes_given and (why := too_many(examples.classes, len(examples))):
        yield InputError(f"{name}: {why}")


def scan(path: Path) -> Iterator[Example | InputError]:
    """Yields every text of a file or folder in order, or in its place what is wrong with it.

    A `.csv` is a CSV with a header, any other file a TSV. A folder has a folder for every label (`pos/` and
    `neg/`, say) with a `.txt` a text, or files `*.pos` and `*.neg` with one text per line. Every file may be
    `.gz`. Empty texts are yielded. Raises nothing: an error that ends a file is yielded, too.
    """
    try:
        files = _files_of(path)
    except InputError as error:
        files = []
        yield error
    for file, scan_file in files:
        try:
            yield from scan_file(file)
        except InputError as error:
            yield error


_FileScanner = Callable[[Path], Iterator[Example | InputError]]


def _files_of(path: Path) -> list[tuple[Path, _FileScanner]]:
    try:
        return _files_of_folder(path) if path.is_dir() else [(path, _scanner_by_name(path))]
    except OSError as error:
        raise InputError(f"{show_path(path)}: cannot be read ({error.strerror})") from error


def _scanner_by_name(path: Path) -> _FileScanner:
    ending = Path(path.name.lower().removesuffix(".gz")).suffix
    if ending in (".pos", ".neg"):
        raise InputError(f"{show_path(path)}: has texts of one label; expected the folder of both files")
    return scan_csv if ending == ".csv" else scan_tsv


def _files_of_folder(folder: Path) -> list[tuple[Path, _FileScanner]]:
    children = list(folder.iterdir())
    found = {child.name: _files_ending(child, ".txt") for child in _folders_of_labels(children)}
    scan_label = scan_whole_file
    if not any(found.values()):
        found = {label: _files_ending(folder, f".{label}") for label in ("pos", "neg")}
        scan_label = scan_lines_of_label
    if len(found) < 2 or not all(found.values()):
        raise InputError(_unknown_layout(folder, children, found))
    return [
        (file, partial(scan_label, label=read_label(label, show_path(folder))))
        for label, files in found.items()
        for file in files
    ]


def _folders_of_labels(children: list[Path]) -> list[Path]:
    """Returns the folders that are called as a label, `pos` and `neg` first."""
    folders = [
        child
        for child in children
        if child.is_dir() and not child.name.startswith((".", "_")) and child.name != UNLABELLED
    ]
    first = {"pos": 0, "neg": 1}
    return sorted(folders, key=lambda child: (first.get(child.name, 2), _natural_order(child.name)))


def _files_ending(folder: Path, ending: str) -> list[Path]:
    """Returns the visible files with that ending, plain or .gz, numbers in names by their value."""
    files = [
        child
        for child in folder.iterdir()
        if child.name.removesuffix(".gz").endswith(ending) and not child.name.startswith(".")
    ]
    names = {file.name for file in files}
    twice = sorted(name for name in names if f"{name}.gz" in names)
    if twice:
        raise InputError(f"{show_path(folder)}: {quote(twice[0])} is there twice, plain and .gz")
    return sorted(files, key=lambda file: _natural_order(file.name))


def _natural_order(name: str) -> list[int | str]:
    # Splitting at a group gives text, digits, text, digits, …
    return [int(part) if index % 2 else part for index, part in enumerate(re.split("([0-9]+)", name))]


def _unknown_layout(folder: Path, children: list[Path], found: dict[str, list[Path]]) -> str:
    names = sorted(child.name + "/" * child.is_dir() for child in children)
    folders = [child for child in sorted(children) if child.is_dir()]
    nested = [child for child in folders if any(part.is_dir() for part in child.iterdir())]
    missing = " or ".join(label for label, files in found.items() if not files) or "other labels'"
    return (
        f"{show_path(folder)}: no {missing} texts in this folder; expected pos/ and neg/ with .txt files, or "
        f"files *.pos and *.neg; found {quote(', '.join(names)) if names else 'nothing'}"
        + (f"; did you mean {show_path(nested[0])}?" if nested else "")
        + "; other labels have a folder of .txt files each"
    )
