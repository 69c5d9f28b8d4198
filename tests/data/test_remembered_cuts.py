"""Pieces that spaCy has cut once are known from a file; what they are cut into does not change by that."""

import json
import sys
from pathlib import Path

import pytest
import spacy

from rnnlab.data import remembered_cuts
from rnnlab.data.remembered_cuts import SpacyRules

PIECES = ["film.It", "don't", "(really)", "'cause", "3/10!", "café…", "🎬"]


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    rules = SpacyRules(tmp_path)
    for piece in PIECES:
        rules(piece)
    rules.keep()
    (path,) = tmp_path.iterdir()
    return path


def without_spacy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spacy", None)  # to import it now is an error


def test_known_pieces_are_cut_as_spacy_cuts_them_without_spacy(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = [[token.text for token in spacy.blank("en").tokenizer(piece)] for piece in PIECES]
    assert [len(tokens) > 1 for tokens in expected[:5]] == [True, True, True, False, True]
    without_spacy(monkeypatch)
    rules = SpacyRules(kept.parent)
    assert [rules(piece) for piece in PIECES] == expected


def test_an_unknown_piece_needs_spacy(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_spacy(monkeypatch)
    with pytest.raises(ImportError):
        SpacyRules(kept.parent)("unheard-of")


def test_new_pieces_are_kept_beside_the_old_ones(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = SpacyRules(kept.parent)
    rules("it's")
    rules.keep()
    without_spacy(monkeypatch)
    again = SpacyRules(kept.parent)
    assert (again("it's"), again("don't")) == (["it", "'s"], ["do", "n't"])


@pytest.mark.parametrize("content", ["", "[1]", '{"a": "b"}', '{"a": ["b"]}', '{"a": [1]}', "{\"don't"])
def test_a_file_that_is_not_whole_counts_for_nothing(content: str, kept: Path) -> None:
    kept.write_text(content)
    rules = SpacyRules(kept.parent)
    assert rules("a") == ["a"]
    rules.keep()
    assert json.loads(kept.read_text())["cuts"] == {"a": ["a"]}


def test_nothing_is_written_where_there_is_no_cache_or_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = SpacyRules(tmp_path / "missing")
    monkeypatch.setattr(remembered_cuts, "MOST", 1)
    crowded = SpacyRules(tmp_path)
    for rules in (missing, crowded, SpacyRules()):
        assert [rules(piece) for piece in ("a", "b")] == [["a"], ["b"]]
        rules.keep()
    assert list(tmp_path.iterdir()) == []
