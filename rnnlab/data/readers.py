"""Reads labelled texts from what a user has: TSV, CSV, a folder with one file per text or one file per label.

Everything goes through `scan`, which yields an example or an error for every text, so that training can
stop at the first bad line and `rnnlab data check` can list them all.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rnnlab.core.errors import InputError
from rnnlab.data.formats import Example, scan_csv, scan_lines_of_label, scan_tsv, scan_whole_file
from rnnlab.data.labels import NEG_POS, class_number, classes_of, read_label, too_many, wrong_labels
from rnnlab.data.open_file import quote, show_path

EMPTY_TEXTS_ALLOWED = 0.01
"""The share of a split's texts that may be empty; they are left out and named."""
UNLABELLED = "unsup"
"""The folder of the Large Movie Review Dataset whose texts have no label."""


@dataclass(frozen=True)
class Examples:
    """The texts of a split in file order, with labels of shape (texts,), numbers of `classes`.

    `sources` names the place of every text, `empty` the places of the empty texts that were left out.
    """

    texts: list[str]
    labels: NDArray[np.int64]
    sources: list[str]
    empty: list[str]
    classes: tuple[str, ...] = NEG_POS

    @property
    def counts(self) -> list[int]:
        """Returns how many texts each class has."""
        return np.bincount(self.labels, minlength=len(self.classes)).tolist()


def read_examples(path: Path, *, split_name: str = "", classes: Sequence[str] | None = None) -> Examples:
    """Reads all labelled texts of a file or folder; `split_name` (say `data.train`) begins the error.

    classes: those that there may be, None for those that the labels themselves make. Raises InputError for
    the first bad line, a file that cannot be read, more than one empty text in a hundred, or texts of one
    class only.
    """
    examples, errors = survey(path, classes)
    if errors:
        prefix = f"{split_name}: " if split_name else ""
        others = f" (and {len(errors) - 1:,} more; rnnlab data check lists all)" if len(errors) > 1 else ""
        raise InputError(f"{prefix}{errors[0]}{others}")
    return examples


def survey(path: Path, classes: Sequence[str] | None = None) -> tuple[Examples, list[InputError]]:
    """Reads what can be read, and returns beside it an error for every bad line.

    classes: as for `read_examples`. Where all lines are good, the errors say what is wrong with the whole:
    too many empty texts or labels, or only one class. Raises nothing.
    """
    found: dict[int, Example] = {}
    errors: dict[int, InputError] = {}
    empty: list[str] = []
    for place, result in enumerate(scan(path)):
        if isinstance(result, InputError):
            errors[place] = result
        elif not result.text or result.text.isspace():
            empty.append(result.source)
        else:
            found[place] = result
    labels, sources = [each.label for each in found.values()], [each.source for each in found.values()]
    places = list(found)
    for index, error in wrong_labels(labels, sources):
        errors[places[index]] = error
    good = {place: each for place, each in found.items() if place not in errors}
    known = classes_of([each.label for each in good.values()]) if classes is None else tuple(classes)
    numbers: dict[int, int] = {}
    for place, each in good.items():
        try:
            numbers[place] = class_number(each.label, each.source, known)
        except InputError as error:
            errors[place] = error
    kept = [good[place] for place in numbers]
    examples = Examples(
        texts=[each.text for each in kept],
        labels=np.array(list(numbers.values()), dtype=np.int64),
        sources=[each.source for each in kept],
        empty=empty,
        classes=known,
    )
    in_order = [errors[place] for place in sorted(errors)]
    if not in_order:
        in_order = list(_errors_of_the_whole(examples, show_path(path)))
    if not in_order and classes is None and (why := too_many(known, len(kept))):
        in_order = [InputError(f"{show_path(path)}: {why}")]
    return examples, in_order


def _errors_of_the_whole(examples: Examples, name: str) -> Iterator[InputError]:
    empty, total = len(examples.empty), len(examples.empty) + len(examples.texts)
    if empty > EMPTY_TEXTS_ALLOWED * total:
        where = "; ".join(examples.empty[:3]) + ("; …" if empty > 3 else "")
        yield InputError(f"{name}: {empty:,} of {total:,} texts are empty, at most 1 in 100 may be ({where})")
    elif total == 0:
        yield InputError(f"{name}: holds no texts")
    elif len(set(examples.labels.tolist())) == 1:
        only = examples.classes[examples.labels[0]]
        if examples.classes == NEG_POS:
            only, other = ("positive", "negative") if examples.labels[0] else ("negative", "positive")
            yield InputError(f"{name}: all {total - empty:,} texts are {only}; expected {other} ones as well")
        else:
            yield InputError(
                f"{name}: all {total - empty:,} texts have the label {quote(only)}; expected two or more"
            )


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
