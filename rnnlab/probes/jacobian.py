"""Spectral norms of ∂s_T/∂s_t: by how much a small change of a state can change the final one.

S states looked at, B texts, R times each, H hidden.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

TOLERANCE, ITERATIONS = 1e-6, 300


def exact_norms(
    final: Float[Tensor, "BR H"], states: Sequence[Float[Tensor, "BR H"]], repeats: int
) -> Float[Tensor, "S B"]:
    """Returns the largest singular value of each text's ∂final/∂state, inf for one that overflowed.

    Texts do not meet in the graph, so that of one that stands there H times, each time may be asked for
    another row of its matrices, and one backward pass gives them all.

    Args:
        final: the last states of texts each of which stands `repeats` times in a row.
        states: those looked at, of the same texts.
        repeats: H, or more.
    """
    texts, hidden = len(final) // repeats, final.shape[1]
    rows = torch.eye(repeats, hidden).to(final).repeat(texts, 1)
    # Of a sum: for gradients of several numbers torch imports SymPy, which takes longer than all else here.
    gradients = torch.autograd.grad(
        (final * rows).sum(), states, retain_graph=True, allow_unused=True, materialize_grads=True
    )
    jacobians = torch.stack(gradients).reshape(len(states), texts, repeats, hidden)
    finite = jacobians.sum(dim=(2, 3)).isfinite()  # of so many numbers the sum takes a tenth of the time
    if not finite.all():
        finite = jacobians.isfinite().all(dim=(2, 3))
        jacobians = torch.nan_to_num(jacobians)
    return torch.linalg.matrix_norm(jacobians, ord=2).where(finite, torch.inf)


def lanczos_norms(
    final: Float[Tensor, "B H"], states: Sequence[Float[Tensor, "B H"]]
) -> Float[Tensor, "S B"]:
    """Returns the same for large states, without ever holding a matrix, inf for one that overflowed.

    By bidiagonalization (Golub & Kahan 1965; Golub & Van Loan, Matrix Computations, 10.4), which needs a
    product with J and one with Jᵀ a step. It stops once no text's norm moves by more than a part in a
    million, so that it errs from below. The start follows from a fixed seed; that of each state is the
    direction found for the state before.
    """
    generator = torch.Generator().manual_seed(0)
    direction = torch.randn(final.shape, generator=generator, dtype=torch.float64).to(final)
    norms = []
    for state in states:
        norm, direction = _lanczos_norm(final, state, direction)
        norms.append(norm)
    return torch.stack(norms)


def _lanczos_norm(
    final: Float[Tensor, "B H"], state: Float[Tensor, "B H"], direction: Float[Tensor, "B H"]
) -> tuple[Float[Tensor, " B"], Float[Tensor, "B H"]]:
    """Returns each text's norm and the direction of the final state in which it is reached.

    J V = U B: columns of U and V are orthonormal, B has two diagonals, and its largest singular value comes
    near J's from below.
    """
    # Jᵀu is linear in u, so that its own vector-Jacobian product with v is Jv.
    anywhere = torch.zeros_like(final, requires_grad=True)
    (transposed,) = torch.autograd.grad(final, state, anywhere, create_graph=True)
    lefts: list[Tensor] = [_unit(direction)]
    rights: list[Tensor] = []
    reduced = final.new_zeros(len(final), 1, 0)
    norm, overflowed = final.new_zeros(len(final)), torch.zeros(len(final), dtype=torch.bool)
    for step in range(min(ITERATIONS, final.shape[1])):
        (right,) = torch.autograd.grad(final, state, lefts[-1], retain_graph=True)
        right = _apart_from(rights, right)
        rights.append(_unit(right))
        (left,) = torch.autograd.grad(transposed, anywhere, rights[-1], retain_graph=True)
        left = _apart_from(lefts, left)
        lefts.append(_unit(left))
        reduced = functional.pad(reduced, (0, 1, 0, 1))
        reduced[:, step, step], reduced[:, step + 1, step] = right.norm(dim=1), left.norm(dim=1)
        overflowed |= ~reduced.isfinite().all(dim=(1, 2))
        found = torch.linalg.svd(torch.nan_to_num(reduced, 0.0, 0.0, 0.0), full_matrices=False)
        before, norm = norm, found.S[:, 0]
        if bool((((norm - before) <= TOLERANCE * norm) | overflowed).all()):
            break
    reached = torch.einsum("kbh,bk->bh", torch.stack(lefts), found.U[:, :, 0])
    # A text whose Jacobian is all zero keeps its direction: the next state's may not be.
    kept = (norm > 0) & ~overflowed
    return norm.where(~overflowed, torch.inf), torch.where(kept[:, None], reached, direction)


def _apart_from(basis: Sequence[Float[Tensor, "B H"]], vectors: Float[Tensor, "B H"]) -> Float[Tensor, "B H"]:
    """Returns vectors without their parts along the orthonormal ones of the basis; twice, for rounding."""
    if basis:
        columns = torch.stack(list(basis), dim=2)
        for _ in range(2):
            vectors = vectors - (columns @ (columns.mT @ vectors[:, :, None]))[:, :, 0]
    return vectors


def _unit(vectors: Float[Tensor, "B H"]) -> Float[Tensor, "B H"]:
    norms = vectors.norm(dim=1, keepdim=True)
    return vectors / norms.where(norms > 0, torch.ones_like(norms))
