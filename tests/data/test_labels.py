"""Which classes labels make, and which labels are refused, with file and line."""

import csv
from pathlib import Path

import pytest

from rnnlab.core.errors import InputError
from rnnlab.data.labels import class_number, class_token, classes_of, read_label
from rnnlab.data.readers import read_examples, survey
from rnnlab.data.vocabulary import UNK_ID, build_vocabulary


def write(path: Path, *rows: tuple[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{label}\t{text}\n" for label, text in rows))
    return path


def errors_of(path: Path, classes: tuple[str, ...] | None = None) -> list[str]:
    return [str(error).removeprefix(f"{path.parent}/") for error in survey(path, classes).errors()]


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["pos", "Negative", "1", "0"], ("neg", "pos")),
        (["1", "0"], ("neg", "pos")),
        (["2", "1"], ("1", "2")),
        (["10", "9", "-1", "2.5"], ("-1", "2.5", "9", "10")),
        (["spam", "ham"], ("ham", "spam")),
        (["positive", "neutral", "negative"], ("negative", "neutral", "positive")),
        (["world", "Sports", "business"], ("business", "Sports", "world")),
        (["n/a", "2", "1"], ("1", "2", "n/a")),
        (["0", "1", "2"], ("0", "1", "2")),
    ],
)
def test_classes_are_numbers_by_value_then_names_by_the_alphabet(
    labels: list[str], classes: tuple[str, ...]
) -> None:
    assert classes_of(labels) == classes
    assert {class_number(label, "", classes) for label in labels} == set(range(len(classes)))


def test_neg_and_pos_keep_their_numbers_whatever_they_are_called() -> None:
    numbers = [class_number(label, "", ("neg", "pos")) for label in ("NEG", "negative", "0", "Pos", "1")]
    assert numbers == [0, 0, 0, 1, 1]


def test_a_class_that_validation_lacks_keeps_its_number(tmp_path: Path) -> None:
    path = write(tmp_path / "valid.tsv", ("3", "fine"), ("1", "dull"))
    examples = read_examples(path, classes=("1", "2", "3"))
    assert (examples.classes, examples.labels.tolist(), examples.counts) == (
        ("1", "2", "3"),
        [2, 0],
        [1, 0, 1],
    )


def test_a_label_that_training_lacks_is_refused_by_file_line_and_name(tmp_path: Path) -> None:
    path = write(tmp_path / "valid.tsv", ("sports", "a"), ("wordl", "b"), ("arts", "c"))
    assert errors_of(path, ("sports", "world")) == [
        "valid.tsv, line 2: unknown label 'wordl'; expected one of the training texts' sports, world; "
        "did you mean 'world'?",
        "valid.tsv, line 3: unknown label 'arts'; expected one of the training texts' sports, world; "
        "did you mean 'sports'?",
    ]
    binary = errors_of(write(tmp_path / "v.tsv", ("pos", "a"), ("neutral", "b")), ("neg", "pos"))
    assert binary == ["v.tsv, line 2: unknown label 'neutral'; expected neg/pos, negative/positive or 0/1"]


def test_a_label_of_two_spellings_is_refused(tmp_path: Path) -> None:
    rows = ("ham", "a"), ("spam", "b"), ("Ham", "c")
    assert errors_of(write(tmp_path / "t.tsv", *rows)) == [
        f"t.tsv, line 3: label 'Ham' is spelled 'ham' in {tmp_path}/t.tsv, line 1; expected one spelling"
    ]
    for first, other in (("1", "1.0"), ("pos", "positive"), ("so so", "so_so"), ("é", "e\u0301")):
        rows = (first, "a"), ("2", "b"), ("3", "b"), (other, "c")
        (error,) = errors_of(write(tmp_path / "t.tsv", *rows))
        assert error.startswith("t.tsv, line 4: label") and "is spelled" in error


def test_a_misspelt_negative_or_positive_is_no_third_class_but_other_words_are(tmp_path: Path) -> None:
    rows = ("negative", "a"), ("positive", "b"), ("negatve", "c")
    (error,) = errors_of(write(tmp_path / "t.tsv", *rows))
    assert "line 3: unknown label 'negatve'" in error and "did you mean 'negative'?" in error
    for third in ("neutral", "mixed", "very negative", "meh"):
        assert errors_of(write(tmp_path / "t.tsv", *rows[:2], (third, "c"))) == []


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("  ", "t.tsv, line 1: has no label"),
        ("x" * 61, "expected a label of at most 60 characters, found 61 characters"),
        ("a\x1b[2J", r"unknown label 'a\x1b[2J'; expected one that can be printed"),
        ("a\u202eb", "expected one that can be printed"),
    ],
)
def test_a_label_that_nobody_could_read_is_refused(label: str, message: str) -> None:
    with pytest.raises(InputError) as refused:
        read_label(label, "t.tsv, line 1")
    assert message in str(refused.value) and str(refused.value).isprintable()


def test_texts_of_one_label_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "t.tsv", ("3", "a"), ("3", "b"))
    assert errors_of(path) == ["t.tsv: all 2 texts have the label '3'; expected two or more"]


def test_a_text_in_the_place_of_the_label_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "t.tsv", *((f"text number {n}", "pos") for n in range(200)))
    (error,) = errors_of(path)
    assert error == "t.tsv: 200 labels in 200 texts; expected a few labels, each of many texts"


def test_the_header_of_a_tsv_is_no_text(tmp_path: Path) -> None:
    for header in (("label", "text"), ("Stars", "Review")):
        rows = header, ("1", "a"), ("2", "b"), ("3", "c")
        (error,) = errors_of(write(tmp_path / "t.tsv", *rows))
        assert error.startswith("t.tsv, line 1: is a header; expected label<TAB>text")
    assert errors_of(write(tmp_path / "t.tsv", ("1", "text"), ("2", "b"))) == []


@pytest.mark.parametrize("column", ["label", "sentiment", "stars", "Topic"])
def test_a_csv_may_call_its_labels_by_what_they_are(tmp_path: Path, column: str) -> None:
    path = tmp_path / "t.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("text", column), ("a, b", "so so"), ("c", "5"), ("d", "so\nso")])
    examples = read_examples(path)
    assert (examples.classes, examples.labels.tolist()) == (("5", "so so"), [1, 0, 1])


def test_a_folder_has_a_folder_for_every_label(tmp_path: Path) -> None:
    for label in ("pos", "neg", "neutral"):
        write(tmp_path / label / "1.txt", (label, "text"))
    write(tmp_path / "unsup" / "1.txt", ("no", "label"))
    examples = read_examples(tmp_path)
    assert examples.classes == ("neg", "neutral", "pos") and examples.labels.tolist() == [2, 0, 1]
    (tmp_path / "mixed").mkdir()
    with pytest.raises(InputError, match="no mixed texts in this folder"):
        read_examples(tmp_path)


def test_a_token_is_one_word_which_no_text_can_write() -> None:
    assert [class_token(label) for label in ("3", "so so", "<b>")] == ["<new3>", "<newso_so>", "<new<b>>"]
    vocabulary = build_vocabulary(
        {"film": 2, "<new3>": 9}, min_count=1, max_vocabulary=None, extra=("<new3>", "<new4>")
    )
    assert vocabulary.words[2:] == ("film", "<new3>", "<new4>")
    assert vocabulary.encode(["<new3>", "<new4>", "<new5>", "film"]).tolist() == [UNK_ID] * 3 + [2]
