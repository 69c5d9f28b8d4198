"""A short text through a from-scratch net, number by number."""

from rnnlab.experiment.cells import cell_of_choice, pooling_of_choice
from rnnlab.models.pooling import Pooling
from rnnlab.scratch import explain
from rnnlab.scratch.explain import Table

PADDING_TEXTS = ["a long film that ends well", "boring", "loved it"]


def explain_text(
    text: str,
    model: str = "rnn",
    *,
    label: int = 1,
    pooling: Pooling | None = None,
    embedding_dim: int = 2,
    hidden_size: int = 2,
    seed: int = 1,
) -> list[Table]:
    """Returns what an untrained net of a model's cell computes of a text, step by step, and back.

    label: 1 for positive, 0 for negative; pooling: of the states, by default the model's own. Raises
    InputError for an empty text, or a model that has no cell.
    """
    sizes, cell = {"embedding_dim": embedding_dim, "hidden_size": hidden_size}, cell_of_choice(model)
    pooling = pooling or pooling_of_choice(model)
    return explain.explain(text, cell, label=label, pooling=pooling, seed=seed, **sizes)


def explain_padding(
    model: str = "rnn", *, embedding_dim: int = 2, hidden_size: int = 2, seed: int = 1
) -> list[Table]:
    """Returns why padded texts need their lengths, on three texts of different lengths."""
    sizes = {"embedding_dim": embedding_dim, "hidden_size": hidden_size}
    return explain.explain_padding(PADDING_TEXTS, cell_of_choice(model), seed=seed, **sizes)
