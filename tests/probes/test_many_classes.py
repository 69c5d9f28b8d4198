"""What probes say of more than two classes, against plain PyTorch and against texts taken one by one."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from rnnlab.experiment.compose import checked, compose_config
from rnnlab.experiment.experiment import Experiment, prepare
from rnnlab.probes.gradients import POSITIONS, Gradients
from rnnlab.probes.positions import Positions
from rnnlab.tasks.base import untracked
from tests.labelled_texts import write_labelled

KINDS = {
    "five, TSV": (".tsv", {"1": 9, "2": 3, "3": 5, "4": 2, "5": 14}),
    "three, CSV": (".csv", {"negative": 12, "neutral": 3, "positive": 9}),
}


@pytest.fixture(params=KINDS)
def experiment(request: pytest.FixtureRequest, tmp_path: Path) -> Experiment:
    ending, counts = KINDS[request.param]
    for seed, name in enumerate(("train", "valid")):
        write_labelled(tmp_path / f"{name}{ending}", counts, seed)
    words = [f"data.{name}={tmp_path / name}{ending}" for name in ("train", "valid")]
    words += [f"data.cache={tmp_path / 'cache'}", "data.tokenizer=whitespace", "data=files", "model=birnn"]
    experiment = prepare(checked(compose_config([*words, "data.embedding_dim=6", "seed=3"])), track=untracked)
    # A token's vector starts as zeros; trained nets have others, and so have these.
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        weight = experiment.model.word_vectors
        weight.copy_(torch.randn(weight.shape, generator=generator))
    return experiment


class Plain(nn.Module):
    """The same net in plain PyTorch, one text at a time, with rnnlab's parameters."""

    def __init__(self, experiment: Experiment) -> None:
        super().__init__()
        classes = len(experiment.task_data.classes)
        self.embedding = nn.Embedding(*experiment.model.word_vectors.shape)
        self.recurrent = nn.RNN(self.embedding.embedding_dim, 50, bidirectional=True)
        self.hidden, self.output = nn.Linear(100, 20), nn.Linear(20, classes)
        renamed = {name.replace("head.", ""): value for name, value in experiment.model.state_dict().items()}
        self.load_state_dict(renamed)
        self.double()

    def forward(self, ids: list[int]) -> Tensor:
        _, final = self.recurrent(self.embedding(torch.tensor(ids)))
        return self.output(torch.relu(self.hidden(torch.cat([final[0], final[1]]))))


def texts_of(experiment: Experiment) -> list[tuple[list[int], int]]:
    split = experiment.task_data.texts["valid"]
    return [(split.text(index).tolist(), int(split.labels[index])) for index in range(len(split))]


def with_token(words: list[int], token: int, place: str) -> list[int]:
    at = {"start": 0, "middle": len(words) // 2, "end": len(words)}[place]
    return [*words[:at], token, *words[at:]]


def test_the_gradient_of_every_class_token_is_plain_pytorchs(experiment: Experiment) -> None:
    plain, vocabulary = Plain(experiment), experiment.task_data.vocabulary
    assert vocabulary is not None
    names = [f"<new{label}>" for label in experiment.task_data.classes]
    rows = [vocabulary.words.index(name) for name in names]
    probe = Gradients(reduction="mean")
    found = probe.vectors(experiment.probe_input())
    table = probe.measure(experiment.probe_input()).set_index(["position", "token"])
    texts = texts_of(experiment)
    for position in POSITIONS:
        plain.zero_grad()
        for words, label in texts:
            logits = plain(with_token(words, rows[label], position))
            (cross_entropy(logits, torch.tensor(label)) / len(texts)).backward()
        assert plain.embedding.weight.grad is not None
        expected = plain.embedding.weight.grad[rows].numpy()
        for number, name in enumerate(names):
            norm = np.linalg.norm(expected[number])
            assert norm > 1e-6, (position, name)
            np.testing.assert_allclose(found[position][number], expected[number], rtol=0, atol=1e-10 * norm)
            assert table.loc[(position, name), "norm"] == pytest.approx(norm)
            others = expected.sum(axis=0) - expected[number]
            cosine = expected[number] @ others / (norm * np.linalg.norm(others))
            assert table.loc[(position, name), "cosine"] == pytest.approx(cosine)
    assert (table.loc["end", "ratio_to_end"] == 1).all()


def test_the_parameters_gradients_are_plain_pytorchs(experiment: Experiment) -> None:
    plain, model = Plain(experiment), experiment.model.double().eval()
    (batch,) = experiment.task_data.splits["valid"].batches(np.arange(8), 8)
    assert batch.targets.dtype == torch.int64
    loss = experiment.loss(batch)
    loss.backward()
    for words, label in texts_of(experiment)[:8]:
        (cross_entropy(plain(words), torch.tensor(label)) / 8).backward()
    ours = {name.replace("head.", ""): p for name, p in model.named_parameters()}
    for name, parameter in plain.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().max() > 1e-6, name
        assert (ours[name].grad - parameter.grad).abs().max() < 1e-12, name


@torch.no_grad()
def test_positions_are_those_of_texts_taken_one_by_one(experiment: Experiment) -> None:
    plain, vocabulary = Plain(experiment), experiment.task_data.vocabulary
    assert vocabulary is not None
    experiment.model.double()
    names = [f"<new{label}>" for label in experiment.task_data.classes]
    table = Positions((0.0, 0.5, 1.0)).measure(experiment.probe_input())
    texts = texts_of(experiment)

    def chances(words: list[int]) -> np.ndarray:
        return plain(words).softmax(dim=0).numpy()

    def odds(words: list[int], number: int) -> float:
        chance = chances(words)[number]
        return float(np.log(chance / (1 - chance)))

    without = np.mean([chances(words).argmax() == label for words, label in texts])
    assert np.isnan(table["position"][0]) and table["accuracy"][0] == pytest.approx(without)
    rows = table.iloc[1:].set_index(["position", "token"])
    for position, place in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        right, moved = [], []
        for number, name in enumerate(names):
            token = vocabulary[name]
            shifts = [odds(with_token(w, token, place), number) - odds(w, number) for w, _ in texts]
            assert rows.loc[(position, name), "shift"] == pytest.approx(np.mean(shifts), abs=1e-9)
            of_class = [
                chances(with_token(w, token, place)).argmax() == number
                for w, label in texts
                if label == number
            ]
            assert rows.loc[(position, name), "accuracy"] == pytest.approx(np.mean(of_class))
            right += of_class
            moved += [shift for shift, (_, label) in zip(shifts, texts, strict=True) if label == number]
        assert rows.loc[(position, "own"), "accuracy"] == pytest.approx(np.mean(right))
        assert rows.loc[(position, "own"), "shift"] == pytest.approx(np.mean(moved), abs=1e-9)
