"""The cells behind the choices of `model=`, the user's own among them."""

from rnnlab.cells import Cell
from rnnlab.core.errors import InputError
from rnnlab.experiment.compose import checked, choices_of, compose_config
from rnnlab.experiment.target import Target
from rnnlab.models.make import is_module, make_cell
from rnnlab.models.pooling import Pooling


def target_of_choice(name: str) -> Target:
    """Returns the class of `model=NAME`, and its settings there."""
    return checked(compose_config([f"model={name}"])).model


def cell_of_choice(name: str, target: Target | None = None) -> Cell:
    """Returns the cell of `model=NAME`, with its settings there; InputError if there is none.

    target: what `target_of_choice` gave, where it is at hand.
    """
    target = target or target_of_choice(name)
    cell = make_cell(target.cls, target.settings)
    if cell is None:
        raise InputError(f"model={name}: {_why_not(target)}; expected one of {', '.join(known_cells())}")
    return cell


def pooling_of_choice(name: str) -> Pooling:
    """Returns how `model=NAME`, one with a recurrent cell, pools its states."""
    pooling: Pooling = target_of_choice(name).settings.get("pooling", "last")
    return pooling


def known_cells() -> dict[str, Cell]:
    """Returns every cell by the name of the choice that has it; of several, the shortest."""
    found: dict[str, Cell] = {}
    for name in sorted(choices_of("model"), key=lambda name: (len(name), name)):
        try:
            target = target_of_choice(name)
        except InputError:  # one's own, of a module that has not been named
            continue
        cell = make_cell(target.cls, target.settings)
        if cell is not None and all(
            vars(cell) != vars(c) or type(cell) is not type(c) for c in found.values()
        ):
            found[name] = cell
    return found


def _why_not(target: Target) -> str:
    if is_module(target.cls):
        return f"the equations of {target.class_name} are not known"
    return "has no recurrent cell"
