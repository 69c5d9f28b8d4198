"""The way forward: parameters, inputs, every step of every layer and direction, head and loss."""

import numpy as np

from rnnlab.cells.activations import sigmoid
from rnnlab.cells.trace import equations
from rnnlab.scratch.explain.example import Example, Walked, run_titles
from rnnlab.scratch.explain.table import Table, Writer
from rnnlab.scratch.layer import Run
from rnnlab.scratch.losses import NOT_COUNTED, softmax
from rnnlab.scratch.through_time import step_losses

DOCUMENTS = {
    "last": "the final state",
    "mean": "the mean of all states",
    "max": "the largest of all states, number by number",
    "mean_max": "their mean, then the largest of all states",
    "attention": "the states' mean with these weights",
}
FEW = 6  # classes whose probabilities all have a column


def forward_tables(example: Example, walked: Walked, write: Writer) -> list[Table]:
    """Returns the tables 1 to 4 of a walk."""
    recurrent = walked.cache.recurrent
    assert recurrent is not None
    return [
        _parameters(example),
        _inputs(example, walked, write),
        *(
            _run(run, example.steps, title, write)
            for run, title in zip(recurrent.cache.runs, run_titles(example.net), strict=True)
        ),
        _every_step(example, walked, write) if example.net.every_step else _head(example, walked, write),
    ]


def _parameters(example: Example) -> Table:
    assert example.net.recurrent is not None
    gates = example.net.recurrent.cell.gates
    rows = [[name, str(p.shape)] for name, p in example.net.parameters.items()]
    note = f"gates, stacked in this order: {', '.join(gates)}" if len(gates) > 1 else ""
    return Table("1. parameters and their shapes", ["parameter", "shape"], rows, note)


def _inputs(example: Example, walked: Walked, write: Writer) -> Table:
    vectors = example.net.parameters.get("embedding.weight")
    if vectors is None:
        rows = [[str(t + 1), write.numbers(x)] for t, x in enumerate(example.inputs[0])]
        return Table("2. inputs", ["t", f"x_t ({example.inputs.shape[2]},)"], rows)
    rows = [
        [str(t + 1), word, str(number), write.numbers(vectors[number])]
        for t, (word, number) in enumerate(zip(example.steps, example.inputs[0], strict=True))
    ]
    columns = ["t", "token", "id", f"x_t ({vectors.shape[1]},)"]
    return Table("2. tokens, ids, word vectors", columns, rows)


def _run(run: Run, steps: list[str], title: str, write: Writer) -> Table:
    """Shows every value that each step kept, and its states, the hidden one last, in the order of reading."""
    cell = run.cell.cell
    hidden, *others = cell.states
    kept = list(run.steps[0].kept)
    columns = ["t", "token", *(cell.titles.get(name, name) for name in kept)]
    columns += [] if kept else [f"state before {hidden}_(t-1)"]
    columns += [*(f"{cell.titles.get(name, name)} {name}_t" for name in others), f"state {hidden}_t"]
    rows = []
    backward = title.endswith("backward")
    for k, step in enumerate(run.steps):
        t = len(steps) - 1 - k if backward else k
        values = [step.kept[name] for name in kept] or [step.old[hidden]]
        values += [step.new[name] for name in (*others, hidden)]
        rows.append([str(t + 1), steps[t], *map(write.numbers, values)])
    note = "; ".join(equations(cell))
    products = f"x[…]: the rows of W_ih x_t{' + b_ih' if cell.input_bias else ''}, gate by gate"
    if any(cell.recurrent.values()):
        products += f"; h[…]: those of W_hh h_(t-1){' + b_hh' if cell.recurrent_bias else ''}"
    if backward:
        products += "; read from the end, so that t-1 is the step after t in the text"
    return Table(f"3. forward through time{title}", columns, rows, f"{note}\n{products}")


