import gzip
from pathlib import Path

import numpy as np
import pytest
import torch

from rnnlab.core.errors import InputError
from rnnlab.data.running_text import Choice, WordIndex, read_text, read_word_list, tokens_of


def test_tokens_are_lower_cased_then_the_first_n_taken_then_the_lists_applied() -> None:
    text = "The whale THE  Sea\nxyz the ship"
    listed, stopped = frozenset({"the", "whale", "sea", "ship"}), frozenset({"the"})
    assert tokens_of(text, Choice()) == ["The", "whale", "THE", "Sea", "xyz", "the", "ship"]
    assert tokens_of(text, Choice(max_tokens=4)) == ["The", "whale", "THE", "Sea"]
    assert tokens_of(text, Choice(word_list=listed)) == ["whale", "the", "ship"]
    # Were the lists applied before the count, "ship" would be among the first five.
    whole = Choice(lower=True, max_tokens=5, word_list=listed, stop_words=stopped)
    assert tokens_of(text, whole) == ["whale", "sea"]
    assert tokens_of(text, Choice(stop_words=frozenset({"The"}))) == [
        "whale",
        "THE",
        "Sea",
        "xyz",
        "the",
        "ship",
    ]


def test_characters_are_those_of_the_text_with_white_space_made_one_space() -> None:
    choice = Choice(unit="character", lower=True)
    assert tokens_of("Ab\r\n\t c", choice) == ["a", "b", " ", "c"]
    assert tokens_of("Ab c", Choice(unit="character", max_tokens=3)) == ["A", "b", " "]


def test_spacy_cuts_words_as_the_other_tasks_do_and_keeps_their_case() -> None:
    assert tokens_of("Don't, Ishmael.", Choice(tokenizer="spacy")) == ["Do", "n't", ",", "Ishmael", "."]


def test_a_text_is_read_plain_or_compressed_and_told_where_it_is_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfone\ntwo\n")
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"one\ntwo\n"))
    assert read_text(tmp_path / "a.txt") == read_text(tmp_path / "a.txt.gz") == "one\ntwo\n"
    (tmp_path / "bad.txt").write_bytes(b"one\ncaf\xe9\n")
    with pytest.raises(InputError, match=r"bad\.txt, line 2: not UTF-8 \(0xe9\)"):
        read_text(tmp_path / "bad.txt")


def test_a_word_list_holds_a_word_a_line_and_is_not_empty(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text(" a\nDr\r\n\nice cream\n")
    assert read_word_list(tmp_path / "list.txt") == {"a", "Dr", "ice cream"}
    (tmp_path / "none.txt").write_text("\n \n")
    with pytest.raises(InputError, match=r"none\.txt: is empty; expected one word per line"):
        read_word_list(tmp_path / "none.txt")


def test_words_and_numbers_map_to_each_other_in_sorted_order() -> None:
    index = WordIndex.of(["sea", "a", "whale", "sea", "Z"])
    assert index.words == ("Z", "a", "sea", "whale")
    assert index.encode(["whale", "Z"]).tolist() == [3, 0]
    assert [index.words[number] for number in index.encode(index.words)] == list(index.words)
    assert index.encode([]).dtype == np.int64


def test_an_unknown_word_is_named_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"'wahle': no such word; did you mean 'whale'\?"):
        WordIndex.of(["sea", "whale"]).encode(["sea", "wahle"])


def test_the_one_hot_matrix_times_the_numbers_gives_the_words_back_and_stays_small() -> None:
    rng = np.random.default_rng(0)
    words = [f"word{number}" for number in rng.integers(0, 5000, 100_000)]
    index = WordIndex.of(words)
    matrix = index.one_hot(words)
    assert matrix.is_sparse and matrix.shape == (100_000, len(index.words))
    numbers = np.arange(len(index.words), dtype=np.float32)[:, None]
    back = (matrix @ torch.from_numpy(numbers))[:, 0].long().tolist()
    assert [index.words[number] for number in back] == words
    held = sum(part.element_size() * part.nelement() for part in (matrix.indices(), matrix.values()))
    assert held <= 20 * len(words)  # two int64 and a float32 a token; dense it would be 2 GB


def test_moby_dick_has_the_known_words_at_the_known_places(real_data: Path) -> None:
    folder = real_data / "language"
    choice = Choice(
        lower=True,
        max_tokens=50_000,
        word_list=read_word_list(folder / "words-en.txt.gz"),
        stop_words=read_word_list(folder / "stopwords-en.txt"),
    )
    tokens = tokens_of(read_text(folder / "moby-dick.txt.gz"), choice)
    index = WordIndex.of(tokens)
    assert (len(tokens), len(index.words)) == (16_375, 4_357)
    assert (index.words[932], index.words[102]) == ("daylight", "amazingly")
    assert index.encode(["captain"]).tolist() == [544]
    assert index.one_hot(tokens).shape == (16_375, 4_357)
