import math
from pathlib import Path

import numpy as np
import pytest
import torch

from rnnlab.core.batch import UNCOUNTED, Batch
from rnnlab.core.errors import InputError
from rnnlab.core.metrics import higher_is_better
from rnnlab.data.vocabulary import PAD_ID, UNK_ID, Vocabulary
from rnnlab.tasks.base import DataSettings, TaskData
from rnnlab.tasks.language import Language, windows
from rnnlab.training.loop import evaluate, every_example, fit
from rnnlab.training.plan import Epochs
from tests.models.torchs import LSTM
from tests.tasks.training import state_of

TEXT = "".join(np.random.default_rng(0).choice(list("abcde"), 500))


def load(path: Path, *, valid: Path | None = None, **settings: object) -> TaskData:
    paths = {"train": path} | ({"valid": valid} if valid else {})
    return Language(**settings).load(DataSettings(paths, 1, torch.float64, tokenizer="whitespace"))


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text(TEXT)
    return path


def rows_of(task_data: TaskData, name: str) -> list[tuple[list[str], list[str | None]]]:
    """Inputs and targets of every window, as tokens, None where nothing is asked; padding must be last."""
    words, split = task_data.vocabulary.words, task_data.finite[name]
    rows = []
    for batch in split.batches(np.arange(len(split)), 8):
        lists = batch.inputs.tolist(), batch.targets.tolist(), batch.lengths.tolist()
        for ids, targets, length in zip(*lists, strict=True):
            assert set(ids[length:]) <= {PAD_ID} and set(targets[length:]) <= {UNCOUNTED}
            assert PAD_ID not in ids[:length]
            asked = [None if target == UNCOUNTED else words[target] for target in targets[:length]]
            rows.append(([words[number] for number in ids[:length]], asked))
    return rows


@pytest.mark.parametrize("window", [1, 7, 49])
def test_windows_hold_the_whole_text_once_each_target_being_the_next_token(window: int, text: Path) -> None:
    cut = 450
    for name, part in (("train", TEXT[:cut]), ("valid", TEXT[cut:])):
        rows = rows_of(load(text, window=window), name)
        assert [token for ids, _ in rows for token in ids] == list(part[:-1])
        assert [token for _, targets in rows for token in targets] == list(part[1:])
        assert {len(ids) for ids, _ in rows[:-1]} <= {window}


def test_who_knows_the_text_is_never_wrong(text: Path) -> None:
    task_data = load(text, window=20)
    task, ids = Language(), task_data.vocabulary.encode(TEXT[450:])
    split = task_data.splits["valid"]
    losses, place = [], 0
    for batch in split.batches(np.arange(len(split)), 3):
        logits = torch.zeros(*batch.inputs.shape, len(task_data.vocabulary), dtype=torch.float64)
        for row, length in zip(logits, batch.lengths.tolist(), strict=True):
            for step in row[:length]:
                step[int(ids[place + 1])] = 100.0
                place += 1
        measured = task.measure(logits, batch.targets)
        assert measured["acc"].eq(1).all()
        losses.append(measured["loss"])
    assert place == len(torch.cat(losses)) == 49
    assert task.figures({"loss": float(torch.cat(losses).mean())})["perplexity"] == pytest.approx(1)


def test_perplexity_is_the_exponential_of_the_mean_loss() -> None:
    task = Language()
    for seed, classes in ((0, 5), (1, 50)):
        logits = torch.randn(4, 6, classes, generator=torch.Generator().manual_seed(seed)).double()
        targets = torch.arange(24).reshape(4, 6) % classes
        probabilities = logits.softmax(-1).gather(-1, targets[..., None])
        expected = probabilities.log().mean().neg().exp().item()
        means = {name: part.mean().item() for name, part in task.measure(logits, targets).items()}
        assert task.figures(means)["perplexity"] == pytest.approx(expected, rel=1e-12)
        assert expected > 2
    assert task.figures({"loss": 1e6})["perplexity"] < math.inf
    assert not higher_is_better("valid_perplexity")


