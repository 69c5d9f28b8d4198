"""One short text through a tiny classifier and back, step by step, as tables of numbers.

B = 1 text, T tokens, E embedding, H hidden. The net is drawn from a seed and untrained: what is to be seen
is where each number comes from.
"""

from typing import NamedTuple

import numpy as np

from rnnlab.cells.activations import Array, sigmoid
from rnnlab.cells.base import Cell
from rnnlab.cells.trace import equations
from rnnlab.core.errors import InputError
from rnnlab.scratch.cell import Gradients
from rnnlab.scratch.classifiers import RecurrentClassifier, classifier_parameters
from rnnlab.scratch.layer import Layer, Run, scan_backward
from rnnlab.scratch.losses import binary_cross_entropy_with_logits
from rnnlab.scratch.nets import NetCache
from rnnlab.scratch.pooling import pool_backward

PAD = "<pad>"
DOCUMENTS = {
    "last": "the final state",
    "mean": "the mean of all states",
    "max": "the largest of all states, number by number",
    "attention": "the states' mean with these weights",
}


class Table(NamedTuple):
    """A title, the columns' names, rows of text, and a sentence to read them by."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    note: str = ""


class Example(NamedTuple):
    """A net, its words (index is id, 0 is padding), and a batch of texts as ids (B, T) with lengths (B,)."""

    net: RecurrentClassifier
    words: list[str]
    ids: Array
    lengths: Array


def make_example(
    texts: list[str],
    cell: Cell,
    *,
    pooling: str = "last",
    embedding_dim: int,
    hidden_size: int,
    seed: int,
) -> Example:
    """Returns a net drawn from `seed` over the words of `texts`, which are split at white space."""
    tokens = [text.split() for text in texts]
    if not all(tokens):
        raise InputError("--text is empty, expected at least one word")
    words = [PAD, *dict.fromkeys(token for text in tokens for token in text)]
    lengths = np.array([len(text) for text in tokens])
    ids = np.zeros((len(tokens), max(lengths)), dtype=int)
    for row, text in zip(ids, tokens, strict=True):
        row[: len(text)] = [words.index(token) for token in text]
    rng = np.random.default_rng(seed)
    layer = Layer.random(embedding_dim, hidden_size, cell=cell, rng=rng)
    parameters = classifier_parameters(
        layer, len(words), embedding_dim, head_size=2, pooling=pooling, rng=rng
    )
    parameters["embedding.weight"][0] = 0  # what padding usually holds
    parameters["head.hidden.bias"][:] = 1  # so that the head's relu is open and gradients flow
    net = RecurrentClassifier(parameters, Layer, pooling=pooling, cell=cell)
    return Example(net, words, ids, lengths)


def explain(
    text: str,
    cell: Cell,
    *,
    label: int,
    pooling: str = "last",
    embedding_dim: int = 2,
    hidden_size: int = 2,
    seed: int = 1,
) -> list[Table]:
    """Returns the tables of one text's way forward and back; `label` is 0 or 1."""
    sizes = {"embedding_dim": embedding_dim, "hidden_size": hidden_size}
    example = make_example([text], cell, pooling=pooling, seed=seed, **sizes)
    net, words, ids, _ = example
    tokens = [words[i] for i in ids[0]]
    logits, cache = net.forward(ids)
    loss = binary_cross_entropy_with_logits(logits, np.array([label]))
    gradients = net.backward(loss.gradient, cache)
    assert cache.recurrent is not None
    run = cache.recurrent.cache.runs[0]
    d_document, _ = net.head_backward(loss.gradient[:, None], cache.head)
    return [
        Table(
            "1. parameters and their shapes",
            ["parameter", "shape"],
            [[name, str(p.shape)] for name, p in net.parameters.items()],
            f"gates, stacked in this order: {', '.join(cell.gates)}" if len(cell.gates) > 1 else "",
        ),
        Table(
            "2. tokens, ids, word vectors",
            ["t", "token", "id", f"x_t ({embedding_dim},)"],
            [
                [str(t + 1), token, str(ids[0, t]), numbers(run.steps[t].x_BE)]
                for t, token in enumerate(tokens)
            ],
        ),
        _forward_table(run, tokens),
        _head_table(net, cache, logits, loss.value, label),
        _backward_table(run, tokens, loss.gradient, _shares(net, d_document, cache)),
        _gradients_table(gradients),
    ]


def explain_padding(
    texts: list[str], cell: Cell, *, embedding_dim: int = 2, hidden_size: int = 2, seed: int = 1
) -> list[Table]:
    """Returns a table of texts' final states: each alone, in a batch with lengths, and without them."""
    example = make_example(texts, cell, embedding_dim=embedding_dim, hidden_size=hidden_size, seed=seed)
    net, words, ids, lengths = example
    x = net.parameters["embedding.weight"][ids]
    masked = net.recurrent.forward(x, lengths=lengths).h_n[0]
    unmasked = net.recurrent.forward(x).h_n[0]
    rows = []
    for b, length in enumerate(lengths):
        alone = net.recurrent.forward(x[b : b + 1, :length]).h_n[0, 0]
        states = (alone, masked[b], unmasked[b])
        off = np.abs(unmasked[b] - alone).max()
        padded = " ".join(words[i] for i in ids[b])
        rows.append([padded, str(length), *(numbers(state) for state in states), f"{off:.5f}"])
    columns = ["text as batched", "length", "alone", "with lengths", "without", "largest error"]
    note = (
        f"without lengths the net reads {PAD} as if it were a word, and the final state of a short text "
        "depends on its neighbours; with them it stays what it was at the last real word"
    )
    return [Table(f"final state h ({hidden_size},) of {len(texts)} texts in one batch", columns, rows, note)]


