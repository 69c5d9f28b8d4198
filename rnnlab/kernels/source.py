"""The source of a cell's two scans, forward and back, written out from its `step` and its derivative.

N steps of all texts together, B texts, H hidden, P hidden padded to whole vectors, R products of a state.
Texts are sorted, the longest first, so that the rows of a step are those of the step before, less the texts
that have ended. A step is cut at every `mix` into stages, each a loop over rows and units; between them
stand products with matrices (`rnnlab.kernels.products`). Values that a stage shares with another are computed
again, but for results of functions such as tanh, which are kept. On the way back the gradients of products
take the products' places. What a stage does at one unit is written by `rnnlab.kernels.step_source`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rnnlab.cells.base import Cell
from rnnlab.cells.expressions import Expression
from rnnlab.kernels.step_source import StepSource


@dataclass(frozen=True)
class Plan:
    """What the scans of a cell read and write, beside the source of both.

    kept: how many results a step keeps in an array of their own for the way back. joined: for each state that
    has products, how many of them, the first, are only ever added to those of the input, so that the sums
    alone are written, and their gradients.
    """

    source: str
    kept: int
    joined: Mapping[str, int]


def write_source(cell: Cell, precision: str) -> Plan:
    """Returns the source of a module with `forward` and `backward`, for float32 or float64.

    Raises InputError, in one line, for a step that symbols cannot go through.
    """
    step = StepSource(cell)
    forward, backward = list(_forward(step)), list(_backward(step))
    bits = precision.removeprefix("float")
    imports = [
        f'"""The scans of {cell.name} in {precision}, written by rnnlab.kernels.source."""',
        "import math",
        "import numpy as np",
        "from numba import njit",
        "from rnnlab.kernels import functions, products",
        "from rnnlab.kernels.jit import FASTMATH",
        "",
        f"tanh, sigmoid, exp = functions.tanh{bits}, functions.sigmoid{bits}, functions.exp{bits}",
        f"log_sigmoid = functions.log_sigmoid{bits}",
        "log, sqrt, cos, sin = math.log, math.sqrt, math.cos, math.sin",
        *(f"{name} = np.{precision}({_literal(value)})" for value, name in step.code.constants.items()),
        "",
    ]
    return Plan("\n".join([*imports, *forward, "", *backward, ""]), step.kept_apart(), step.joined())


def _literal(value: str) -> str:
    return f"float({value!r})" if value in ("inf", "-inf", "nan") else value


HEAD = "@njit(fastmath=FASTMATH, error_model='numpy', cache=CACHE, nogil=True)"


def _arrays(step: StepSource, *kinds: str) -> list[str]:
    """Returns the names of arguments, one each of the states (a name that ends in s), of those with products
    that are only added (a), of those with others, which stand apart (p), of the products in the middle (m),
    of own parameters (o).
    """
    cell, names = step.cell, []
    added, apart = [s for s in cell.recurrent if step.sums[s]], _with_apart(step)
    for kind in kinds:
        each = {"s": cell.states, "a": added, "p": apart, "m": range(len(step.mixes)),
                "o": step.unit_own}[kind[-1]]  # fmt: skip
        names += [kind[:-1].format(one) for one in each]
    return names


def _with_apart(step: StepSource) -> list[str]:
    """Returns the states some of whose products stand apart."""
    return [s for s in step.cell.recurrent if step.apart(s)]


def _forward(step: StepSource) -> Iterator[str]:
    code = step.code
    code.lines = []
    arguments = ["H", "P", "batch_T", "input_N", "panels_in", "x_N", "bias_x",
                 *_arrays(step, "panels_x_{}a", "panels_{}p", "bias_{}p", "p_{}_Np", "panels_m{}m",
                          "bias_m{}m", "v{}_Nm", "m{}_Nm", "all_{}s", "own_{}o"),
                 "kept_N", "keeps"]  # fmt: skip
    code.add(0, HEAD, f"def forward({', '.join(arguments)}):")
    code.add(1, "B = batch_T[0]", "row, before = 0, 0")
    code.add(1, "for t in range(len(batch_T)):")
    code.add(2, "n = batch_T[t]", "at = row if keeps else 0")
    code.add(2, "if len(panels_in):")
    value, result = "input_N[row:row + n], 1", "x_N[at:at + n]"
    code.add(3, f"products.set_blocks({value}, panels_in, {result}, input_N.shape[1], input_N.shape[1])")
    for s in step.cell.recurrent:
        old, sums = f"all_{s}[before:before + n]", len(step.sums[s])
        if sums:
            code.add(2, f"products.add_product({old}, panels_x_{s}, x_N[at:at + n], {sums} * P, H)")
        if step.apart(s):
            code.add(2, f"products.product({old}, panels_{s}, bias_{s}, p_{s}_N[at:at + n], H)")
    stored: set[int] = set()
    for k in range(len(step.mixes) + 1):
        last = k == len(step.mixes)
        roots = list(step.trace.new.values()) if last else [step.mixes[k].args[0]]
        _rows(step, 2)
        known = step.loads() | {key: place for key, place in step.places.items() if key in stored}
        # What the way back reads is kept by the stage that computes it first.
        needed = roots + ([e for e in step.kept if id(e) not in stored] if last else [])
        names = step.units(4, needed, known)
        for key, place in step.places.items():
            if key in names and key not in stored:
                code.add(4, f"{place} = {names[key]}")
                stored.add(key)
        if last:
            for s, result in step.trace.new.items():
                code.add(4, f"new_{s}[j] = {step.value(result, names)}")
        else:
            code.add(4, f"v{k}_row[j] = {step.value(roots[0], names)}")
            value, result = f"v{k}_N[at:at + n]", f"m{k}_N[at:at + n]"
            code.add(2, f"products.product({value}, panels_m{k}, bias_m{k}, {result}, H)")
    code.add(2, "before = B + row", "row += n")
    yield from code.lines


def _rows(step: StepSource, depth: int) -> None:
    """Writes the loops over the rows of a step and over units, every array of a row under its name."""
    code, cell = step.code, step.cell
    code.add(depth, "for b in range(n):")
    code.add(depth + 1, "x = x_N[at + b]", "kept = kept_N[at + b]")
    for s in _with_apart(step):
        code.add(depth + 1, f"p_{s} = p_{s}_N[at + b]")
    for s in cell.states:
        code.add(depth + 1, f"old_{s} = all_{s}[before + b]", f"new_{s} = all_{s}[B + row + b]")
    for k in range(len(step.mixes)):
        code.add(depth + 1, f"v{k}_row, m{k} = v{k}_N[at + b], m{k}_N[at + b]")
    code.add(depth + 1, "for j in range(P):")


def _backward(step: StepSource) -> Iterator[str]:
    code, cell = step.code, step.cell
    code.lines = []
    arguments = ["H", "P", "batch_T", "x_N", "bias_x",
                 *_arrays(step, "panels_x_{}a", "panels_{}p", "p_{}_Np", "panels_m{}m", "m{}_Nm", "all_{}s",
                          "own_{}o"), "kept_N", "d_out_N",
                 *_arrays(step, "d_{}_Bs", "d_m{}_Nm", "d_v{}_Bm", "d_own_{}o")]  # fmt: skip
    code.add(0, HEAD, f"def backward({', '.join(arguments)}):")
    code.add(1, "B = batch_T[0]", "row = len(x_N)")
    code.add(1, "for t in range(len(batch_T) - 1, -1, -1):")
    code.add(2, "n = batch_T[t]", "row -= n", "before = B + row - batch_T[t - 1] if t else 0")
    first = cell.states[0]
    code.add(2, "for b in range(n if len(d_out_N) else 0):")
    code.add(3, f"d_h, d_out = d_{first}_B[b], d_out_N[row + b]")
    code.add(3, "for j in range(P):")
    code.add(4, "d_h[j] = d_h[j] + d_out[j]")
    known = step.loads() | step.places
    for k in reversed(range(len(step.mixes))):
        _rows_back(step, 2)
        names = step.units(4, [step.at_mix[k]], known)
        code.add(4, f"d_m{k}[j] = {step.value(step.at_mix[k], names)}")
        code.add(2, f"products.set_blocks(d_m{k}_N[row:row + n], 1, panels_m{k}, d_v{k}_B[:n], H, P)")
    _rows_back(step, 2)
    names = step.units(4, step.back_roots(), known)
    for block, name in enumerate(cell.gates):
        code.add(4, f"x[{block} * P + j] = {step.value(step.gradient(step.trace.x[name]), names)}")
    for s in cell.recurrent:
        for block, name in enumerate(step.apart(s)):
            gradient = step.gradient(step.trace.h[name])
            code.add(4, f"p_{s}[{block} * P + j] = {step.value(gradient, names)}")
    for name in step.unit_own:
        gradient = step.gradient(step.trace.own[name])
        if isinstance(gradient, Expression):
            code.add(4, f"d_own_{name}[j] = d_own_{name}[j] + {step.value(gradient, names)}")
    for s in cell.states:
        code.add(4, f"d_{s}[j] = {step.value(step.gradient(step.trace.state[s]), names)}")
    for s in cell.recurrent:
        for source, blocks, panels in (
            ("x_N", len(step.sums[s]), f"panels_x_{s}"),
            (f"p_{s}_N", len(step.apart(s)), f"panels_{s}"),
        ):
            if blocks:
                value, result = f"{source}[row:row + n], {blocks}", f"d_{s}_B[:n]"
                code.add(2, f"products.add_blocks({value}, {panels}, {result}, H, P)")
    yield from code.lines


def _rows_back(step: StepSource, depth: int) -> None:
    code, cell = step.code, step.cell
    code.add(depth, "for b in range(n):")
    code.add(depth + 1, "x = x_N[row + b]", "kept = kept_N[row + b]")
    for s in _with_apart(step):
        code.add(depth + 1, f"p_{s} = p_{s}_N[row + b]")
    for s in cell.states:
        code.add(depth + 1, f"old_{s}, d_{s} = all_{s}[before + b], d_{s}_B[b]")
    for k in range(len(step.mixes)):
        code.add(depth + 1, f"m{k}, d_m{k}, d_v{k} = m{k}_N[row + b], d_m{k}_N[row + b], d_v{k}_B[b]")
    code.add(depth + 1, "for j in range(P):")