def _head(example: Example, walked: Walked, write: Writer) -> Table:
    net, cache = example.net, walked.cache
    document, hidden, _ = cache.head
    rows = []
    if net.pooling == "attention":
        _, u_BTD, alpha_BT = cache.pooled
        scores = u_BTD @ net.attention["query.weight"][0]
        rows += [
            ["scores s_t = v · tanh(W h_t + b)", str(scores[0].shape), write.numbers(scores)],
            ["weights: softmax(s)", str(alpha_BT[0].shape), write.numbers(alpha_BT)],
        ]
    final = "the final states of all layers and directions" if len(run_titles(net)) > 1 else DOCUMENTS["last"]
    what = final if net.pooling == "last" else DOCUMENTS[net.pooling]
    rows.append([f"document vector: {what}", str(document[0].shape), write.numbers(document)])
    if net.has_hidden:
        rows.append(["hidden layer: relu(Linear)", str(hidden[0].shape), write.numbers(hidden)])
    return Table("4. head and loss", ["what", "shape", "value"], rows + _answer(example, walked, write))


def _answer(example: Example, walked: Walked, write: Writer) -> list[list[str]]:
    """Returns the rows from the outputs to the loss."""
    logits, loss, shape = walked.logits[0], walked.loss.value, str(walked.logits[0].shape)
    if example.criterion == "mean_squared_error":
        return [
            ["prediction: Linear", shape, write.numbers(logits)],
            ["target", shape, write.numbers(example.targets)],
            ["loss: the mean of (prediction - target)²", "()", f" {loss:.5f}"],
        ]
    label = int(example.targets[0])
    chances, what = (sigmoid(logits), "probability of positive: sigmoid")
    if len(logits) > 1:
        chances, what = softmax(logits), "probabilities: softmax"
    elif example.classes:
        what = f"probability of {example.classes[1]}: sigmoid"
    return [
        ["logit: Linear" if len(logits) == 1 else "logits: Linear", shape, write.numbers(logits)],
        [what, shape, write.numbers(chances)],
        [f"loss: -ln of the label's probability, label {example.class_name(label)}", "()", f" {loss:.5f}"],
    ]


def _every_step(example: Example, walked: Walked, write: Writer) -> Table:
    """Shows what each step answers and what it costs."""
    logits, targets = walked.logits[0], example.targets[0]
    losses, _ = step_losses(logits, targets, example.criterion)
    rows = []
    if example.criterion == "mean_squared_error":
        columns = ["t", "input", "prediction", "target", "loss L_t"]
        for t, (y, target, loss) in enumerate(zip(logits, targets, losses.tolist(), strict=True)):
            rows.append([str(t + 1), example.steps[t], write.numbers(y), write.numbers(target), _loss(loss)])
    else:
        probabilities = softmax(logits)
        few = range(probabilities.shape[1]) if probabilities.shape[1] <= FEW else ()
        columns = ["t", "token", *(f"p({example.class_name(c)})" for c in few)]
        columns += ["most probable", "target", "p(target)", "loss L_t"]
        for t, (p, target, loss) in enumerate(
            zip(probabilities, targets.tolist(), losses.tolist(), strict=True)
        ):
            counted = target != NOT_COUNTED
            asked = [example.class_name(target), f"{p[target]:.4f}"] if counted else ["-", "-"]
            chances = [f"{p[c]:.4f}" for c in few]
            best = example.class_name(int(p.argmax()))
            rows.append([str(t + 1), example.steps[t], *chances, best, *asked, _loss(loss)])
    note = f"p = softmax(W h_t + b), {walked.logits.shape[2]} classes; L_t = -ln p(target); "
    if example.criterion == "mean_squared_error":
        note = "prediction = W h_t + b; L_t = the mean of (prediction - target)²; "
    note += f"the loss is the mean of L_t over {np.isfinite(losses).sum()} steps: {walked.loss.value:.5f}"
    return Table("4. outputs and loss of every step", columns, rows, note)


def _loss(loss: float) -> str:
    return "-" if np.isnan(loss) else f"{loss:.5f}"
