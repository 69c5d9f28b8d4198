"""From text files to encoded splits and a vocabulary, prepared once and then memory-mapped.

files ──► texts ──► tokens ──► counts of the training split ──► vocabulary
                        └────────────────── ids ◄──────────────────┘
                                             └──► cache/<key>/{vocabulary.txt, train.ids.npy, …}
"""

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from rnnlab.core.errors import InputError
from rnnlab.core.files import fingerprint, write_text
from rnnlab.data.labels import NEG_POS, class_token, named
from rnnlab.data.readers import EMPTY_TEXTS_ALLOWED, read_examples
from rnnlab.data.splits import TextSplit, stratified
from rnnlab.data.tokenizers import make_tokenizer
from rnnlab.data.vocabulary import Vocabulary, build_vocabulary

FORMAT = 2  # to be raised whenever the same files and settings would give other ids than before


@runtime_checkable
class Track(Protocol):
    """Wraps the texts of a split to show how far their encoding is."""

    def __call__(self, texts: Iterable[str], *, description: str, total: int) -> Iterable[str]:
        """Returns the texts unchanged, reporting each as it passes."""
        ...


@dataclass(frozen=True)
class Encoding:
    """What turns texts into ids (`configs/data/base.yaml` has the meanings)."""

    tokenizer: Literal["spacy", "whitespace"] = "spacy"
    vocabulary: Literal["rnnlab", "torchtext"] = "rnnlab"
    min_count: int = 1
    max_vocabulary: int | None = None
    max_length: int | None = None
    strip_html: bool = True
    valid_fraction: float = 0.0


@dataclass(frozen=True)
class Corpus:
    """A vocabulary, the splits encoded with it, and what was left out of them (one line each).

    classes: those of the training texts, whose tokens end the vocabulary; files: for every file or folder
    read, its path and the SHA-256 of its contents; place: where in the cache the corpus belongs, None for
    nowhere.
    """

    vocabulary: Vocabulary
    classes: tuple[str, ...]
    splits: dict[str, TextSplit]
    notes: list[str]
    files: dict[str, dict[str, str]]
    place: Path | None

    def keep(self) -> "Corpus":
        """Returns the corpus as memory maps of the cache, where it is put unless it is there already."""
        if self.place is None:
            return self
        if not self.place.is_dir():
            _publish(self.place, self)
        return _load(self.place, self.files)


def load_corpus(paths: dict[str, Path], encoding: Encoding, *, cache: Path | None, track: Track) -> Corpus:
    """Returns the encoded splits of `paths` (names `train`, `valid`, `test`), from the cache if it can.

    The key is made of file contents and settings, so a changed file is encoded anew. Writes nothing (see
    `Corpus.keep`). Raises InputError for anything wrong with a file.
    """
    _check_paths(paths)
    try:
        files = {name: {"path": str(path), "sha256": fingerprint(path)} for name, path in paths.items()}
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read ({error.strerror})") from None
    if cache is None:
        return Corpus(*_encode(paths, encoding, track), files, None)
    key_parts = [FORMAT, asdict(encoding), {name: facts["sha256"] for name, facts in files.items()}]
    folder = cache / hashlib.sha256(json.dumps(key_parts, sort_keys=True).encode()).hexdigest()[:32]
    if folder.is_dir():
        return _load(folder, files)
    return Corpus(*_encode(paths, encoding, track), files, folder)


def _load(folder: Path, files: dict[str, dict[str, str]]) -> Corpus:
    facts = json.loads((folder / "corpus.json").read_text(encoding="utf-8"))
    classes = tuple(facts["classes"])
    splits = {name: TextSplit.load(folder, name, classes) for name in facts["splits"]}
    vocabulary = Vocabulary.load(folder / "vocabulary.txt")
    return Corpus(vocabulary, classes, splits, facts["notes"], files, folder)


def encode_file(
    path: Path,
    vocabulary: Vocabulary,
    encoding: Encoding,
    *,
    classes: Sequence[str] = NEG_POS,
    track: Track,
) -> tuple[TextSplit, list[str]]:
    """Returns a file's texts in an existing vocabulary, and notes of what was left out."""
    _check_paths({"test": path})
    tokenizer = make_tokenizer(encoding.tokenizer, strip_html=encoding.strip_html)
    split, notes = _read_split("test", path, classes, tokenizer.encode, track)
    split = _renumber(split, vocabulary.encode(tokenizer.strings))
    return (split.first(encoding.max_length) if encoding.max_length else split), notes


def _check_paths(paths: dict[str, Path]) -> None:
    for name, path in paths.items():
        if not path.exists():
            read_examples(path, split_name=f"data.{name}")  # raises, and names the nearest path there is