def numbers(array: Array) -> str:
    """Returns the numbers of an array in one line, with four decimals."""
    return " ".join(f"{value: .4f}" for value in np.ravel(array))


def slopes(array: Array) -> str:
    """Returns the numbers of a gradient in one line, in powers of ten, since they shrink over time."""
    return " ".join(f"{value: .1e}" for value in np.ravel(array))


def _forward_table(run: Run, tokens: list[str]) -> Table:
    """Shows every value that the step kept, and its states, the hidden one last."""
    cell = run.cell.cell
    hidden, *others = cell.states
    kept = list(run.steps[0].kept)
    columns = ["t", "token", *(cell.titles.get(name, name) for name in kept)]
    columns += [] if kept else [f"state before {hidden}_(t-1)"]
    columns += [*(f"{cell.titles.get(name, name)} {name}_t" for name in others), f"state {hidden}_t"]
    rows = []
    for t, (token, step) in enumerate(zip(tokens, run.steps, strict=True)):
        values = [step.kept[name] for name in kept] or [step.old[hidden]]
        values += [step.new[name] for name in (*others, hidden)]
        rows.append([str(t + 1), token, *map(numbers, values)])
    note = "; ".join(equations(cell))
    products = f"x[…]: the rows of W_ih x_t{' + b_ih' if cell.input_bias else ''}, gate by gate"
    if any(cell.recurrent.values()):
        products += f"; h[…]: those of W_hh h_(t-1){' + b_hh' if cell.recurrent_bias else ''}"
    return Table("3. forward through time", columns, rows, f"{note}\n{products}")


def _head_table(net: RecurrentClassifier, cache: NetCache, logits: Array, loss: float, label: int) -> Table:
    document, hidden = cache.head
    probability, rows = sigmoid(logits), []
    if net.pooling == "attention":
        _, u_BTD, alpha_BT = cache.pooled
        scores = u_BTD @ net.attention["query.weight"][0]
        rows += [
            ["scores s_t = v · tanh(W h_t + b)", str(scores[0].shape), numbers(scores)],
            ["weights: softmax(s)", str(alpha_BT[0].shape), numbers(alpha_BT)],
        ]
    rows += [
        [f"document vector: {DOCUMENTS[net.pooling]}", str(document.shape), numbers(document)],
        ["hidden layer: relu(Linear)", str(hidden.shape), numbers(hidden)],
        ["logit: Linear", str(logits.shape), numbers(logits)],
        ["probability of positive: sigmoid", str(probability.shape), numbers(probability)],
        [f"loss: -ln of the label's probability, label {label}", "()", f" {loss:.5f}"],
    ]
    return Table("4. head and loss", ["what", "shape", "value"], rows)


def _shares(net: RecurrentClassifier, d_document: Array, cache: NetCache) -> Array:
    """Returns what each state (T, 1, H) gets of the document vector's gradient, without the detour through
    later states.
    """
    assert cache.recurrent is not None
    output = cache.recurrent.output
    if net.pooling != "last":
        time = output.shape[1]
        return pool_backward(net.pooling, d_document, cache.pooled, time, net.attention)[0].swapaxes(0, 1)
    shares = np.zeros_like(output).swapaxes(0, 1)
    shares[-1] = d_document
    return shares


def _backward_table(run: Run, tokens: list[str], d_logit: Array, shares_TBH: Array) -> Table:
    """Sends the states' shares of the gradient back one step at a time."""
    states = run.cell.cell.states
    d_state = tuple(np.zeros_like(shares_TBH[0]) for _ in states)
    gradients = {name: np.zeros_like(array) for name, array in run.cell.parameters.items()}
    one_step, nothing = np.ones((1, 1, 1), dtype=bool), np.zeros_like(shares_TBH[:1])
    rows = []
    for t in reversed(range(len(tokens))):
        d_state = (d_state[0] + shares_TBH[t], *d_state[1:])
        arriving = [slopes(d) for d in d_state]
        size = np.linalg.norm(np.concatenate(d_state))
        d_x, d_state = scan_backward(Run(run.cell, [run.steps[t]]), nothing, d_state, one_step, gradients)
        rows.append([str(t + 1), tokens[t], *arriving, f"{size:.1e}", slopes(d_x)])
    columns = [
        "t",
        "token",
        *(f"d loss / d {name}_t" for name in states),
        "norm",
        "d loss / d x_t",
    ]
    note = f"d loss / d logit = probability - label = {float(d_logit[0]):.4f}; read the norms downwards"
    if np.any(shares_TBH[:-1]):
        note += "; every step adds its state's own share of the document vector's gradient"
    return Table("5. back through time", columns, rows, note)


def _gradients_table(gradients: Gradients) -> Table:
    rows = []
    for name, gradient in gradients.items():
        largest = max(np.atleast_2d(gradient), key=np.linalg.norm)
        rows.append([name, f"{np.linalg.norm(gradient):.1e}", slopes(largest)])
    return Table(
        "6. gradients of the parameters, summed over the steps",
        ["parameter", "norm", "largest row"],
        rows,
        "a word's row of embedding.weight gathers the gradients of every place where it stands",
    )
