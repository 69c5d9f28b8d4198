"""The page: foreign text escaped, no script, nothing from elsewhere, tables cut where they are large."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from rnnlab.reports.blocks import (
    MOST_COLUMNS,
    MOST_ROWS,
    Block,
    Finding,
    Findings,
    Paragraph,
    Picture,
    Section,
    Table,
)
from rnnlab.reports.page import render
from rnnlab.reports.similarity_figure import draw_similarity

EVIL = '<script>alert("1")</script>'


def picture(word: str, title: str = "words") -> Picture:
    rows = pd.DataFrame({"epoch": [0, 1], "word1": word, "word2": "b", "similarity": [0.1, 0.9]})
    return Picture("similarity", title, draw_similarity(rows))


def test_foreign_text_is_escaped_wherever_it_stands() -> None:
    tables = [Table([EVIL], [[EVIL]], EVIL), Table([EVIL], [[EVIL]], EVIL, folded=True)]
    blocks: list[Block] = [picture(EVIL, EVIL + "2"), *tables, Paragraph(EVIL), Paragraph(EVIL, code=True)]
    page = render(EVIL, [Section(EVIL, blocks), Section(EVIL, blocks, folded=True)])
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 24


@pytest.mark.parametrize(
    "word", ["a $b^2$ and $", "_hidden", 'style="fill: #1c1c1c"', "映画", "x\ny", "\\frac"]
)
def test_a_word_of_the_data_stands_for_itself_in_a_figure(word: str) -> None:
    page = render("t", [Section("s", [picture(word)])])
    (label,) = (text for text in re.findall(r"<text[^>]*>([^<]*)</text>", page) if "– b" in text)
    assert label.strip() == f"{word} – b".replace("\n", "\ufffd")


def test_a_page_needs_no_network() -> None:
    page = render("t", [Section("s", [Paragraph("p"), picture("a")])])
    assert "<use xlink:href=" in page
    assert not re.search(r"(src|href)\s*=\s*\"(?!#|data:)|url\((?!#)|@import", page)


def test_equal_figures_give_equal_pages_and_no_part_is_named_twice() -> None:
    first, again = (render("t", [Section("s", [picture("a"), picture("a")])]) for _ in range(2))
    assert first == again
    names = re.findall(r" id=\"([^\"]*)\"", first)
    assert len(names) == len(set(names)) > 0
    assert {
        name.partition(")")[0] for name in re.findall(r"(?<=url\(#)[^)]*|(?<=href=\"#)[^\"]*", first)
    } <= set(names)


def test_colours_of_a_figure_are_the_pages_which_has_them_for_light_and_dark() -> None:
    page = render("t", [Section("s", [picture("a")])])
    figure = page[page.index("<svg") :]
    assert 'role="img" aria-label="words"' in figure
    assert not re.search(r"(fill|stroke): #", figure)
    used = set(re.findall(r"var\((--\w+)\)", figure))
    light, dark = page.split("@media screen and (prefers-color-scheme: dark)")[:2]
    assert used and all(f"{name}: #" in light and f"{name}: #" in dark.split("}")[0] for name in used)


def test_gaps_of_a_table_are_empty_cells() -> None:
    table = Table.of(pd.DataFrame({"a": [1.0, float("nan")], "b": ["x", None]}))
    assert table.rows == [["1", "x"], ["", ""]]


def test_a_large_table_is_cut_and_says_so() -> None:
    columns = {f"c{number}": range(1234) for number in range(MOST_COLUMNS + 1)}
    table = Table.of(pd.DataFrame(columns), "numbers")
    assert table.caption == "numbers; the first 60 of 61 columns; the first and the last 20 of 1,234 rows"
    assert len(table.rows) == MOST_ROWS + 1 and {len(row) for row in table.rows} == {MOST_COLUMNS}
    assert [row[0] for row in table.rows[18:23]] == ["18", "19", "…", "1214", "1215"]


def test_control_characters_of_foreign_text_do_not_reach_the_page() -> None:
    blocks = [Paragraph("tab\tstays\nnbsp\xa0too \x00\x9b"), picture("\x1b[31m", "title \x1b")]
    page = render("a\x1b[31mb", [Section("s", blocks)])
    assert not any(character in page for character in "\x1b\x00\x9b")
    assert "a\ufffd[31mb" in page and "tab\tstays\nnbsp\xa0too" in page


def test_the_contents_lead_to_every_section_and_no_link_leads_nowhere() -> None:
    parts = [Section("Part (1)", [Paragraph("p")], short="1"), Section("Part (1)", [], short="2")]
    whole = [Section("Same", []), Section("Same", [], folded=True), Section("All", [], sections=parts)]
    findings = Findings([Finding("so it is", "all seeds", see="part-1")], terms=("cosine",))
    page = render("t", [Section("First", [findings]), *whole])
    places = re.findall(r" id=\"([^\"]*)\"", page)
    contents = re.findall(r"href=\"#([^\"]*)\"", page[page.index("<nav") : page.index("</nav>")])
    assert contents == ["first", "same", "same:2", "all", "part-1", "part-1:2", "definitions"]
    assert set(re.findall(r"href=\"#([^\"]*)\"", page)) <= set(places)
    assert len(places) == len(set(places))


def test_a_page_defines_what_its_blocks_name_and_no_more() -> None:
    readable = replace(picture("a"), reading="Up is more.", terms=("cosine", "loss"))
    page = render("t", [Section("s", [readable], sections=[Section("p", [Paragraph("p", terms=("loss",))])])])
    assert re.findall(r"<dt[^>]*>([^<]*)</dt>", page) == ["loss", "cosine"]
    assert page.count('<a href="#defined-loss">loss</a>') == 2 and "Up is more." in page
    assert "<dt" not in render("t", [Section("s", [picture("a")])])


def test_a_screen_reader_hears_what_a_figure_draws_and_what_a_tables_cells_are() -> None:
    table = Table(["word", "n"], [["a", "1"]], "counts of words")
    page = render("t", [Section("s", [picture("a"), table])])
    described = re.findall(r'aria-describedby="(\w+)"><desc id="(\w+)">([^<]*)</desc>', page)
    assert described == [
        ("figure0", "figure0", "cosine similarity of the word vectors: a – b from 0.1 to 0.9.")
    ]
    assert (
        '<div class="wide" role="region" tabindex="0" aria-label="counts of words"><table><caption>' in page
    )
    assert '<th scope="col" class="text">word</th>' in page and '<th scope="row" class="text">a</th>' in page
    for mark in (
        '<a class="skip" href="#main">',
        '<main id="main"',
        '<nav aria-label="Contents">',
        "<header>",
    ):
        assert mark in page
