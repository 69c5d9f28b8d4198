import math
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from rnnlab.core.batch import UNCOUNTED, Batch
from rnnlab.core.errors import InputError
from rnnlab.core.seeds import epoch_order
from rnnlab.data.tagged import read_tagged
from rnnlab.data.vocabulary import PAD_ID
from rnnlab.tasks.base import DataSettings, TaskData
from rnnlab.tasks.tagging import Tagging, most_frequent_tags
from rnnlab.training.loop import every_example

TAGS = {"the": "DET", "a": "DET", "dog": "NOUN", "run": "NOUN", "runs": "VERB", "It": "PRON"}


def write(folder: Path, name: str, *, sentences: int, seed: int, further: str = "") -> Path:
    """Random words, `run` being sometimes a verb, and words that occur once."""
    rng = np.random.default_rng(seed)
    lines = []
    for number in range(sentences):
        for word in rng.choice(list(TAGS), rng.integers(1, 7)):
            tag = "VERB" if word == "run" and rng.random() < 0.3 else TAGS[word]
            lines.append(f"{word}\t{tag}\n")
        lines.append(f"{name}{number}ing\tVERB\n\n")
    path = folder / f"{name}.tsv"
    path.write_text("".join(lines) + further)
    return path


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, Path]:
    return {
        "train": write(tmp_path, "train", sentences=60, seed=0),
        "valid": write(tmp_path, "valid", sentences=20, seed=1, further="dog\tNEW\nZebras\tNOUN\n"),
        "test": write(tmp_path, "test", sentences=20, seed=2),
    }


def load(paths: dict[str, Path], seed: int = 1, task: Tagging | None = None) -> TaskData:
    return (task or Tagging()).load(DataSettings(paths, seed, torch.float32))


class LookUp:
    """Solves the task by looking the tags of every batch's sentences up in the file."""

    def __init__(self, task_data: TaskData, path: Path) -> None:
        read = read_tagged(path)
        self.classes = task_data.classes
        order = sorted(range(len(read.words)), key=lambda number: len(read.words[number]))
        self.tags = iter([read.tags[number] for number in order])

    def __call__(self, batch: Batch) -> Tensor:
        logits = torch.zeros(*batch.inputs.shape, len(self.classes))
        for row, length in zip(logits, batch.lengths.tolist(), strict=True):
            tags = next(self.tags)
            assert len(tags) == length
            for step, tag in zip(row, tags, strict=False):
                step[self.classes.index(tag) if tag in self.classes else 0] = 50.0
        return logits


@pytest.mark.parametrize("split", ["valid", "test"])
def test_who_looks_the_tags_up_in_the_file_gets_all_right(split: str, paths: dict[str, Path]) -> None:
    task_data = load(paths)
    answer = LookUp(task_data, paths[split])
    measured = [
        Tagging().measure(answer(batch), batch.targets) for batch in every_example(task_data.splits[split])
    ]
    right, loss = (torch.cat([m[name] for m in measured]) for name in ("acc", "loss"))
    known = sum(tag in task_data.classes for tags in read_tagged(paths[split]).tags for tag in tags)
    assert len(right) == known > 50
    assert right.mean() == 1 and loss.max() < 1e-6


def test_nothing_is_asked_at_padding(paths: dict[str, Path]) -> None:
    for batch in every_example(load(paths).splits["test"]):
        padding = torch.arange(batch.inputs.shape[1]) >= batch.lengths[:, None]
        assert padding.any()
        assert (batch.targets[padding] == UNCOUNTED).all() and (batch.targets[~padding] != UNCOUNTED).all()
        assert (batch.inputs[padding] == PAD_ID).all() and (batch.inputs[~padding] != PAD_ID).all()


def test_an_unknown_tag_in_validation_is_told_and_left_out_of_the_accuracy(paths: dict[str, Path]) -> None:
    task_data = load(paths)
    assert task_data.notes == ("valid: 1 token(s) with tags unknown to training: NEW (1)",)
    valid = task_data.splits["valid"]
    tokens = sum(map(len, read_tagged(paths["valid"]).tags))
    (batch,) = valid.batches(np.arange(len(valid)), len(valid))
    assert len(Tagging().measure(torch.zeros(*batch.inputs.shape, 4), batch.targets)["acc"]) == tokens - 1


