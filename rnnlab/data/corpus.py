"""From text files to encoded splits and a vocabulary, prepared once and then memory-mapped.

files ──► texts ──► tokens ──► file of numbered tokens ──► counts of the training split ──► vocabulary
                                         └───────────────────── ids ◄───────────────────────────┘
                                                                 └──► cache/<key>/{vocabulary.txt, …}

Texts, tokens and ids pass by, a piece at a time: what stays in memory are the distinct words, and some forty
bytes a text.
"""

import errno
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from rnnlab.core.errors import InputError
from rnnlab.core.files import fingerprint
from rnnlab.data.cached_corpus import Entry, publish, read_entry
from rnnlab.data.chunks import Encoding
from rnnlab.data.labels import NEG_POS, class_token, named
from rnnlab.data.open_file import show_path
from rnnlab.data.processes import ParallelEncoder
from rnnlab.data.readers import EMPTY_TEXTS_ALLOWED, NAMED, read_examples
from rnnlab.data.splits import TextSplit, stratified
from rnnlab.data.token_file import TokenFile, nameless_file, open_ids, write_all
from rnnlab.data.vocabulary import Vocabulary, build_vocabulary

UNWRITABLE = {
    getattr(errno, name) for name in ("EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "EFBIG", "EIO")
}
"""Errors of a cache without which one can do; others are those of a path that cannot be one."""
FORMAT = 4  # to be raised whenever the same files and settings would give other ids than before


@runtime_checkable
class Track(Protocol):
    """Wraps the texts of a split to show how far their encoding is."""

    def __call__(self, texts: Iterable[str], *, description: str, total: int) -> Iterable[str]:
        """Returns the texts unchanged, reporting each as it passes."""
        ...


@dataclass(frozen=True)
class Corpus:
    """A vocabulary, the splits encoded with it, and what was left out of them (one line each).

    classes: those of the training texts, whose tokens end the vocabulary; files: for every file or folder
    read, its path and the SHA-256 of its contents.
    """

    vocabulary: Vocabulary
    classes: tuple[str, ...]
    splits: dict[str, TextSplit]
    notes: list[str]
    files: dict[str, dict[str, str]]


@dataclass(frozen=True)
class CountedCorpus:
    """A corpus whose words are counted and whose texts are yet to be encoded with the vocabulary.

    splits: tokens of each split in the numbering that ids (words,) turns into that of the vocabulary, or the
    splits themselves where they come from the cache. place: where in the cache the corpus belongs, None for
    nowhere; unlasting: notes of this time alone; the rest as for `Corpus`.
    """

    vocabulary: Vocabulary
    classes: tuple[str, ...]
    splits: "dict[str, _Tokens] | dict[str, TextSplit]"
    ids: NDArray[np.int32]
    notes: list[str]
    files: dict[str, dict[str, str]]
    place: Path | None = None
    unlasting: tuple[str, ...] = ()

    def keep(self) -> Corpus:
        """Returns the corpus in files of the cache, where it is put unless it is there already.

        Without a cache, or where it cannot be written, they are files without a name.
        """
        notes = [*self.notes, *self.unlasting]
        tokens = {name: split for name, split in self.splits.items() if isinstance(split, _Tokens)}
        splits = {name: split for name, split in self.splits.items() if isinstance(split, TextSplit)}
        if tokens and self.place is not None:
            try:
                splits = publish(self.place, Entry(self.vocabulary, self.classes, self.notes), self._save)
            except OSError as error:
                why = f"data.cache: {self.place.parent}: cannot be written ({error.strerror})"
                if error.errno not in UNWRITABLE:
                    raise InputError(why) from None
                notes.append(f"{why}; the next run has to encode the texts again")
        if not splits:
            splits = {name: split.encoded(self.ids, self.classes) for name, split in tokens.items()}
        return Corpus(self.vocabulary, self.classes, splits, notes, self.files)

    def _save(self, folder: Path) -> None:
        """Writes the splits into an entry of the cache."""
        for name, split in self.splits.items():
            assert isinstance(split, _Tokens)
            split.save(folder, name, self.ids)


@dataclass(frozen=True)
class _Tokens:
    """A split's texts: those that are chosen, bool (texts,), of a file of tokens; labels: theirs alone."""

    file: TokenFile
    chosen: NDArray[np.bool_]
    labels: NDArray[np.int64]

    @property
    def offsets(self) -> NDArray[np.int64]:
        return np.concatenate([[0], self.file.lengths[self.chosen].cumsum()])

    def counts(self, words: int) -> NDArray[np.int64]:
        """Returns how often each of so many words occurs, (words,)."""
        counts = np.zeros(words, dtype=np.int64)
        for tokens in self.file.pieces(self.chosen):
            counts += np.bincount(tokens, minlength=words)
        return counts

    def write(self, file: IO[bytes], ids: NDArray[np.int32]) -> None:
        """Writes the tokens, numbered anew, to the end of a file."""
        for tokens in self.file.pieces(self.chosen):
            write_all(file, ids[tokens])

    def encoded(self, ids: NDArray[np.int32], classes: tuple[str, ...]) -> TextSplit:
        """Returns the split with its ids in a file without a name; raises InputError if there is no room."""
        offsets = self.offsets
        try:
            with nameless_file() as file:
                self.write(file, ids)
                file.seek(0)
                stored = open_ids(file, int(offsets[-1]))
        except OSError as error:
            raise InputError(f"no place to keep the encoded texts in: {error.strerror}") from None
        return TextSplit(stored, offsets, self.labels, classes=classes)

    def save(self, folder: Path, name: str, ids: NDArray[np.int32]) -> None:
        """Writes what `TextSplit.load` reads."""
        offsets = self.offsets
        header = {"descr": "<i4", "fortran_order": False, "shape": (int(offsets[-1]),)}
        with (folder / f"{name}.ids.npy").open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            self.write(file, ids)
        np.save(folder / f"{name}.offsets.npy", offsets)
        np.save(folder / f"{name}.labels.npy", self.labels)


def load_corpus(
    paths: dict[str, Path], encoding: Encoding, *, cache: Path | None, track: Track
) -> CountedCorpus:
    """Returns the counted texts of `paths` (names `train`, `valid`, `test`), from the cache if it can.

    The key is made of file contents and settings, so a changed file is encoded anew. Leaves nothing behind
    (see `CountedCorpus.keep`). Raises InputError for anything wrong with a file.
    """
    files = {name: {"path": str(path), "sha256": _fingerprint(name, path)} for name, path in paths.items()}
    if cache is None:
        return CountedCorpus(*_count(paths, encoding, track, None), files)
    key_parts = [FORMAT, asdict(encoding), {name: facts["sha256"] for name, facts in files.items()}]
    folder = cache / hashlib.sha256(json.dumps(key_parts, sort_keys=True).encode()).hexdigest()[:32]
    found, notes = read_entry(folder)
    if found is None:
        return CountedCorpus(*_count(paths, encoding, track, cache), files, folder, notes)
    entry, splits = found
    no_ids = np.zeros(0, dtype=np.int32)
    return CountedCorpus(entry.vocabulary, entry.classes, splits, no_ids, entry.notes, files)


def encode_file(
    path: Path,
    vocabulary: Vocabulary,
    encoding: Encoding,
    *,
    classes: Sequence[str] = NEG_POS,
    track: Track,
) -> tuple[TextSplit, list[str]]:
    """Returns a file's texts in an existing vocabulary, and notes of what was left out."""
    _fingerprint("test", path)
    numbers: dict[str, int] = {}
    with ParallelEncoder(encoding) as encoder:
        tokens, known, notes = _read_split("test", path, classes, encoder, numbers, track, None)
    return tokens.encoded(vocabulary.encode(numbers), known), notes


def _fingerprint(name: str, path: Path) -> str:
    """Returns the SHA-256 of the texts of a split; raises InputError where they cannot be read."""
    try:
        if not path.exists():
            read_examples(path, split_name=f"data.{name}")  # raises, and names the nearest path there is
        return fingerprint(path)
    except InputError as error:
        raise InputError(f"data.{name}: {str(error).removeprefix(f'data.{name}: ')}") from None
    except OSError as error:
        where = show_path(Path(error.filename or path))
        raise InputError(f"data.{name}: {where}: cannot be read ({error.strerror})") from None


def _count(
    paths: dict[str, Path], encoding: Encoding, track: Track, near: Path | None
) -> tuple[Vocabulary, tuple[str, ...], dict[str, _Tokens], NDArray[np.int32], list[str]]:
    splits, notes, classes = {}, [], None
    numbers: dict[str, int] = {}
    with ParallelEncoder(encoding) as encoder:
        # Training first: its labels are the classes.
        for name in ("train", *(other for other in paths if other != "train")):
            splits[name], classes, left_out = _read_split(
                name, paths[name], classes, encoder, numbers, track, near
            )
            notes += left_out
    assert classes is not None
    if encoding.valid_fraction:
        splits["train"], splits["valid"] = _held_out(splits["train"], encoding.valid_fraction)
    untaught = set(range(len(classes))) - set(splits["train"].labels.tolist())
    if untaught:
        names = named([classes[number] for number in sorted(untaught)])
        by = f" by data.valid_fraction={encoding.valid_fraction:g}" if encoding.valid_fraction else ""
        raise InputError(f"data.train: no text of label {names} is left{by} to train on")
    counts = splits["train"].counts(len(numbers)).tolist()
    vocabulary = _vocabulary_of(encoding.vocabulary)(
        {word: count for word, count in zip(numbers, counts, strict=True) if count},
        min_count=encoding.min_count,
        max_vocabulary=encoding.max_vocabulary,
        extra=tuple(map(class_token, classes)),
    )
    return vocabulary, classes, splits, vocabulary.encode(numbers), notes


def _held_out(train: _Tokens, fraction: float) -> tuple[_Tokens, _Tokens]:
    """Returns the texts to train on and those to validate with."""
    kept, held_out = stratified(train.labels, fraction)
    if not (len(kept) and len(held_out)):
        use, total = "train on" if len(held_out) else "validate with", len(train.labels)
        raise InputError(
            f"data.valid_fraction: {fraction:g} of each class leaves none of {total:,} texts to {use}"
        )
    there = np.flatnonzero(train.chosen)
    parts = []
    for numbers in (kept, held_out):
        chosen = np.zeros_like(train.chosen)
        chosen[there[numbers]] = True
        parts.append(_Tokens(train.file, chosen, train.labels[numbers]))
    return parts[0], parts[1]


def _vocabulary_of(name: str) -> Callable[..., Vocabulary]:
    if name == "torchtext":
        from rnnlab.data.torchtext_bridge import build_torchtext_vocabulary

        return build_torchtext_vocabulary
    return build_vocabulary


def _read_split(
    name: str,
    path: Path,
    classes: Sequence[str] | None,
    encoder: ParallelEncoder,
    numbers: dict[str, int],
    track: Track,
    near: Path | None,
) -> tuple[_Tokens, tuple[str, ...], list[str]]:
    """Returns a split in a numbering that `numbers` gets; texts that leave no token are left out and named.

    classes: those that there may be, None for those that the labels make.
    """
    examples = read_examples(path, split_name=f"data.{name}", classes=classes)
    texts = track((example.text for example in examples), description=f"encoding {name}", total=len(examples))
    file = TokenFile(near)
    file.write(encoder.encode(texts), numbers)
    chosen = file.lengths > 0
    empties, named, total = examples.empties, examples.empty, examples.empties + len(examples)
    if not chosen.all():
        empties += int((~chosen).sum())
        hollow = (example.source for example, full in zip(examples, chosen, strict=False) if not full)
        named = [*named, *islice(hollow, NAMED - len(named))]
    if empties > EMPTY_TEXTS_ALLOWED * total:
        raise InputError(f"data.{name}: {empties:,} of {total:,} texts hold no token ({named[0]}, …)")
    more = [f"and {empties - len(named):,} more"] if empties > len(named) else []
    notes = [f"{name}: left out {empties:,} empty text(s): {'; '.join([*named, *more])}"] if empties else []
    return _Tokens(file, chosen, examples.labels[chosen]), examples.classes, notes
