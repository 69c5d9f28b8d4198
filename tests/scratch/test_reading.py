"""The reader's test: short files, forward beside backward, lines numbered against the derivation."""

import re
from pathlib import Path

import pytest
from matplotlib import pyplot

import rnnlab.cells
import rnnlab.scratch

SCRATCH, CELLS = (Path(room.__file__).parent for room in (rnnlab.scratch, rnnlab.cells))
DERIVATION = Path(__file__).parents[2] / "docs" / "from-scratch.md"
TWO_SCREENS = 100
NUMBER = r"\((\d+'?)\)"


def cited(path):
    comments = re.findall(r"#.*", path.read_text(encoding="utf-8"))
    return re.findall(NUMBER, "\n".join(comments))


@pytest.mark.parametrize("name", ["rnn.py", "lstm.py", "gru.py"])
def test_a_cell_fits_on_two_screens_with_forward_beside_backward(name):
    lines = (CELLS / name).read_text(encoding="utf-8").splitlines()
    forward, backward = (
        next(n for n, line in enumerate(lines) if f"def {word}(" in line) for word in ("step", "step_back")
    )
    assert len(lines) <= TWO_SCREENS
    assert 0 < backward - forward < 25


def test_every_equation_the_code_cites_is_in_the_derivation_and_the_other_way_round():
    text = DERIVATION.read_text(encoding="utf-8")
    defined = re.findall(rf"(?:^    |  ){NUMBER}  ", text, flags=re.MULTILINE)
    assert len(defined) == len(set(defined)) >= 51
    of_code = {number for room in (SCRATCH, CELLS) for path in room.glob("*.py") for number in cited(path)}
    assert of_code - set(defined) == set()
    assert {n for n in defined if "'" not in n} - of_code == set()


def test_every_snippet_of_the_derivation_runs(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    snippets = re.findall(r"```python\n(.*?)```", DERIVATION.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(snippets) >= 4
    for snippet in snippets:
        exec(snippet, {})
    pyplot.close("all")


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (SCRATCH / "cell.py", {1, *range(4, 9)}),
        (CELLS / "rnn.py", {2, 3}),
        (CELLS / "lstm.py", set(range(11, 25))),
        (CELLS / "gru.py", set(range(25, 38))),
    ],
    ids=lambda value: value.stem if isinstance(value, Path) else "",
)
def test_each_cell_cites_its_own_equations(path, wanted):
    assert wanted <= {int(number.rstrip("'")) for number in cited(path)}
