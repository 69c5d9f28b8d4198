"""`rnnlab graph`: a picture of the net that the words describe, or one line that says why not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Outcome

Call = Callable[..., Outcome]


def test_draws_the_first_words_of_a_text_into_a_folder_of_its_own(
    call: Call, tiny: list[str], tmp_path: Path
) -> None:
    outcome = call("graph", *tiny, "model=lstm", "model.hidden_size=7", "--length", "3")
    assert outcome.code == 0 and not outcome.err
    (folder,) = (tmp_path / "outputs").glob("graph-lstm-*")
    assert outcome.out == f"figure: {folder / 'graph.svg'}\n"
    assert {path.name for path in folder.iterdir()} == {".hydra", "graph.log", "graph.svg"}
    svg = (folder / "graph.svg").read_text()
    first = Path("valid.tsv").read_text().split("\t")[1].split()
    assert all(f">{word}</text>" in svg for word in first[:3])
    assert "h₃ [7]" in svg and "h₄" not in svg and "lstm, 3 steps" in svg


def test_the_same_words_give_the_same_picture_wherever_it_goes(call: Call, tiny: list[str]) -> None:
    for name in ("one.svg", "two.svg"):
        outcome = call("graph", *tiny, "model=bigru", "--output", name)
        assert outcome.code == 0 and outcome.out == f"figure: {name}\n"
    assert Path("one.svg").read_bytes() == Path("two.svg").read_bytes()
    assert "h→₄ [50]" in Path("one.svg").read_text()  # four steps by default


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--length", "7"], "error: --length 7: expected at most 6, the words of the longest text\n"),
        (["--output", "a.png"], "error: --output a.png: expected a name that ends in .svg\n"),
        (["--output", "no/a.svg"], "error: no/a.svg: cannot be written (No such file or directory)\n"),
        (["model=lst"], "error: model=lst: no such model; did you mean 'lstm'?"),
    ],
    ids=["too long", "no svg", "no folder", "no model"],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    call: Call, tiny: list[str], words: list[str], message: str
) -> None:
    before = set(Path().rglob("*"))
    outcome = call("graph", *tiny, *words)
    assert outcome.code == 2 and outcome.err.startswith(message) and outcome.err.count("\n") == 1
    left = {path for path in set(Path().rglob("*")) - before if path.is_file() and "cache" not in str(path)}
    assert not left


def test_without_graphviz_it_says_so_before_anything_is_made(
    call: Call, tiny: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    outcome = call("graph", *tiny)
    assert outcome.code == 2
    assert outcome.err == "error: Graphviz is not installed; install it with: pip install 'rnnlab[graph]'\n"
    assert not Path("outputs").exists()
