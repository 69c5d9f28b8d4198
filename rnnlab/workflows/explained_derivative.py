"""A cell's step and the derivative that follows from it, in numbered lines."""

import copy
from collections.abc import Sequence

import numpy as np

from rnnlab.cells import Cell
from rnnlab.cells.derivative import Line, derivative
from rnnlab.core.errors import InputError
from rnnlab.experiment.cells import cell_of_choice
from rnnlab.experiment.compose import checked, compose_config
from rnnlab.models.guest import name_of
from rnnlab.scratch.explain import Table
from rnnlab.scratch.layer import Layer
from rnnlab.workflows.trained_run import load_run

NOTE_FORWARD = (
    "W · x is a product with a matrix, a ⊙ b one of number by number; x[…] and h[…] are the blocks of rows "
    "of the products of the input and the old state"
)
NOTE_BACK = (
    "d_y is the derivative of the loss with respect to y; given are those of the new states; a ⊗ b holds all "
    "products of a number of a with one of b, Σ sums over units, += adds to what is there"
)
ROUNDING = 1e-9


def derivative_tables(words: Sequence[str], model: str | None) -> list[Table]:
    """Returns the lines of a cell's step, and those of its derivative.

    words: a RUN, or KEY=VALUE as for `rnnlab train`; model: else a choice of `model=`, by default rnn. Raises
    InputError for what has no known equations, or a step that symbols cannot go through.
    """
    cell = _cell(words, model)
    lines = derivative(cell)
    forward = [[f"({line.number})", line.text, _aside(cell, line)] for line in lines.forward]
    back = [[f"({line.number})", line.text, _through(line)] for line in lines.back]
    return [
        Table(f"1. one step of {cell.name}", ["", "equation", ""], forward, NOTE_FORWARD),
        Table("2. back through it", ["", "gradient", "back through"], back, f"{NOTE_BACK}{_by_hand(cell)}"),
    ]


def _cell(words: Sequence[str], model: str | None) -> Cell:
    if not words:
        return cell_of_choice(model or "rnn")
    if "=" in words[0]:
        name = next((word.removeprefix("model=") for word in words if word.startswith("model=")), None)
        target = checked(compose_config(list(words))).model
        return cell_of_choice(name or target.class_name, target)
    run = load_run(words[0])
    if run.model.cell is None:
        part = name_of(run.model.recurrent) if run.model.is_recurrent else type(run.model).__name__
        raise InputError(f"{words[0]}: the equations of {part} are not known")
    return run.model.cell


def _aside(cell: Cell, line: Line) -> str:
    """Returns the blocks of a product, or what a value is called."""
    return ", ".join(line.blocks) or cell.titles.get(line.text.partition(" = ")[0].removesuffix("_t"), "")


def _through(line: Line) -> str:
    return ", ".join(f"({number})" for number in line.through)


def _by_hand(cell: Cell) -> str:
    """Returns what there is to say of a derivative that the cell writes out itself."""
    if cell.step_back is None:
        return ""
    name, (difference, where) = f"{cell.name}.step_back, written out by hand,", largest_difference(cell)
    by = f"{difference:.0e} of its norm" if difference else "nothing"
    if difference < ROUNDING:
        return f"\n{name} is tested equal: on drawn numbers no gradient differs by more than {by}"
    return f"\n{name} is another: on drawn numbers the gradient of {where} differs by {by}"


def largest_difference(cell: Cell) -> tuple[float, str]:
    """Returns by how much a cell's own `step_back` differs from the derived one, and in which gradient.

    As a share of that gradient's norm, on numbers drawn once: two steps of three texts, float64.
    """
    derived = copy.copy(cell)
    derived.step_back = None
    rng = np.random.default_rng(0)
    layer = Layer.random(3, 4, rng=rng, cell=cell)
    x = rng.standard_normal((2, 3, 3))
    d_output, d_final, gradients = rng.standard_normal((2, 3, 4)), {}, []
    for name in cell.states:
        d_final[f"d_{name}_n"] = rng.standard_normal((1, 3, 4))
    for each in (cell, derived):
        one = Layer(layer.parameters, cell=each)
        back = one.backward(one.forward(x).cache, d_output=d_output, **d_final)
        states = {f"{name}_0": d for name, d in back.initial.items()}
        gradients.append({**back.parameters, "x": back.x, **states})
    differences = {
        name: float(np.linalg.norm(gradients[0][name] - right) / (np.linalg.norm(right) or 1.0))
        for name, right in gradients[1].items()
    }
    worst = max(differences, key=lambda name: differences[name])
    return differences[worst], worst.removesuffix("_l0")
