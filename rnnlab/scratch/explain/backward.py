"""The way back: what reaches every state, and what every weight is told, as a whole and by steps.

Numbers in brackets are equations of docs/from-scratch.md.
"""

from collections.abc import Iterator

import numpy as np

from rnnlab.cells.activations import Array
from rnnlab.scratch.cell import Gradients
from rnnlab.scratch.explain.example import Example, Walked, run_titles
from rnnlab.scratch.explain.table import Table, Writer, chosen_steps, norm
from rnnlab.scratch.layer import Run
from rnnlab.scratch.through_time import gradients_by_step, gradients_by_target, reach, state_gradients


def backward_tables(example: Example, walked: Walked, write: Writer) -> list[Table]:
    """Returns the tables 5 to 7 of a walk, and of a net that answers at every step 8 and 9."""
    net, d_logits, cache = example.net, walked.loss.gradient, walked.cache
    assert cache.recurrent is not None
    runs, titles = cache.recurrent.cache.runs, run_titles(net)
    note = _beginning(example, walked, write)
    tables = [
        _run(run, example.steps, of_states, title, note, write)
        for run, of_states, title in zip(runs, state_gradients(net, d_logits, cache), titles, strict=True)
    ]
    tables.append(_gradients(net.backward(d_logits, cache), write))
    by_step = gradients_by_step(net, d_logits, cache)
    tables += [_by_step(part, example.steps, title) for title, part in _parts(by_step, example)]
    if net.every_step:
        matrices = reach(net, example.inputs, example.targets, example.criterion)
        tables += [_reach(matrix, example, title) for matrix, title in zip(matrices, titles, strict=True)]
        by_target = gradients_by_target(net, example.targets, example.criterion, cache)
        tables += [_by_target(part, example.steps, title) for title, part in _parts(by_target, example)]
    return tables


def _parts(gradients: Gradients, example: Example) -> Iterator[tuple[str, Gradients]]:
    """Yields the gradients of each layer and direction, and of the head, under their own short names."""
    assert example.net.recurrent is not None
    for suffix, title in zip(example.net.recurrent.suffixes, run_titles(example.net), strict=True):
        names = {f"recurrent.{name}{suffix}": name for name in example.net.recurrent.cell.shapes(1, 1)}
        yield title, {short: gradients[name] for name, short in names.items()}
    if head := {name: array for name, array in gradients.items() if name.startswith("head.")}:
        yield ", head", head


def _beginning(example: Example, walked: Walked, write: Writer) -> str:
    """Returns where the way back begins, and how to read it."""
    net, d_logits = example.net, walked.loss.gradient
    rule = {"mean_squared_error": "2 (prediction - target) / count  (45)"}.get(example.criterion)
    if rule is None:
        rule = "probability - label  (41)" if d_logits.shape[-1] == 1 else "probabilities - one-hot  (43)"
    if net.every_step:
        note = f"at every step d loss / d output = {rule}, divided by the number of steps"
        return f"{note}; to it comes what step t + 1 sends back  (10)"
    kind = "prediction" if example.criterion == "mean_squared_error" else "logit"
    note = f"d loss / d {kind} = {rule} = {write.numbers(d_logits).strip()}; read the norms downwards"
    if net.pooling != "last":
        note += "; every step adds its state's own share of the document vector's gradient"
    return note


def _run(
    run: Run, steps: list[str], of_states: dict[str, Array], title: str, note: str, write: Writer
) -> Table:
    """Shows one layer's and direction's steps in the order in which the gradient meets them."""
    backward, rows = title.endswith("backward"), []
    for k in reversed(range(len(steps))):
        t = len(steps) - 1 - k if backward else k
        arriving = tuple(array[t] for array in of_states.values())
        d_x, _ = run.cell.backward(arriving, run.steps[k], _nothing(run))
        size = norm(np.concatenate(arriving))
        rows.append([str(t + 1), steps[t], *map(write.slopes, arriving), size, write.slopes(d_x)])
    columns = ["t", "token", *(f"d loss / d {name}_t" for name in of_states), "norm"]
    columns.append("d loss / d x_t" if not title else "its part of d loss / d x_t")
    return Table(f"5. back through time{title}", columns, rows, note)


def _nothing(run: Run) -> Gradients:
    """Returns where a step back adds what nobody asks for here."""
    return {name: np.zeros_like(array) for name, array in run.cell.parameters.items()}


def _gradients(gradients: Gradients, write: Writer) -> Table:
    rows = []
    for name, gradient in gradients.items():
        largest = max(np.atleast_2d(gradient), key=np.linalg.norm)
        rows.append([name, norm(gradient), write.slopes(largest)])
    return Table(
        "6. gradients of the parameters, summed over the steps",
        ["parameter", "norm", "largest row"],
        rows,
        "a word's row of embedding.weight gathers the gradients of every place where it stands",
    )


def _by_step(by_step: Gradients, steps: list[str], title: str) -> Table:
    rows = [[str(t + 1), word, *(norm(g[t, ...]) for g in by_step.values())] for t, word in enumerate(steps)]
    rows.append(["sum", "", *(norm(g.sum(axis=0, keepdims=True)) for g in by_step.values())])
    note = (
        "norms of what step t adds to each gradient of table 6  (65); the last row is the norm of their sum"
    )
    return Table(f"7. gradients by step{title}", ["t", "token", *by_step], rows, note)


def _reach(matrix_TT: Array, example: Example, title: str) -> Table:
    steps = chosen_steps(len(matrix_TT))
    rows = [
        [str(t + 1), example.steps[t], *(f"{matrix_TT[t, s]:.1e}" if matrix_TT[t, s] else "·" for s in steps)]
        for t in steps
    ]
    note = "row t, column s: ‖∂L_t / ∂state_s‖  (66), how much the loss at step t reaches the state at step s"
    if len(steps) < len(matrix_TT):
        note += f"; {len(steps)} of {len(matrix_TT)} steps, evenly spread"
    columns = ["t", "token", *(f"s = {s + 1}" for s in steps)]
    return Table(f"8. reach of each step's loss{title}", columns, rows, note)


def _by_target(by_target: Gradients, steps: list[str], title: str) -> Table:
    rows = [
        [str(t + 1), word, *(norm(g[t, ...]) for g in by_target.values())] for t, word in enumerate(steps)
    ]
    note = "norms of ∂L_t / ∂W; the mean of these gradients over the steps that ask is table 6"
    return Table(f"9. gradients of each step's loss{title}", ["t", "token", *by_target], rows, note)
