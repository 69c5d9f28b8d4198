"""The gradients for the inserted tokens are plain PyTorch's, and taking them leaves no trace."""

import copy
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import spacy
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

from rnnlab.data.splits import TextSplit
from rnnlab.data.vocabulary import NEWNEG, NEWPOS, PAD, UNK, Vocabulary
from rnnlab.experiment.compose import checked, compose_config
from rnnlab.experiment.experiment import prepare
from rnnlab.models.base import SequenceModel
from rnnlab.models.boe import BoE
from rnnlab.probes.base import ProbeInput
from rnnlab.probes.gradients import POSITIONS, Gradients, gradient_table
from rnnlab.tasks.classification import Classification
from tests.models.torchs import GRU, LSTM, RNN

VOCABULARY = Vocabulary((PAD, UNK, "good", "bad", "film", NEWNEG, NEWPOS))
MODELS: dict[str, tuple[type[SequenceModel], dict[str, Any]]] = {
    "boe": (BoE, {}),
    "rnn": (RNN, {}),
    "birnn": (RNN, {"bidirectional": True, "num_layers": 2}),
    "lstm": (LSTM, {"dropout": 0.5}),
    "gru": (GRU, {}),
}


def some_texts(number: int, lengths: tuple[int, int] = (1, 9)) -> TextSplit:
    generator = np.random.default_rng(0)
    counts = generator.integers(*lengths, number)
    return TextSplit(
        ids=generator.integers(1, 5, counts.sum()).astype(np.int32),
        offsets=np.concatenate([[0], counts.cumsum()]),
        labels=generator.integers(0, 2, number),
    )


def a_subject(name: str, texts: TextSplit, *, freeze: bool = False) -> ProbeInput:
    torch.manual_seed(0)
    embedding = nn.Embedding(len(VOCABULARY), 4)
    embedding.weight.requires_grad_(not freeze)
    model, settings = MODELS[name]
    return ProbeInput(
        model=model(embedding=embedding, output_size=1, **settings),
        objective=Classification(),
        vocabulary=VOCABULARY,
        without_token=texts,
        examples=texts,
        device="cpu",
    )


def ids_with_token(texts: TextSplit, place: str, vocabulary: Vocabulary) -> list[Tensor]:
    """Texts with their class's token, put in by hand."""
    made = []
    for index, label in enumerate(texts.labels):
        words = texts.text(index).tolist()
        at = {"start": 0, "middle": len(words) // 2, "end": len(words)}[place]
        words.insert(at, vocabulary[NEWPOS] if label else vocabulary[NEWNEG])
        made.append(torch.tensor(words))
    return made


def reference(probe_input: ProbeInput, batch_size: int) -> dict[str, NDArray[Any]]:
    """Sums, in float64, the gradients of the mean losses of batches in their order, one pass per batch."""
    model = copy.deepcopy(probe_input.model).double().eval()
    found: dict[str, NDArray[Any]] = {}
    for place in POSITIONS:
        texts = ids_with_token(probe_input.without_token, place, VOCABULARY)
        labels = torch.from_numpy(probe_input.without_token.labels).double()
        model.zero_grad()
        for begin in range(0, len(texts), batch_size):
            some = texts[begin : begin + batch_size]
            logits = model(pad_sequence(some, batch_first=True), torch.tensor([len(text) for text in some]))
            binary_cross_entropy_with_logits(logits[:, 0], labels[begin : begin + batch_size]).backward()
        gradient = model.embedding.weight.grad
        assert gradient is not None
        found[place] = gradient[[VOCABULARY[NEWNEG], VOCABULARY[NEWPOS]]].numpy().copy()
        assert np.abs(found[place]).max() > 1e-6
    return found


def assert_same(found: Any, expected: dict[str, NDArray[Any]], tolerance: float) -> None:
    for place in POSITIONS:
        for one, other in zip(found[place], expected[place], strict=True):
            norm = np.linalg.norm(other)
            assert norm > 0
            assert np.linalg.norm(one - other) <= tolerance * norm, place


@pytest.mark.parametrize("model", MODELS)
def test_the_sum_of_batch_means_is_a_loop_over_batches_in_order(model: str) -> None:
    probe_input = a_subject(model, some_texts(150))  # 150 texts leave a last batch of 6
    assert_same(Gradients().vectors(probe_input), reference(probe_input, 8), 1e-12)


@pytest.mark.parametrize("number", [5, 150])
def test_the_mean_is_the_gradient_of_the_mean_loss_over_texts(number: int) -> None:
    probe_input = a_subject("lstm", some_texts(number))
    assert_same(Gradients(reduction="mean").vectors(probe_input), reference(probe_input, number), 1e-12)


def test_with_full_batches_their_order_does_not_matter() -> None:
    texts = some_texts(48)
    shuffled = texts.take(np.random.default_rng(1).permutation(48))
    first, second = (Gradients().vectors(a_subject("rnn", split)) for split in (texts, shuffled))
    assert_same(first, dict(second), 1e-12)


@pytest.mark.parametrize("model", MODELS)
def test_the_model_its_gradients_mode_and_random_state_stay_as_they_are(model: str) -> None:
    probe_input = a_subject(model, some_texts(20), freeze=True)
    probe_input.model.train()
    probe_input.model.head.output.weight.grad = torch.ones(1, 20)
    before = copy.deepcopy(probe_input.model.state_dict())
    random = torch.get_rng_state()
    Gradients().measure(probe_input)
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(value, before[name]) for name, value in probe_input.model.state_dict().items())
    assert probe_input.model.training
    assert all(module.training for module in probe_input.model.modules())
    assert not probe_input.model.embedding.weight.requires_grad
    gradients = {name: p.grad for name, p in probe_input.model.named_parameters() if p.grad is not None}
    assert list(gradients) == ["head.output.weight"]
    assert torch.equal(gradients["head.output.weight"], torch.ones(1, 20))


