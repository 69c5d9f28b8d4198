import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlab.core.errors import InputError
from rnnlab.data.open_file import show_path
from rnnlab.data.readers import Examples, read_examples, scan, survey

# Every line end that Python knows but TSV does not, and what CSV has to quote.
AWKWARD = st.sampled_from(
    ["\r", "\x85", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\t", '"', ",", "\ufeff", "é"]
)
LINE = st.text(st.characters(codec="utf-8", exclude_characters="\0\n") | AWKWARD)
GOOD = b"pos\tfine\nneg\tdull\n"


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.name.endswith(".gz") else content)
    return path


def content_of(examples: Examples) -> list[tuple[str, int]]:
    return list(zip(texts_of(examples), examples.labels.tolist(), strict=True))


def texts_of(examples: Examples) -> list[str]:
    return [example.text for example in examples]


def sources_of(examples: Examples) -> list[str]:
    return [example.source for example in examples]


def error_of(path: Path, **settings: str) -> str:
    with pytest.raises(InputError) as caught:
        read_examples(path, **settings)
    message = str(caught.value)
    assert "\n" not in message
    assert caught.value.exit_code == 2
    return message


FINE_AND_DULL = [("fine", 1), ("dull", 0)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tsv", GOOD),
        ("a.tsv.gz", GOOD),
        ("a.txt", GOOD),
        ("no_ending", GOOD),
        ("crlf.tsv", b"pos\tfine\r\nneg\tdull\r\n"),
        ("no_last_newline.tsv", b"pos\tfine\nneg\tdull"),
        ("byte_order_mark.tsv", b"\xef\xbb\xbf" + GOOD),
        ("long_labels.tsv", b"positive\tfine\nNegative \tdull\n"),
        ("digits.tsv", b"1\tfine\n0\tdull\n"),
        ("a.csv", b"review,sentiment\nfine,positive\ndull,negative\n"),
        ("a.csv.gz", b"review,sentiment\nfine,positive\ndull,negative\n"),
        ("A.CSV", b"Label,id,Text\r\n1,7,fine\r\n\r\n0,8,dull\r\n"),
        ("byte_order_mark.csv", b'\xef\xbb\xbf"sentiment","review"\npositive,"fine"\nnegative,dull'),
    ],
)
def test_every_form_of_file_gives_the_same_texts(tmp_path: Path, name: str, content: bytes) -> None:
    examples = read_examples(write(tmp_path / name, content))
    assert content_of(examples) == FINE_AND_DULL
    assert examples.labels.dtype.name == "int64"
    assert examples.empty == []


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_folder_with_a_file_a_label_has_a_text_a_line(tmp_path: Path, ending: str) -> None:
    write(tmp_path / f"rt.pos{ending}", b"fine\r\nhas a\ttab\n")
    write(tmp_path / f"rt.neg{ending}", b"dull")
    write(tmp_path / "readme.txt", b"not a text of the data")
    write(tmp_path / "._rt.pos", b"left by another system")
    examples = read_examples(tmp_path)
    assert content_of(examples) == [("fine", 1), ("has a\ttab", 1), ("dull", 0)]
    assert sources_of(examples)[1] == f"{tmp_path / f'rt.pos{ending}'}, line 2"


def test_a_folder_with_a_file_a_text_is_read_in_the_order_of_numbers(tmp_path: Path) -> None:
    for name, content in {
        "10_7": b"tenth",
        "9_8": b"ninth\n",
        "2_10": b"\xef\xbb\xbfsecond,\nof two lines",
    }.items():
        write(tmp_path / "pos" / f"{name}.txt", content)
    write(tmp_path / "neg" / "0_1.txt.gz", b"dull")
    write(tmp_path / "unsup" / "0_0.txt", b"no label")
    write(tmp_path / "labeledBow.feat", b"9 0:9")
    examples = read_examples(tmp_path)
    assert content_of(examples) == [("second,\nof two lines", 1), ("ninth", 1), ("tenth", 1), ("dull", 0)]
    assert sources_of(examples)[0] == str(tmp_path / "pos" / "2_10.txt")


