"""What spaCy's rules make of pieces of text, kept in a file: to import spaCy takes half a second."""

import hashlib
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rnnlab.core.errors import InputError
from rnnlab.core.files import read_regular, write_text

MOST = 20_000  # pieces kept: a file that is read at once
LONGEST = 500
"""Characters of a piece that spaCy gets at once: of n opening brackets it takes each off in n steps."""
log = logging.getLogger("rnnlab")


class SpacyRules:
    """Cuts a piece between white space by the rules of blank English, which follow from the piece alone.

    spaCy is imported for the first piece that is not known.
    """

    def __init__(self, cache: Path | None = None) -> None:
        """Reads the pieces known from before; cache: the folder they are kept in, None for nowhere."""
        self._path = None if cache is None else cache / f"spacy-{version('spacy')}-cuts.json"
        self._known = {} if self._path is None else _read(self._path)
        self._kept = len(self._known)
        self._rules: Callable[[str], Any] | None = None

    def __call__(self, piece: str) -> list[str]:
        """Returns the tokens of a piece, of one that is no word by far those of its parts."""
        if len(piece) > LONGEST:
            parts = [piece[start : start + LONGEST] for start in range(0, len(piece), LONGEST)]
            of_part = {part: self(part) for part in dict.fromkeys(parts)}
            return [token for part in parts for token in of_part[part]]
        if (tokens := self._known.get(piece)) is None:
            tokens = [token.text for token in self._spacy(piece)]
            if self._path is not None:
                self._known[piece] = tokens
        return tokens

    def keep(self) -> None:
        """Writes what has become known, if the folder is there and they are not too many."""
        if self._path is None or not self._kept < len(self._known) <= MOST or not self._path.parent.is_dir():
            return
        with suppress(OSError):  # without the file all is as it was, only slower
            write_text(self._path, json.dumps({"sha256": _sum(self._known), "cuts": self._known}))
            self._kept = len(self._known)

    def _spacy(self, piece: str) -> Any:
        if self._rules is None:
            import spacy  # late: see above

            self._rules = spacy.blank("en").tokenizer
        return self._rules(piece)


def _sum(known: dict[str, list[str]]) -> str:
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()


def _read(path: Path) -> dict[str, list[str]]:
    """Returns the pieces of a file and their tokens; none of a file that is missing or broken."""
    try:
        kept = json.loads(read_regular(path))
        known: dict[str, list[str]] = kept["cuts"]
        if kept["sha256"] == _sum(known) and all("".join(known[piece]) == piece for piece in known):
            return known
    except FileNotFoundError:
        return {}
    except (OSError, InputError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    log.warning("note: %s is broken; texts are cut anew", path)
    return {}
