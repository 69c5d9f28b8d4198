import pytest
import torch

from rnnlab.models.embedding import make_embedding

ZERO_ROWS = [0, 3]


@pytest.mark.parametrize("freeze", [True, False])
def test_given_vectors_are_copied_and_draw_no_random_number(freeze: bool) -> None:
    vectors = torch.arange(1.0, 9.0).reshape(4, 2)
    before, random = vectors.clone(), torch.get_rng_state()
    embedding = make_embedding(
        vocabulary_size=4, embedding_dim=2, vectors=vectors, zero_rows=ZERO_ROWS, freeze=freeze
    )
    assert torch.equal(torch.get_rng_state(), random)
    assert embedding.weight.tolist() == [[0, 0], [3, 4], [5, 6], [0, 0]]
    assert embedding.weight.requires_grad is not freeze
    assert torch.equal(vectors, before)


@pytest.mark.parametrize("freeze", [True, False])
def test_without_vectors_the_start_is_torchs_own(freeze: bool) -> None:
    torch.manual_seed(5)
    embedding = make_embedding(
        vocabulary_size=4, embedding_dim=2, vectors=None, zero_rows=ZERO_ROWS, freeze=freeze
    )
    torch.manual_seed(5)
    expected = torch.nn.Embedding(4, 2).weight
    assert torch.equal(embedding.weight[1:3], expected[1:3])
    assert embedding.weight[ZERO_ROWS].abs().max() == 0
    assert embedding.weight.requires_grad is not freeze


@pytest.mark.parametrize("given", [True, False])
def test_vectors_of_ngrams_are_zeros_after_the_words_and_move_no_draw(given: bool) -> None:
    vectors = torch.arange(1.0, 9.0).reshape(4, 2) if given else None
    tables = []
    for ngram_rows in (0, 3):
        torch.manual_seed(5)
        embedding = make_embedding(
            vocabulary_size=4,
            embedding_dim=2,
            vectors=vectors,
            zero_rows=ZERO_ROWS,
            freeze=False,
            ngram_rows=ngram_rows,
        )
        assert embedding.weight.requires_grad and embedding.num_embeddings == 4 + ngram_rows
        tables.append((embedding.weight.detach(), torch.rand(1)))
    (words, draw), (both, other_draw) = tables
    assert torch.equal(both[:4], words) and words.abs().max() > 0
    assert both[4:].abs().max() == 0 and torch.equal(draw, other_draw)


def test_vectors_that_start_at_random_have_the_standard_deviation_that_is_asked_for() -> None:
    tables = []
    for std in (1.0, 0.3):
        torch.manual_seed(5)
        embedding = make_embedding(
            vocabulary_size=400, embedding_dim=50, vectors=None, zero_rows=ZERO_ROWS, freeze=False, std=std
        )
        tables.append(embedding.weight.detach())
    assert tables[1][4:].std().item() == pytest.approx(0.3, rel=0.03)
    torch.testing.assert_close(tables[1], 0.3 * tables[0])
