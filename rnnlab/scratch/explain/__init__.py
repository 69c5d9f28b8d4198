"""One sequence through a net and back, step by step, as tables of numbers: where each comes from."""

from rnnlab.scratch.explain.backward import backward_tables
from rnnlab.scratch.explain.example import Example, walk
from rnnlab.scratch.explain.forward import forward_tables
from rnnlab.scratch.explain.table import Table, Writer

__all__ = ["Example", "Table", "explain"]


def explain(example: Example, *, units: int = 8) -> list[Table]:
    """Returns the tables of a sequence's way forward and back; units: how many numbers of an array are
    shown.
    """
    walked, write = walk(example), Writer(units)
    return [*forward_tables(example, walked, write), *backward_tables(example, walked, write)]