def test_frozen_vectors_are_differentiated_all_the_same() -> None:
    frozen, free = (
        Gradients().vectors(a_subject("rnn", some_texts(20), freeze=freeze)) for freeze in (True, False)
    )
    assert_same(frozen, dict(free), 0.0)


def test_a_bag_of_embeddings_feels_a_token_the_same_everywhere() -> None:
    table = Gradients().measure(a_subject("boe", some_texts(20)))
    assert table["position"].tolist() == ["start", "middle", "end"]
    assert table["newpos_norm"].iloc[0] > 1e-3
    np.testing.assert_allclose(table["ratio_to_end"], 1, rtol=1e-12)


def test_gradients_that_vanish_in_float32_keep_size_and_direction() -> None:
    probe_input = a_subject("rnn", some_texts(8, lengths=(400, 401)))
    torch.set_flush_denormal(True)
    try:
        table = Gradients().measure(probe_input).set_index("position")
    finally:
        torch.set_flush_denormal(False)
    assert 0 < table.loc["start", "ratio_to_end"] < np.finfo(np.float32).smallest_normal
    assert table.loc["start", ["newneg_norm", "newpos_norm"]].gt(0).all()
    assert abs(table.loc["start", "cosine"]) <= 1


def test_the_table_holds_norms_their_cosine_and_their_share_of_those_at_the_end() -> None:
    vectors = {
        "start": np.array([[3e-200, 4e-200], [0.0, 5e-200]]),
        "end": np.array([[30.0, 40.0], [-30.0, -40.0]]),
    }
    start, end = gradient_table(vectors).to_dict("records")
    assert start.pop("position") == "start"
    expected = {"newneg_norm": 5e-200, "newpos_norm": 5e-200, "cosine": 0.8, "ratio_to_end": 1e-201}
    assert start == pytest.approx(expected, rel=1e-12, abs=0)
    assert end["cosine"] == pytest.approx(-1)
    assert end["ratio_to_end"] == 1


def test_zero_vectors_have_neither_cosine_nor_ratio() -> None:
    probe_input = a_subject("rnn", some_texts(20))
    nn.init.zeros_(probe_input.model.head.output.weight)
    table = Gradients().measure(probe_input)
    assert table["newneg_norm"].eq(0).all()
    assert table[["cosine", "ratio_to_end"]].isna().all(axis=None)