@settings(max_examples=100, deadline=None)
@given(lines=st.lists(LINE, max_size=5), ending=st.sampled_from([b"\n", b"\r\n"]), last=st.booleans())
def test_only_newlines_end_a_line_of_tsv(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], ending: bytes, last: bool
) -> None:
    # A line that ends in \r is one that ends in \r\n.
    texts = ["fine", *(line for line in lines if not line.endswith("\r")), "dull"]
    content = ending.join(f"{index % 2}\t{text}".encode() for index, text in enumerate(texts))
    path = write(tmp_path_factory.getbasetemp() / "awkward.tsv", content + ending * last)
    found = [result if isinstance(result, InputError) else result[:2] for result in scan(path)]
    assert found == [(text, str(index % 2)) for index, text in enumerate(texts)]


@settings(max_examples=100, deadline=None)
@given(texts=st.lists(st.lists(LINE, max_size=3).map("\n".join), min_size=1, max_size=5))
def test_csv_gives_back_what_a_csv_writer_wrote(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([["sentiment", "review"], *(["positive", text] for text in texts)])
    path = write(tmp_path_factory.getbasetemp() / "awkward.csv", buffer.getvalue().encode())
    assert [result if isinstance(result, InputError) else result.text for result in scan(path)] == texts


def test_csv_names_the_line_where_a_row_begins(tmp_path: Path) -> None:
    content = b'review,sentiment\n"one\ntwo, ""quoted""\n",positive\ndull,negative\n'
    examples = read_examples(write(tmp_path / "a.csv", content))
    assert texts_of(examples) == ['one\ntwo, "quoted"\n', "dull"]
    assert [source.rpartition(" ")[2] for source in sources_of(examples)] == ["2", "5"]


def test_csv_fields_may_be_longer_than_the_modules_limit(tmp_path: Path) -> None:
    long = b"long " * 100_000
    examples = read_examples(write(tmp_path / "a.csv", b"text,label\n" + long + b",1\ndull,0\n"))
    assert texts_of(examples)[0] == long.decode()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.tsv", b"", "empty.tsv: is empty"),
        ("blank.csv", b"\n \n", "blank.csv: is empty"),
        ("empty.tsv.gz", b"", "empty.tsv.gz: is empty"),
        ("picture.tsv", b"\x89PNG\r\n\0\0\1", "picture.tsv: is a binary file"),
        ("picture.csv.gz", b"\x89PNG\r\n\0\0\1", "picture.csv.gz: is a binary file"),
        ("late.tsv", GOOD * 1000 + b"pos\ta\0b\n", "late.tsv, line 2001: holds a NUL byte"),
        ("gzip.tsv", gzip.compress(GOOD, mtime=0), "gzip.tsv: is compressed with gzip"),
        ("wide.tsv", GOOD.decode().encode("utf-16"), "wide.tsv: is UTF-16; expected UTF-8"),
        ("latin.tsv", GOOD + b"pos\tcaf\xe9\n", "latin.tsv, line 3: not UTF-8 (0xe9 at byte 8)"),
        ("latin.csv", b'text,label\n"a\nb",1\ncaf\xe9,0\n', "latin.csv, line 4: not UTF-8"),
        (
            "spaces.tsv",
            GOOD + b"pos fine\n",
            "spaces.tsv, line 3: no tab; expected label<TAB>text, found 'pos fine'",
        ),
        (
            "gap.tsv",
            b"pos\tfine\n\nneg\tdull\n",
            "gap.tsv, line 2: no tab; expected label<TAB>text, found a blank",
        ),
        (
            "label.tsv",
            GOOD + b"postive\tfine\n",
            "line 3: unknown label 'postive'; expected neg/pos, negative/posi",
        ),
        ("label.tsv", GOOD + b"postive\tfine\n", "did you mean 'positive'?"),
        ("label.csv", b"text,label\nfine,1\ndull,\n", "label.csv, line 3: has no label"),
        (
            "header.csv",
            b"fine,positive\ndull,negative\n",
            "line 1: no column named review or text in the header",
        ),
        ("header.csv", b"fine,positive\ndull,negative\n", "found 'fine, positive'"),
        ("column.csv", b"review,score\nfine,1\n", "line 1: no column named sentiment or label"),
        ("both.csv", b"review,text,label\nfine,,1\n", "line 1: more than one column named review or text"),
        ("width.csv", b"text,label\nfine, very,1\ndull,0\n", "width.csv, line 2: expected 2 fields, found 3"),
        (
            "quote.csv",
            b'text,label\nfine,1\n"dull,0\nfine,1\n',
            "line 3: not a CSV row (a quote is never closed)",
        ),
        (
            "quote.csv",
            b'text,label\nfine,1\n"so" dull,0\n',
            "line 3: not a CSV row (',' expected after '\"')",
        ),
        ("header_only.csv", b"text,label\n", "header_only.csv: holds no texts"),
        ("class.tsv", b"pos\tfine\n1\tgood\n", "class.tsv: all 2 texts are positive; expected negative ones"),
        ("class.csv", b"text,label\ndull,0\n", "class.csv: all 1 texts are negative; expected positive ones"),
        ("rt.pos", b"fine\n", "rt.pos: has texts of one label; expected the folder"),
    ],
)
def test_a_bad_file_is_told_in_one_line(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    assert message in error_of(write(tmp_path / name, content))


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-20], lambda data: b"text", lambda data: data + b"junk"]
)
def test_broken_gzip_is_told_in_one_line(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "a.tsv.gz"
    path.write_bytes(damage(gzip.compress(GOOD * 10_000)))
    assert "a.tsv.gz: is not gzip, or broken, or cut off" in error_of(path)


def test_a_missing_file_suggests_a_sibling(tmp_path: Path) -> None:
    write(tmp_path / "train.tsv", GOOD)
    assert error_of(tmp_path / "tain.tsv").endswith(
        "tain.tsv: no such file or folder; did you mean 'train.tsv'?"
    )
    assert "nor is there a folder" in error_of(tmp_path / "nowhere" / "train.tsv")


def test_a_file_without_permission_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("rnnlab.data.open_file.io.FileIO", refuse)
    assert "a.tsv: cannot be read (Permission denied)" in error_of(write(tmp_path / "a.tsv", GOOD))


def test_a_folder_without_permission_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert error_of(tmp_path) == f"{tmp_path}: cannot be read (Permission denied)"


def test_a_folder_of_no_known_layout_says_what_was_expected(tmp_path: Path) -> None:
    assert "expected pos/ and neg/ with .txt files, or files *.pos and *.neg; found nothing" in error_of(
        tmp_path
    )
    write(tmp_path / "rt.pos", b"fine\n")
    assert "no neg texts in this folder" in error_of(tmp_path)
    write(tmp_path / "train" / "pos" / "0_1.txt", b"fine")
    assert f"found 'rt.pos, train/'; did you mean {tmp_path / 'train'}?" in error_of(tmp_path)
    (tmp_path / "train" / "neg").mkdir()
    assert "no neg texts in this folder" in error_of(tmp_path / "train")


def test_a_file_that_is_there_plain_and_compressed_is_not_read_twice(tmp_path: Path) -> None:
    for name in ("rt.pos", "rt.pos.gz", "rt.neg"):
        write(tmp_path / name, b"text\n")
    assert "'rt.pos' is there twice" in error_of(tmp_path)


def test_one_empty_text_in_a_hundred_is_left_out_and_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", GOOD * 49 + b"pos\t \nneg\tdull\n")
    examples = read_examples(path)
    assert len(texts_of(examples)) == len(examples.labels) == len(sources_of(examples)) == 99
    assert examples.empty == [f"{path}, line 99"]
    write(path, GOOD * 48 + b"pos\t \nneg\t\npos\tfine\n")
    assert f"2 of 99 texts are empty, at most 1 in 100 may be ({path}, line 97; {path}, line 98)" in error_of(
        path
    )


def test_an_empty_file_among_the_texts_of_a_folder_is_an_empty_text(tmp_path: Path) -> None:
    for index in range(100):
        write(tmp_path / ("pos" if index % 2 else "neg") / f"{index}.txt", b"text" if index else b"")
    assert read_examples(tmp_path).empty == [str(tmp_path / "neg" / "0.txt")]


def test_every_bad_line_is_found_and_the_good_ones_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", b"pos\tfine\nbad\nneg\tdull\nnegativ\tso so\npos\tcaf\xe9\nneg\tlong\n")
    examples = survey(path)
    errors = list(examples.errors())
    assert texts_of(examples) == ["fine", "dull", "long"]
    assert [str(error).partition(":")[0].rpartition(" ")[2] for error in errors] == ["2", "4", "5"]
    assert error_of(path).endswith("(and 2 more; rnnlab data check lists all)")


def test_every_bad_row_of_a_csv_is_found(tmp_path: Path) -> None:
    rows = [
        b"text,label",
        b'"a\ncaf\xe9\nb",1',
        b"fine,1",
        b'"so" bad,0',
        b"dull,0",
        b"one",
        b"meh,postive",
        b"good,1",
    ]
    examples = survey(write(tmp_path / "a.csv", b"\n".join(rows)))
    errors = list(examples.errors())
    assert texts_of(examples) == ["fine", "dull", "good"]
    assert [str(error).partition(":")[0].rpartition(" ")[2] for error in errors] == ["3", "6", "8", "9"]


def test_every_bad_file_of_a_folder_is_found(tmp_path: Path) -> None:
    write(tmp_path / "pos" / "1.txt", b"\0\0")
    write(tmp_path / "pos" / "2.txt", b"fine")
    write(tmp_path / "neg" / "1.txt", b"first\ncaf\xe9")
    examples = survey(tmp_path)
    errors = list(examples.errors())
    assert texts_of(examples) == ["fine"]
    messages = [str(error).removeprefix(str(tmp_path)) for error in errors]
    assert messages[0] == "/pos/1.txt: is a binary file; expected text"
    assert messages[1].startswith("/neg/1.txt, line 2: not UTF-8 (0xe9 at byte 4); convert the file")
    assert len(messages) == 2


def test_the_split_begins_the_message_and_control_characters_are_escaped(tmp_path: Path) -> None:
    message = error_of(write(tmp_path / "a\x1b[31m.tsv", b"\x1b[2Jpos\tfine\n"), split_name="data.train")
    assert message.startswith("data.train: ")
    assert message.isprintable()


def test_real_reviews_are_read_whole(real_data: Path) -> None:
    sample = read_examples(real_data / "imdb-train.tsv")
    assert (len(texts_of(sample)), int(sample.labels.sum())) == (1000, 500)
    assert texts_of(sample)[0].startswith("Long, boring, blasphemous.")
    polarity = read_examples(real_data / "polarity")
    assert (len(texts_of(polarity)), int(polarity.labels.sum())) == (10_662, 5331)
    full = read_examples(real_data / "imdb-full-train.tsv.gz")
    assert (len(texts_of(full)), int(full.labels.sum()), full.empty) == (25_000, 12_500, [])


def test_a_path_of_thousands_of_characters_is_told_by_its_end() -> None:
    found = show_path(Path("x" * 50_000, "\x1b[2Jmine.tsv"))
    assert len(found) < 400 and found.isprintable() and found.endswith("mine.tsv'")
