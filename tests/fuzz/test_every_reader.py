"""No reader breaks, whatever it is given: see claims.py for what that means.

An input that breaks one is made as small as it can be, and written into a folder whose path is told. Mended,
it goes into corpus/READER/ with a name that says what was wrong.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz.claims import BrokenClaimError, check, size_of
from tests.fuzz.edits import Edit, TreeEdit, edits, tree_edits
from tests.fuzz.readers import READERS, Reader
from tests.fuzz.trees import Special, Tree, read_tree, write_tree

CORPUS = Path(__file__).parent / "corpus"
LARGEST = 250_000  # bytes of a file
FAILURES = Path(tempfile.gettempdir(), "rnnlab-fuzz")
pytestmark = [
    pytest.mark.unchecked_types,
    pytest.mark.usefixtures("in_place"),
    pytest.mark.parametrize("reader", READERS, ids=[reader.name for reader in READERS]),
]


@pytest.fixture
def in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers look for `outputs` and `configs` in the current folder."""
    (tmp_path / "input").mkdir()
    monkeypatch.chdir(tmp_path / "input")
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("NO_COLOR", "1")


def test_what_is_valid_is_read(reader: Reader, trained: Path, tmp_path: Path) -> None:
    for seed in reader.seeds(trained)[:1]:
        write_tree(seed, tmp_path / "input")
        assert all(line.isprintable() for line in reader.read(tmp_path / "input"))


def test_what_once_broke_a_reader_no_longer_does(reader: Reader, trained: Path, tmp_path: Path) -> None:
    warm_up(reader, reader.seeds(trained)[0], tmp_path)
    for case in sorted((CORPUS / reader.name).glob("*")):
        tree = read_tree(case) if case.is_dir() else {case.name: case.read_bytes()}
        write_tree(tree, tmp_path / "input")
        check(reader.read, tmp_path / "input", size_of(tree), reader.seconds, reader.multiple)


@pytest.mark.slow
def test_nothing_breaks_a_reader(
    reader: Reader, trained: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    trees = reader.seeds(trained)
    changes = st.lists(edits(), min_size=1, max_size=4)
    renamings = st.lists(tree_edits(), max_size=1) if reader.names else st.just([])
    count = 0

    @settings(
        max_examples=max(settings.default.max_examples * reader.share // 100, 1),
        database=None,
        deadline=None,
        derandomize=settings.default.derandomize or settings.default.max_examples <= 100,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(0, len(trees) - 1), st.integers(0, 99), changes, renamings)
    def read(seed: int, file: int, changes: list[Edit], renamings: list[TreeEdit]) -> None:
        nonlocal count
        count += 1
        tree = broken(trees, seed, file, changes, renamings)
        write_tree(tree, tmp_path / "input")
        try:
            check(reader.read, tmp_path / "input", size_of(tree), reader.seconds, reader.multiple)
        except BrokenClaimError as error:
            kept = FAILURES / f"{reader.name}-{str(error).split(':')[0][:30].replace('/', '')}"
            shutil.rmtree(kept, ignore_errors=True)
            write_tree(tree, kept)
            error.add_note(f"the input lies in {kept}")
            raise

    warm_up(reader, trees[0], tmp_path)
    read()
    record_property(f"inputs of {reader.name}", count)


def warm_up(reader: Reader, tree: Tree, folder: Path) -> None:
    """Reads a valid input: what is imported late, and its memory, is not that of the next one."""
    write_tree(tree, folder / "input")
    list(reader.read(folder / "input"))


def broken(trees: list[Tree], seed: int, file: int, changes: list[Edit], renamings: list[TreeEdit]) -> Tree:
    """Returns one of the trees with changes in one of its files, and other names."""
    tree, names = trees[seed], sorted(trees[seed])
    name = names[file % len(names)]
    donor = next(iter(trees[(seed + 1) % len(trees)].values()))
    content = tree[name]
    assert not isinstance(content, Special) and not isinstance(donor, Special)
    for change in changes:
        content = change.apply(content, donor)[:LARGEST]
    tree = tree | {name: content}
    for renaming in renamings:
        tree = renaming.apply(tree)
    return tree