class Plain(nn.Module):
    """The course's net in nothing but torch's own modules, made in the order that a seed's figures need."""

    def __init__(self, kind: str, vectors: Tensor, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.embedding = nn.Embedding.from_pretrained(vectors, freeze=False)
        layer = nn.LSTM if kind == "lstm" else nn.RNN
        self.recurrent = layer(50, 50, batch_first=True, bidirectional=kind == "birnn")
        self.hidden = nn.Linear(100 if kind == "birnn" else 50, 20)
        self.output = nn.Linear(20, 1)

    def forward(self, texts: list[Tensor]) -> Tensor:
        lengths = torch.tensor([len(text) for text in texts])
        vectors = self.embedding(pad_sequence(texts, batch_first=True))
        packed = pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
        final = self.recurrent(packed)[1]
        hidden = final[0] if isinstance(final, tuple) else final
        document = torch.cat(list(hidden), dim=1)
        return self.output(torch.relu(self.hidden(document))).squeeze(1)


class CourseTexts(NamedTuple):
    """The validation reviews as the course reads them, with nothing of rnnlab: ids, labels, and vectors."""

    ids: list[list[int]]
    labels: list[int]
    vectors: Tensor
    tokens: tuple[int, int]


@cache
def course_texts(folder: Path) -> CourseTexts:
    """Cut by spaCy, then lower-cased; words of training alone, with GloVe's vectors where it has them."""
    rules = spacy.blank("en").tokenizer

    def read(name: str) -> list[tuple[str, list[str]]]:
        rows = (line.split("\t", 1) for line in (folder / name).read_text(encoding="utf-8").splitlines())
        return [(label, [token.text.lower() for token in rules(text)]) for label, text in rows]

    train, valid = read("imdb-train.tsv"), read("imdb-test.tsv")
    words = dict.fromkeys(word for _, text in train for word in text)
    number = {word: index for index, word in enumerate(words, start=2)}  # 0: padding, 1: any other word
    rows = torch.zeros(len(number) + 4, 50)
    for line in (folder / "glove_6B_50_sample_train.txt").read_text(encoding="utf-8").splitlines():
        word, *values = line.split(" ")
        if word in number:
            rows[number[word]] = torch.tensor([float(value) for value in values])
    ids = [[number.get(word, 1) for word in text] for _, text in valid]
    return CourseTexts(ids, [int(label == "pos") for label, _ in valid], rows, (len(rows) - 2, len(rows) - 1))


def plain_gradients(net: Plain, texts: CourseTexts, batch_size: int) -> dict[str, NDArray[Any]]:
    """The sum over batches of 8; larger batches weigh their texts the same, only faster."""
    assert len(texts.ids) % 8 == 0
    labels = torch.tensor(texts.labels).double()
    found: dict[str, NDArray[Any]] = {}
    for place in POSITIONS:
        marked = []
        for words, label in zip(texts.ids, texts.labels, strict=True):
            at = {"start": 0, "middle": len(words) // 2, "end": len(words)}[place]
            marked.append(torch.tensor([*words[:at], texts.tokens[label], *words[at:]]))
        net.zero_grad()
        for begin in range(0, len(marked), batch_size):
            some = slice(begin, begin + batch_size)
            loss = binary_cross_entropy_with_logits(net(marked[some]), labels[some], reduction="sum") / 8
            loss.backward()
        assert net.embedding.weight.grad is not None
        found[place] = net.embedding.weight.grad[list(texts.tokens)].numpy()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("kind", ["rnn", "birnn", "lstm"])
def test_the_figures_of_a_seed_are_plain_pytorch_on_the_courses_tokens(
    kind: str, seed: int, real_data: Path, shared_cache: Path
) -> None:
    paths = {
        "data.train": real_data / "imdb-train.tsv",
        "data.valid": real_data / "imdb-test.tsv",
        "data.vectors": real_data / "glove_6B_50_sample_train.txt",
        "data.cache": shared_cache,
    }
    chosen = ["data=files", "data.strip_html=false", f"model={kind}", f"seed={seed}"]
    words = [*chosen, *(f"{key}={path}" for key, path in paths.items())]
    experiment = prepare(checked(compose_config(words)), track=lambda texts, **_: texts)
    torch.set_flush_denormal(False)
    texts = course_texts(real_data)
    net = Plain(kind, texts.vectors, seed).double()
    found = Gradients().vectors(experiment.probe_input())
    assert_same(found, plain_gradients(net, texts, 8 if kind == "rnn" and seed == 1 else 125), 1e-5)
    start = gradient_table(found).set_index("position").loc["start", "ratio_to_end"]
    if kind == "birnn":
        assert 1 / 10 < start < 10
    else:
        assert start < 1 / 1000
