"""The cells behind the choices of `model=`, the user's own among them."""

from rnnlab.cells import Cell
from rnnlab.core.errors import InputError
from rnnlab.experiment.compose import checked, choices_of, compose_config
from rnnlab.models.make import make_cell


def cell_of_choice(name: str) -> Cell:
    """Returns the cell of `model=NAME`, with its settings there; InputError if there is none."""
    cell = _cell(name)
    if cell is None:
        raise InputError(f"model={name}: has no recurrent cell; expected one of {', '.join(known_cells())}")
    return cell


def known_cells() -> dict[str, Cell]:
    """Returns every cell by the name of the choice that has it; of several, the shortest."""
    found: dict[str, Cell] = {}
    for name in sorted(choices_of("model"), key=lambda name: (len(name), name)):
        cell = _cell(name)
        if cell is not None and all(
            vars(cell) != vars(c) or type(cell) is not type(c) for c in found.values()
        ):
            found[name] = cell
    return found


def _cell(name: str) -> Cell | None:
    target = checked(compose_config([f"model={name}"])).model
    return make_cell(target.cls, target.settings)


def _same(cell: Cell, other: Cell) -> bool:
    return (type(cell), vars(cell)) == (type(other), vars(other))
