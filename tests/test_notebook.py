"""docs/notebook.ipynb runs, and its figures are the command's."""

import json
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient

from tests.conftest import Command
from tests.times import without_times

NOTEBOOK = Path(__file__).parents[1] / "docs/notebook.ipynb"
WORDS = ["model=rnn", "insert=end", "training.epochs=2"]


def executed(folder: Path, question: str) -> Any:
    """Returns the answer to a question asked in Python after the whole notebook has run in `folder`."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(f"import json\nprint(json.dumps({question}))"))
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}}).execute()
    return json.loads(notebook.cells[-1].outputs[0].text)


@pytest.mark.slow
def test_the_notebook_gives_the_figures_of_the_command(rnnlab: Command, tmp_path: Path) -> None:
    for words in (["hydra.run.dir=run"], ["engine=torch", "hydra.run.dir=torch"]):
        done = rnnlab("train", *WORDS, *words)
        assert done.returncode == 0, done.stderr
    (tmp_path / "notebook").mkdir()
    found = executed(tmp_path / "notebook", "[run.metrics.to_dict('records'), by_hand]")
    theirs = pd.read_csv(tmp_path / "run/metrics.csv")
    pd.testing.assert_frame_equal(
        without_times(pd.DataFrame(found[0])), without_times(theirs), check_exact=True
    )
    by_hand = {f"valid_{name}": value for name, value in found[1].items()}
    of_torch = pd.read_csv(tmp_path / "torch/metrics.csv").iloc[-1]
    assert by_hand and by_hand == {name: of_torch[name] for name in by_hand}


def test_the_notebook_trains_in_one_line_and_in_a_loop_of_ten() -> None:
    sources = [cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells]
    assert any(line.startswith("run = rnnlab.train(") for text in sources for line in text.splitlines())
    (loop,) = (text for text in sources if ".backward()" in text)
    assert len(loop.splitlines()) <= 11  # ten, and the line that shows what it gave