def test_a_file_with_no_known_tag_at_all_is_refused(paths: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "odd.tsv").write_text("the\tDT\n")
    with pytest.raises(InputError, match=r"^data.valid: has none of the tags of data.train"):
        load({**paths, "valid": tmp_path / "odd.tsv"})


def batches(task_data: TaskData, epoch: int) -> list[Batch]:
    return list(task_data.train.batches(epoch_order(len(task_data.train), seed=1, epoch=epoch), 7))


def rare_words(paths: dict[str, Path], epoch: int, **settings: float) -> tuple[list[bool], int]:
    """Which words that occur once were replaced, in the order of the file; how many others were."""
    task = Tagging(**settings)
    task_data = load(paths, task=task)
    read = read_tagged(paths["train"])
    counts = Counter(word for words in read.words for word in words)
    order = epoch_order(len(task_data.train), seed=1, epoch=epoch)
    ids = [row for batch in task_data.train.batches(order, 7) for row in batch.inputs.tolist()]
    replaced, others = {}, 0
    for row, number in zip(ids, order, strict=True):
        for word, token in zip(read.words[number], row, strict=False):
            changed = task_data.vocabulary.words[token] != word
            if changed:
                assert task_data.vocabulary.words[token] == task.stand_in(word)
            if counts[word] == 1:
                replaced[word] = changed
            else:
                others += changed
    return [replaced[f"train{number}ing"] for number in range(60)], others


def test_the_same_seed_gives_the_same_batches_and_another_others(paths: dict[str, Path]) -> None:
    once, again, other = (batches(load(paths, seed), 1) for seed in (1, 1, 2))
    assert all(torch.equal(a.inputs, b.inputs) for a, b in zip(once, again, strict=True))
    assert any(not torch.equal(a.inputs, b.inputs) for a, b in zip(once, other, strict=True))
    assert all(torch.equal(a.targets, b.targets) for a, b in zip(once, other, strict=True))


@pytest.mark.parametrize("rare", [0.0, 0.2, 0.5, 1.0])
def test_words_that_occur_once_are_replaced_with_the_stated_probability(
    rare: float, paths: dict[str, Path]
) -> None:
    shares = []
    for epoch in range(1, 11):
        replaced, others = rare_words(paths, epoch, rare=rare)
        shares += replaced
        assert others == 0
    # 600 draws: four standard deviations of their mean
    assert abs(np.mean(shares) - rare) <= 4 * math.sqrt(rare * (1 - rare) / 600)


def test_other_words_are_replaced_in_another_epoch(paths: dict[str, Path]) -> None:
    first, second = (rare_words(paths, epoch, rare=0.5)[0] for epoch in (1, 2))
    assert first != second and rare_words(paths, 1, rare=0.5)[0] == first


def test_known_words_are_never_replaced_outside_training(paths: dict[str, Path]) -> None:
    task_data = load({**paths, "valid": paths["train"]}, task=Tagging(rare=1.0))
    words = sorted(read_tagged(paths["train"]).words, key=len)
    rows = [row for batch in every_example(task_data.splits["valid"]) for row in batch.inputs.tolist()]
    names = task_data.vocabulary.words
    assert [[names[i] for i in row[: len(of)]] for row, of in zip(rows, words, strict=True)] == words


@pytest.mark.parametrize(
    ("word", "shape"),
    [
        ("dog", "<unk>"),
        ("Zebras", "<unk-Cap-s>"),
        ("running", "<unk-ing>"),
        ("ing", "<unk>"),
        ("10,000", "<unk-num>"),
        ("Anglo-Saxons", "<unk-Cap-dash-s>"),
        ("50-year", "<unk-num-dash>"),
        ("nation", "<unk-ion>"),
    ],
)
def test_an_unknown_word_is_read_by_its_shape(word: str, shape: str) -> None:
    assert Tagging().stand_in(word) == shape
    assert Tagging(unknown="plain").stand_in(word) == "<unk>"


def test_words_that_only_look_like_stand_ins_are_unknown_words(tmp_path: Path) -> None:
    path = tmp_path / "odd.tsv"
    path.write_text("<unk-ing>\tX\n<pad>\tY\n<unk-foo>\tX\nsinging\tY\nthe\tX\n")
    task_data = load({"train": path}, task=Tagging(rare=0.0))
    (batch,) = task_data.train.batches(np.arange(1), 1)
    words = [task_data.vocabulary.words[number] for number in batch.inputs[0].tolist()]
    assert words == ["<unk-dash>", "<unk>", "<unk-dash>", "singing", "the"]


