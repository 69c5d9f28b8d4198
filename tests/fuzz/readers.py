"""Every reader of what a user or a stranger hands over, each giving the lines that a person would be told."""

import json
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fuzz import seeds
from tests.fuzz.claims import MULTIPLE, Read
from tests.fuzz.trees import Tree

if TYPE_CHECKING:
    from rnnlab.data.tokenizers import Tokenizer

Seeds = Callable[[Path], list[Tree]]


@dataclass(frozen=True)
class Reader:
    """A reader and its valid inputs.

    read: given the folder in which they lie; seeds: given a folder with a finished run `outputs/one`; share:
    inputs for every hundred of hypothesis's; names: whether names of files are changed, too; seconds: that it
    may compute.
    """

    name: str
    read: Read
    seeds: Seeds
    share: int
    names: bool = False
    seconds: float = 10.0  # of which tracemalloc takes three quarters
    multiple: int = MULTIPLE
    """Bytes that it may take for each of its files' bytes; Python's own parser takes thousands."""


def _only_file(folder: Path) -> Path:
    return next(iter(sorted(folder.iterdir())), folder / "gone")


def _texts(path: Path) -> Iterator[str]:
    from rnnlab.data.readers import read_examples, survey

    yield from map(str, survey(path).errors())
    for example in read_examples(path, split_name="data.train"):
        yield example.source


def _file_of_texts(folder: Path) -> Iterator[str]:
    yield from _texts(_only_file(folder))


def _vectors(folder: Path) -> Iterator[str]:
    from rnnlab.data.vectors import load_vectors

    found = load_vectors(_only_file(folder), ["the", "film", "é", ". . ."], embedding_dim=None)
    assert found.matrix.shape[1] > 0
    yield from ()


def _pairs(folder: Path) -> Iterator[str]:
    from rnnlab.probes.pairs import read_suite

    suite = read_suite(_only_file(folder))
    yield suite.asks
    yield from (pair.place for pair in suite.pairs)


def _tags(folder: Path) -> Iterator[str]:
    from rnnlab.data.tagged import read_tagged

    for column in (2, 3):
        found = read_tagged(_only_file(folder), column=column)
        assert all(map(len, found.words))
    yield from ()


def _series(folder: Path) -> Iterator[str]:
    from rnnlab.data.series import read_series

    read_series(_only_file(folder), None)
    yield from ()


def _text(folder: Path) -> Iterator[str]:
    from rnnlab.data.running_text import Choice, read_text, tokens_of

    text = read_text(_only_file(folder))
    for choice in (Choice(unit="character", lower=True), Choice(tokenizer="wordpunct")):
        tokens_of(text, choice)
    list(_spacy().tokenize([text]))
    yield from ()


@cache
def _spacy() -> "Tokenizer":
    from rnnlab.data.tokenizers import make_tokenizer

    return make_tokenizer("spacy", strip_html=True)


def _word_list(folder: Path) -> Iterator[str]:
    from rnnlab.data.running_text import read_word_list

    read_word_list(_only_file(folder))
    yield from ()


def _sequences(folder: Path) -> Iterator[str]:
    from rnnlab.core.errors import InputError
    from rnnlab.data.sequences import Targets, read_sequences

    kinds: tuple[Targets, ...] = ("numbers", "classes")
    for kind in kinds:
        for every_step in (None, True, False):
            try:
                read_sequences(_only_file(folder), kind, every_step)
            except InputError as error:
                yield str(error)


def _given(folder: Path) -> Iterator[str]:
    from rnnlab.workflows.given_texts import texts_of_file

    yield from texts_of_file(_only_file(folder), ("neg", "pos")).places


def _vocabulary(folder: Path) -> Iterator[str]:
    from rnnlab.data.vocabulary import Vocabulary

    Vocabulary.load(_only_file(folder))
    yield from ()


def _checkpoint(folder: Path) -> Iterator[str]:
    from rnnlab.training.checkpoint import read_checkpoint

    read_checkpoint(_only_file(folder))
    yield from ()