def _encode(
    paths: dict[str, Path], encoding: Encoding, track: Track
) -> tuple[Vocabulary, tuple[str, ...], dict[str, TextSplit], list[str]]:
    tokenizer = make_tokenizer(encoding.tokenizer, strip_html=encoding.strip_html)
    splits, notes, classes = {}, [], None
    for name in ("train", *(other for other in paths if other != "train")):  # whose labels are the classes
        split, left_out = _read_split(name, paths[name], classes, tokenizer.encode, track)
        classes = split.classes
        # Cut before counting: the vocabulary holds just the words that training gets to see.
        splits[name] = split.first(encoding.max_length) if encoding.max_length else split
        notes += left_out
    if encoding.valid_fraction:
        kept, held_out = stratified(splits["train"].labels, encoding.valid_fraction)
        if not (len(kept) and len(held_out)):
            use, total = "train on" if len(held_out) else "validate with", len(splits["train"])
            raise InputError(
                f"data.valid_fraction: {encoding.valid_fraction:g} of each class leaves none of {total:,} "
                f"texts to {use}"
            )
        splits["train"], splits["valid"] = splits["train"].take(kept), splits["train"].take(held_out)
    assert classes is not None
    untaught = set(range(len(classes))) - set(splits["train"].labels.tolist())
    if untaught:
        names = named([classes[number] for number in sorted(untaught)])
        by = f" by data.valid_fraction={encoding.valid_fraction:g}" if encoding.valid_fraction else ""
        raise InputError(f"data.train: no text of label {names} is left{by} to train on")
    counts = np.bincount(splits["train"].ids, minlength=len(tokenizer.strings)).tolist()
    used = {word: count for word, count in zip(tokenizer.strings, counts, strict=True) if count}
    vocabulary = _vocabulary_of(encoding.vocabulary)(
        used,
        min_count=encoding.min_count,
        max_vocabulary=encoding.max_vocabulary,
        extra=tuple(map(class_token, classes)),
    )
    ids = vocabulary.encode(tokenizer.strings)
    return vocabulary, classes, {name: _renumber(split, ids) for name, split in splits.items()}, notes


def _vocabulary_of(name: str) -> Callable[..., Vocabulary]:
    if name == "torchtext":
        from rnnlab.data.torchtext_bridge import build_torchtext_vocabulary

        return build_torchtext_vocabulary
    return build_vocabulary


def _read_split(
    name: str,
    path: Path,
    classes: Sequence[str] | None,
    encode: Callable[[Iterable[str]], Iterable[NDArray[np.int32]]],
    track: Track,
) -> tuple[TextSplit, list[str]]:
    """Returns a split in the tokenizer's own numbering; texts that leave no token are left out and named.

    classes: those that there may be, None for those that the labels make.
    """
    examples = read_examples(path, split_name=f"data.{name}", classes=classes)
    texts = track(examples.texts, description=f"encoding {name}", total=len(examples.texts))
    encoded = list(encode(texts))
    lengths = np.array([len(ids) for ids in encoded], dtype=np.int64)
    empty = [*examples.empty, *(examples.sources[i] for i in np.flatnonzero(lengths == 0))]
    total = len(examples.texts) + len(examples.empty)
    if len(empty) > EMPTY_TEXTS_ALLOWED * total:
        raise InputError(f"data.{name}: {len(empty):,} of {total:,} texts hold no token ({empty[0]}, …)")
    notes = [f"{name}: left out {len(empty)} empty text(s): {'; '.join(empty)}"] if empty else []
    kept = lengths > 0
    offsets = np.concatenate([[0], lengths[kept].cumsum()])
    labels = examples.labels[kept]
    return TextSplit(np.concatenate(encoded), offsets, labels, classes=examples.classes), notes


def _renumber(split: TextSplit, ids: NDArray[np.int32]) -> TextSplit:
    return replace(split, ids=ids[split.ids])


def _publish(folder: Path, corpus: Corpus) -> None:
    """Writes a corpus beside its place in the cache, then renames it there: it is whole or absent."""
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        temporary.mkdir(parents=True)
        corpus.vocabulary.save(temporary / "vocabulary.txt")
        for name, split in corpus.splits.items():
            split.save(temporary, name)
        facts = {"splits": list(corpus.splits), "classes": corpus.classes, "notes": corpus.notes}
        write_text(temporary / "corpus.json", json.dumps(facts))
        temporary.rename(folder)
    except OSError as error:
        # Another run that encoded the same files first has left the same bytes there.
        if not folder.is_dir():
            raise InputError(f"data.cache: cannot write {folder.parent}: {error.strerror}") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