def test_lower_case_joins_words_and_keeps_the_shape_of_unknown_ones(tmp_path: Path) -> None:
    (tmp_path / "train.tsv").write_text("The\tD\nthe\tD\nDOG\tN\n")
    (tmp_path / "valid.tsv").write_text("THE\tD\nBerlin\tN\n")
    paths = {name: tmp_path / f"{name}.tsv" for name in ("train", "valid")}
    task_data = load(paths, task=Tagging(lower=True, rare=0.0))
    words = task_data.vocabulary.words
    assert "the" in words and "dog" in words and "The" not in words
    (batch,) = every_example(task_data.splits["valid"])
    assert [words[i] for i in batch.inputs[0].tolist()] == ["the", "<unk-Cap>"]


def test_the_most_frequent_tag_is_that_of_a_dictionary(paths: dict[str, Path]) -> None:
    task_data = load(paths)
    read = read_tagged(paths["train"])
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for words, tags in zip(read.words, read.tags, strict=True):
        for word, tag in zip(words, tags, strict=True):
            counts[word][tag] += 1
    once = Counter(next(iter(tags)) for tags in counts.values() if tags.total() == 1)
    rule = most_frequent_tags(task_data.train.split, len(task_data.vocabulary), len(task_data.classes))
    assert len(counts["run"]) == 2
    for number, word in enumerate(task_data.vocabulary.words):
        (expected, most), *others = (counts.get(word, once)).most_common()
        assert all(count < most for _, count in others)  # else the first of equals
        assert task_data.classes[rule[number]] == expected, word

    for split in ("valid", "test"):
        right = total = 0
        of = read_tagged(paths[split])
        for words, tags in zip(of.words, of.tags, strict=True):
            for word, tag in zip(words, tags, strict=True):
                said = (counts.get(word, once)).most_common(1)[0][0]
                right, total = right + (said == tag), total + (tag in task_data.classes)
        assert 0.5 < right / total < 1
        if split == "valid":
            assert task_data.baselines["acc"] == {"most frequent tag": pytest.approx(right / total)}
        else:
            table = Tagging().tables(LookUp(task_data, paths["test"]), task_data)["baselines"]
            assert table.set_index("tagger").loc["most frequent tag", "acc"] == pytest.approx(right / total)


def random_answer(batch: Batch) -> Tensor:
    return torch.rand(*batch.inputs.shape, 4, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("splits", [["train"], ["train", "valid"], ["train", "valid", "test"]], ids=len)
def test_tables_add_up(splits: list[str], paths: dict[str, Path]) -> None:
    task_data = load({name: paths[name] for name in splits}, task=Tagging(rare=1.0))
    assert len(task_data.classes) == 4
    found = Tagging().tables(random_answer, task_data)
    baselines, tags, confusion = (found[name] for name in ("baselines", "tags", "confusion"))
    net, rule = baselines.iloc[0], baselines.iloc[1]
    counts = confusion.drop(columns="tag").to_numpy()
    assert counts.sum() == tags["tokens"].sum() == net["tokens"] > 50
    rows = dict(zip(confusion["tag"], counts, strict=True))
    for number, tag in enumerate(task_data.classes):
        (row,) = tags[tags["tag"] == tag].itertuples(index=False)
        assert row.tokens == rows[tag].sum()
        assert row.net_acc == pytest.approx(rows[tag][number] / rows[tag].sum())
    assert 0 < net["acc"] < 0.5
    for row, column in ((net, "net_acc"), (rule, "most_frequent_tag_acc")):
        assert np.average(tags[column], weights=tags["tokens"]) == pytest.approx(row["acc"])
        parts = [row["known_words_acc"], row["unknown_words_acc"]]
        weights = [row["tokens"] - row["unknown_words"], row["unknown_words"]]
        total = np.average(np.nan_to_num(parts), weights=weights)
        assert total == pytest.approx(row["acc"])
    assert set(baselines["split"]) == {splits[-1]}
    if splits[-1] != "test":
        assert rule["acc"] == pytest.approx(task_data.baselines["acc"]["most frequent tag"])
    expected = {"train": 0, "valid": 21, "test": 20}[splits[-1]]
    assert net["unknown_words"] == expected