def _run_folder(folder: Path) -> Iterator[str]:
    """What `runs` and `show` print, and what the commands that load a net read."""
    from rnnlab.cli.runs import runs, show
    from rnnlab.core.errors import InputError
    from rnnlab.experiment.restore import restore
    from rnnlab.runs.finder import open_run

    run = _only_file(folder)
    (folder / "outputs").symlink_to(".")
    with redirect_stdout(StringIO()) as printed, redirect_stderr(printed):
        try:
            runs()
            show(str(run))
        except InputError as error:
            yield str(error)
    yield from printed.getvalue().splitlines()
    restored = restore(open_run(run))
    yield restored.place
    assert len(restored.metrics) >= 0


def _report(folder: Path) -> Iterator[str]:
    from rnnlab.reports.run_report import write_report

    page = folder / "page.html"
    write_report([_only_file(folder)], page)
    assert "<script>alert" not in page.read_text(encoding="utf-8"), "markup of a file stands in the page"
    yield from ()


def _journal(folder: Path) -> Iterator[str]:
    """What a sweep that goes on says and writes of its jobs."""
    from rnnlab.core.errors import InputError, RnnlabError
    from rnnlab.experiment.plan import PlannedRun
    from rnnlab.reports.sweep_table import journal_table
    from rnnlab.runs.journal import Journal
    from rnnlab.terminal.display import TerminalDisplay
    from rnnlab.workflows.sweep_plan import new_plan, plan_table

    journal = Journal(folder)
    with redirect_stdout(StringIO()) as printed, redirect_stderr(printed):
        display = TerminalDisplay()
        for event in journal.read():
            display.failed(RnnlabError(f"{event.job}: {event.error}"))
        jobs = journal.jobs.values()
        runs = [PlannedRun(job.words, job.name, job.hash, job.settings, job.choices) for job in jobs]
        display.table(plan_table(journal, runs, {}))
        display.table(journal_table(journal))
        try:
            new_plan(journal, [*runs, PlannedRun(["seed=9"], "c-9", "h9", {"seed": "9"})], extend=False)
        except InputError as error:
            yield str(error)
    yield from printed.getvalue().splitlines()


def _configuration(folder: Path) -> Iterator[str]:
    """A file of somebody's in ./configs, composed up to the run's first file."""
    from rnnlab.experiment.build import check_buildable
    from rnnlab.experiment.compose import checked, compose_config

    check_buildable(checked(compose_config([f"experiment={_only_file(folder / 'configs/experiment').stem}"])))
    yield from ()


def _horizon(folder: Path) -> Iterator[str]:
    from rnnlab.runs.journal import Journal
    from rnnlab.workflows.horizon.schedule import Schedule, Trial, outcomes_of

    journal = Journal(folder)
    journal.read()
    trials = {f"lstm-length{length}-seed1": Trial("lstm", length, 1) for length in (5, 10)}
    Schedule(("lstm",), (5, 10), 1, "grid").table(outcomes_of(journal, trials))
    yield from ()


def _growing_table(folder: Path) -> Iterator[str]:
    """A table of a run that is taken up again."""
    from rnnlab.runs.writer import RunWriter

    with RunWriter.of_run(folder) as writer:
        writer.cut_tables(lambda epoch: epoch < 2, lambda epoch: epoch > 0, rows=0)
    yield from ()


def _similarity(folder: Path) -> Iterator[str]:
    from rnnlab.probes.similarity import HISTORY, history
    from rnnlab.runs.tables import read_table

    history(read_table(_only_file(folder), HISTORY), [("good", "bad")])
    yield from ()


def _exercise(folder: Path) -> Iterator[str]:
    from rnnlab.workflows.check import _notation_of

    yield _notation_of(_only_file(folder))


def _words(path: Path) -> list[str]:
    """Returns a list of words in JSON, none for what no longer is one."""
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError, OSError):
        return []
    return [str(word) for word in found] if isinstance(found, list) else []


def _module(folder: Path) -> Iterator[str]:
    """Names and syntax: what would compile is not run."""
    from rnnlab.experiment.modules import use_modules

    for path in folder.glob("*.py"):
        try:
            compile(path.read_bytes(), "x", "exec")
            return
        except Exception:
            continue
    for name in _words(folder / "names.json"):
        use_modules({name: folder})
    yield from ()