def test_tokens_unknown_to_training_are_read_but_never_asked_for(text: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("abXcdYab")
    task_data = load(text, valid=other, window=4)
    ids = [token for row, _ in rows_of(task_data, "valid") for token in row]
    asked = [token for _, row in rows_of(task_data, "valid") for token in row]
    assert ids == ["a", "b", "<unk>", "c", "d", "<unk>", "a"]
    assert asked == ["b", None, "c", "d", None, "a", "b"]
    assert "valid: 8 characters, 2 of them unknown and not asked for" in task_data.notes
    assert "train: 500 characters, 5 distinct" in task_data.notes
    assert task_data.vocabulary.words == ("<pad>", "<unk>", "a", "b", "c", "d", "e")


def test_words_that_look_like_padding_are_unknown(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("a <pad> b <unk> a b " * 10)
    task_data = load(path, token="word", window=5, held_out=0.2)
    assert task_data.vocabulary.words == ("<pad>", "<unk>", "a", "b")
    assert next(ids for ids, _ in rows_of(task_data, "train")) == ["a", "<unk>", "b", "<unk>", "a"]


@pytest.mark.parametrize(
    ("valid", "settings", "parts"),
    [
        (None, {"window": 450}, ["text.txt", "450 characters", "data.train", "task.window=450"]),
        (None, {"window": 50}, ["text.txt", "50 characters", "data.valid", "task.window=50"]),
        ("abc", {"window": 3}, ["other.txt", "3 characters", "data.valid", "task.window=3"]),
        ("XYZX", {"window": 3}, ["data.valid", "none of its characters occurs in data.train"]),
    ],
    ids=["train", "held out", "valid", "nothing known"],
)
def test_a_text_shorter_than_the_window_or_unknown_altogether_is_refused(
    valid: str | None, settings: dict[str, int], parts: list[str], text: Path, tmp_path: Path
) -> None:
    other = None
    if valid is not None:
        other = tmp_path / "other.txt"
        other.write_text(valid)
    with pytest.raises(InputError) as caught:
        load(text, valid=other, **settings)
    assert "\n" not in str(caught.value)
    for part in parts:
        assert part in str(caught.value)


def test_word_lists_mean_nothing_for_characters() -> None:
    for key in ("word_list", "stop_words"):
        with pytest.raises(InputError, match=rf"task\.{key}: .* task\.token=word"):
            Language(**{key: "list.txt"})


def test_baselines_are_measured_on_the_tokens_that_the_net_is_asked_for(text: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("abXcdYab")
    task_data = load(text, valid=other, window=4)
    counts = {token: TEXT.count(token) + 1 for token in "abcde"}
    total = len(TEXT) + len(task_data.vocabulary)
    asked = "bcdab"
    expected = math.exp(-np.mean([math.log(counts[token] / total) for token in asked]))
    assert task_data.baselines["perplexity"]["unigram"] == pytest.approx(expected)
    found = Language().tables(
        lambda batch: torch.zeros(*batch.inputs.shape, len(task_data.vocabulary)), task_data
    )["baselines"]
    assert found["model"].tolist() == ["net", "unigram", "bigram"]
    assert found["perplexity"].tolist() == pytest.approx(
        [len(task_data.vocabulary), *task_data.baselines["perplexity"].values()]
    )


def test_a_net_that_read_a_predictable_text_is_hardly_ever_in_doubt(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("abcde" * 200)
    task_data, task = load(path, window=20), Language()
    torch.manual_seed(0)
    vocabulary: Vocabulary = task_data.vocabulary
    model = LSTM(
        embedding=torch.nn.Embedding(len(vocabulary), 8),
        output_size=len(vocabulary),
        hidden_size=16,
        head_size=None,
        every_step=True,
    ).double()
    before = evaluate(model, task, task_data.splits["valid"], device="cpu")["perplexity"]
    plan = Epochs(split=task_data.train, epochs=15, batch_size=4, seed=1)
    rows = list(
        fit(
            state_of(model, lr=0.03),
            task,
            plan,
            task_data.splits["valid"],
            device="cpu",
            monitor="valid_perplexity",
            patience=None,
            clip_norm=1.0,
        )
    )
    assert before > 4 > 1.1 > rows[-1].valid["perplexity"] > 1
    assert rows[-1].valid["perplexity"] == pytest.approx(math.exp(rows[-1].valid["loss"]))


def test_a_window_split_reads_the_same_in_any_order() -> None:
    split = windows(np.arange(2, 25), 6)
    forward = [b.inputs.tolist() for b in split.batches(np.arange(len(split)), 1)]
    backward = [b.inputs.tolist() for b in split.batches(np.arange(len(split))[::-1], 1)]
    assert forward == backward[::-1] and len(forward) == 4
    batch: Batch = next(every_example(split))
    assert UNK_ID not in batch.inputs
