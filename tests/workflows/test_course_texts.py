"""Whose texts the course asks its nets about: a file's that was named, one's beside the reviews, or ours."""

from pathlib import Path

import pytest

from rnnlab.core.errors import InputError
from rnnlab.course.texts import TEXTS
from rnnlab.workflows.course_texts import BESIDE_THE_REVIEWS, OWN, course_texts

FIVE = [f"text {number} & more" for number in range(1, 6)]


def test_a_named_file_comes_before_one_beside_the_reviews_and_that_before_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert course_texts("train.tsv") == (TEXTS, OWN) == course_texts(None)
    Path("reviews").mkdir()
    Path("reviews", BESIDE_THE_REVIEWS).write_text("\n".join(FIVE))
    Path("mine.txt").write_bytes("".join(f"{text} é\r\n" for text in FIVE).encode() + b"\n\n")
    texts, source = course_texts("reviews/train.tsv")
    assert source == "reviews/predict.txt" and [text for _, text in texts] == FIVE
    assert [question for question, _ in texts] == [question for question, _ in TEXTS]
    texts, source = course_texts("reviews/train.tsv", Path("mine.txt"))
    assert source == "mine.txt" and [text for _, text in texts] == [f"{text} é" for text in FIVE]
    assert course_texts("elsewhere/train.tsv") == (TEXTS, OWN)


def test_the_courses_own_texts_lie_beside_its_reviews(real_data: Path) -> None:
    texts, source = course_texts(str(real_data / "imdb-train.tsv"))
    assert source == str(real_data / "predict.txt")
    assert texts[3] == ("intensifier late", "I loved it at first, but by the end I really hated it")


@pytest.mark.parametrize(
    ("lines", "parts"),
    [
        (FIVE[:3], ["line 4: expected the text 'intensifier late'", "found the end of the file"]),
        ([*FIVE, "one more"], ["line 6: expected the end of the file", "found a text more"]),
        ([FIVE[0], " ", *FIVE[2:]], ["line 2: expected the text 'dislike, then like'", "an empty line"]),
        ([], ["is empty"]),
    ],
)
def test_another_number_of_texts_is_one_line_with_file_and_line(
    lines: list[str], parts: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    with pytest.raises(InputError) as caught:
        course_texts(None, path)
    message = str(caught.value)
    assert message.startswith(str(path)) and "\n" not in message
    assert all(part in message for part in parts), message
    with pytest.raises(InputError, match="no such file"):
        course_texts(None, tmp_path / "missing.txt")