def _overrides(folder: Path) -> Iterator[str]:
    """All that comes before the first thing written."""
    from unittest.mock import patch

    from rnnlab.experiment.hydra_options import HydraOptions
    from rnnlab.experiment.launch import launch

    words = _words(folder / "words.json")
    options = HydraOptions(multirun=words[:1] == ["-m"])
    launching = "rnnlab.experiment.launch"
    with (
        patch(f"{launching}.run_composed", _nothing),
        patch(f"{launching}.run_main", _nothing),
        patch(f"{launching}.warm_up", _nothing),
        redirect_stdout(StringIO()),
    ):
        launch(_nothing, words[options.multirun :], options, in_worker=_nothing)
    left = sorted(path.name for path in folder.iterdir() if path.name != "words.json")
    assert not left, f"left behind: {left}"
    yield from ()


def _nothing(*_: object, **__: object) -> None:
    pass


def _fixed(trees: list[Tree]) -> Seeds:
    return lambda _: trees


WORDS = [
    ["model=lstm", "insert=middle"],
    ["model=boe", "training.epochs=2", "optimizer=adam", "optimizer.lr=0.01", "seed=7"],
    ["task=recall", "task.length=10", "training.steps=20", "+probe.active.x.y=1"],
    ["data=files", "data.train=a.tsv", "data.valid_fraction=0.1", "hydra.run.dir=outputs/x"],
    ["-m", "seed=range(1,3)", "model=rnn,lstm", "training.epochs=1"],
    ["experiment=course/end", "model.hidden_size=8", "scheduler=cosine", "similarity=[[a,b]]"],
]


CONFIGURATION = "configs/experiment/x.yaml"

READERS = [
    Reader("tsv", _file_of_texts, _fixed(seeds.one("t.tsv", seeds.TSV, seeds.NAMED)), 500),
    Reader("csv", _file_of_texts, _fixed(seeds.one("t.csv", seeds.CSV, seeds.STARS)), 400),
    Reader("folder", lambda folder: _texts(folder), _fixed(seeds.folders()), 300, names=True),
    Reader("vectors", _vectors, _fixed(seeds.one("v.txt", seeds.GLOVE, seeds.WORD2VEC)), 600),
    Reader("pairs", _pairs, _fixed(seeds.one("p.csv", seeds.PAIRS)), 300),
    Reader("tags", _tags, _fixed(seeds.one("t.tsv", seeds.TAGS)), 400),
    Reader("series", _series, _fixed(seeds.one("s.csv", seeds.SERIES)), 400),
    Reader("text", _text, _fixed(seeds.one("t.txt", seeds.TEXT)), 100),
    Reader("word-list", _word_list, _fixed(seeds.one("w.txt", seeds.WORDS)), 150),
    Reader("sequences", _sequences, _fixed(seeds.one("s.csv", seeds.STEPS, seeds.EVERY_STEP)), 300),
    Reader("npz", _sequences, _fixed(seeds.npzs()), 200),
    Reader("given-texts", _given, _fixed(seeds.one("g.txt", seeds.GIVEN, seeds.TSV)), 300),
    Reader("vocabulary", _vocabulary, _fixed([{"v.txt": b"<pad>\n<unk>\nthe\n\\\\n\n<newneg>\n"}]), 300),
    Reader("checkpoint", _checkpoint, lambda trained: [seeds.checkpoint(trained)], 150),
    Reader("run-folder", _run_folder, lambda trained: [seeds.run_folder(trained)], 30, names=True),
    Reader("report", _report, lambda trained: [seeds.run_folder(trained)], 2, seconds=60),
    Reader("similarity", _similarity, _fixed([{"similarity.csv": seeds.SIMILARITY}]), 100),
    Reader("journal", _journal, _fixed([{"journal.jsonl": seeds.JOURNAL}]), 200),
    Reader("configuration", _configuration, _fixed([{CONFIGURATION: seeds.CONFIGURATION}]), 10, seconds=20),
    Reader("horizon", _horizon, _fixed([{"journal.jsonl": seeds.TRIALS}]), 100),
    Reader("growing-table", _growing_table, _fixed([{"similarity.csv": seeds.SIMILARITY}]), 100),
    Reader("exercise", _exercise, _fixed([{"e.py": seeds.EXERCISE}]), 100, multiple=10_000),
    Reader("module", _module, _fixed([{"m.py": seeds.MODULE, "names.json": b'["m"]'}]), 60, multiple=10_000),
    Reader(
        "overrides",
        _overrides,
        _fixed([{"words.json": json.dumps(w).encode()} for w in WORDS]),
        6,
        seconds=20,
    ),
]
