"""The table that `engine=auto` goes by: the nearest row of its kind, whole or passed over with a note."""

import json
from pathlib import Path

import pytest

from rnnlab.core.errors import InputError
from rnnlab.runs.facts import machine
from rnnlab.training import engine_table
from rnnlab.training.engine_table import EngineTable, Row, Work, save, shipped, tables

SMALL = {"input": 50, "hidden": 50, "batch": 8, "length": 60}
LARGE = {"input": 100, "hidden": 256, "batch": 64, "length": 125}
TABLE = EngineTable(
    machine=machine(),
    date="2026-11-29",
    torch="2.13.0",
    rows=(
        Row(
            kind="LSTM",
            **SMALL,
            ms={"torch": {1: 8.0, 2: 9.0}, "padded": {1: 2.0}, "fused": {1: 1.0, 2: 1.5}},
        ),
        Row(
            kind="LSTM",
            **LARGE,
            ms={"torch": {1: 900, 2: 700}, "padded": {1: 300, 2: 150}, "fused": {1: 400}},
        ),
        Row(kind="bag", **SMALL, ms={"torch": {1: 0.5}, "fused": {1: 0.8}}),
    ),
)
ALL = ("torch", "padded", "fused")


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the user's own table lies in this test."""
    path = tmp_path / "folder" / "engines.json"
    monkeypatch.setattr(engine_table, "user_path", lambda: path)
    return path


def test_the_row_whose_sizes_are_nearest_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    small = TABLE.fastest(Work(kind="LSTM", input=64, hidden=64, batch=8, length=40), ALL, 1)
    large = TABLE.fastest(Work(kind="LSTM", input=50, hidden=200, batch=64, length=200), ALL, 1)
    assert small is not None and large is not None
    assert (small.engine, small.times_torch, small.row.hidden) == ("fused", 8.0, 50)
    assert (large.engine, large.times_torch, large.row.hidden) == ("padded", 3.0, 256)


def test_an_engine_that_cannot_train_the_net_is_not_taken() -> None:
    work = Work(kind="LSTM", **SMALL)
    assert [TABLE.fastest(work, able, 1).engine for able in (ALL, ALL[:2], ALL[:1])] == [
        "fused",
        "padded",
        "torch",
    ]


def test_threads_are_the_users_or_as_many_as_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnnlab.training.engine_table.cores", lambda: 2)

    def taken(sizes: dict[str, int], threads: int | None) -> tuple[str, int]:
        found = TABLE.fastest(Work(kind="LSTM", **sizes), ALL, threads)
        return found.engine, found.threads

    assert [taken(SMALL, None), taken(LARGE, None)] == [("fused", 1), ("padded", 2)]
    assert [taken(LARGE, count) for count in (1, 2, 16)] == [("padded", 1), ("padded", 2), ("padded", 16)]
    assert taken(SMALL, 2) == ("fused", 2)
    monkeypatch.setattr("rnnlab.training.engine_table.cores", lambda: 1)
    assert taken(LARGE, None) == ("padded", 1)


def test_a_kind_that_was_not_measured_has_no_row() -> None:
    assert TABLE.fastest(Work(kind="GRU", **SMALL), ALL, 1) is None


def test_another_precision_is_looked_up_only_where_the_own_is_missing() -> None:
    double = Row(kind="LSTM", **LARGE, precision="float64", ms={"torch": {1: 9.0}, "fused": {1: 10.0}})
    table = TABLE.model_copy(update={"rows": (*TABLE.rows, double)})
    work = Work(kind="LSTM", **SMALL, precision="float64")
    assert table.fastest(work, ALL, 1).engine == "torch" and TABLE.fastest(work, ALL, 1).engine == "fused"


def test_the_shipped_table_has_every_kind_and_is_the_only_one_without_the_users_own(own: Path) -> None:
    found, note = tables()
    assert found == [shipped()] and note is None
    kinds = {row.kind for row in shipped().rows}
    assert kinds == {"bag", "RNN", "GRU", "LSTM", "other"}
    assert all({"torch", "fused"} <= row.ms.keys() for row in shipped().rows)


def test_the_users_own_table_comes_first_and_is_a_row_a_line(own: Path) -> None:
    save(TABLE, own)
    assert tables() == ([TABLE, shipped()], None)
    assert sum("kind" in line for line in own.read_text().splitlines()) == len(TABLE.rows)


def test_a_digit_that_has_changed_is_noticed(own: Path) -> None:
    save(TABLE, own)
    text = own.read_text()
    own.write_text(text.replace('"torch": {"1": ', '"torch": {"1": 1', 1))
    assert own.read_text() != text
    found, note = tables()
    assert found == [shipped()] and note is not None and "damaged; passed over" in note


def text_of(**changes: object) -> str:
    return json.dumps(TABLE.model_dump(mode="json") | changes)


BROKEN = {
    "no JSON": ("{", "no table of engines (invalid JSON"),
    "no rows": (text_of(rows=[]), "no table of engines (rows: tuple should have at least 1 item"),
    "a key too many": (text_of(more=1), "no table of engines (more: extra inputs are not permitted)"),
    "another engine": (
        text_of(rows=[TABLE.rows[2].model_dump(mode="json") | {"ms": {"jax": {"1": 2}}}]),
        "no table of engines (rows.0.ms.jax.[key]: input should be 'torch', 'padded' or 'fused')",
    ),
    "a time below zero": (
        text_of(rows=[TABLE.rows[2].model_dump(mode="json") | {"ms": {"torch": {"1": -2}}}]),
        "no table of engines (rows.0.ms.torch.1: input should be greater than 0)",
    ),
    "bytes": ("\udcff", "not readable ("),
    "another machine": (text_of(machine="elsewhere"), "measured on another machine (elsewhere)"),
}


@pytest.mark.parametrize(("text", "fault"), BROKEN.values(), ids=BROKEN)
def test_a_broken_table_is_passed_over_with_a_note(text: str, fault: str, own: Path) -> None:
    own.parent.mkdir()
    own.write_bytes(text.encode(errors="surrogateescape"))
    found, note = tables()
    assert found == [shipped()]
    assert note is not None and note.startswith(f"{own}: {fault}") and "rnnlab bench --tune" in note


def test_a_table_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        InputError, match=r"file/engines.json: cannot be written \(Not a directory|File exists\)"
    ):
        save(TABLE, tmp_path / "file" / "engines.json")


def readme_row(row: Row) -> str:
    kind = {"bag": "bag of embeddings", "other": "any other cell"}.get(row.kind, row.kind)
    sizes = f"{row.input}" if row.kind == "bag" else f"{row.input} → {row.hidden}"
    times = [f"{row.ms[engine][1]:g}" if engine in row.ms else "–" for engine in ALL]
    return f"| {kind}, {sizes} | {row.batch} | {row.length} | {' | '.join(times)} |"


def test_the_readme_shows_rows_of_the_shipped_table() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    _, _, rest = readme.partition("| net | batch | length | torch | padded | fused |\n")
    shown = rest.partition("\n\n")[0].splitlines()[1:]
    sizes = ((50, 8), (100, 64))
    assert shown == [readme_row(row) for row in shipped().rows if (row.input, row.batch) in sizes]
