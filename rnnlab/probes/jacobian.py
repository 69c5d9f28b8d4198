"""Spectral norms of ∂s_T/∂s_t: by how much a small change of a state can change the final one.

S states looked at, B texts, R times each, H hidden.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

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


def power_norms(final: Float[Tensor, "B H"], states: Sequence[Float[Tensor, "B H"]]) -> Float[Tensor, "S B"]:
    """Returns the same for large states, by power iteration on JᵀJ without ever holding a matrix.

    It stops once no text's norm moves by more than a part in a million, so that it errs from below.
    The start follows from a fixed seed; that of each state is the direction found for the state before.
    """
    generator = torch.Generator().manual_seed(0)
    direction = torch.randn(final.shape, generator=generator, dtype=torch.float64).to(final)
    norms = []
    for state in states:
        norm, direction = _power_norm(final, state, direction)
        norms.append(norm)
    return torch.stack(norms)


def _power_norm(
    final: Float[Tensor, "B H"], state: Float[Tensor, "B H"], direction: Float[Tensor, "B H"]
) -> tuple[Float[Tensor, " B"], Float[Tensor, "B H"]]:
    """Returns each text's norm and the direction of the final state in which it is reached."""
    # Jᵀu is linear in u, so that its own vector-Jacobian product with v is Jv.
    anywhere = torch.zeros_like(final, requires_grad=True)
    (transposed,) = torch.autograd.grad(final, state, anywhere, create_graph=True)
    norm = final.new_zeros(len(final))
    for _ in range(ITERATIONS):
        (right,) = torch.autograd.grad(final, state, _unit(direction), retain_graph=True)
        before, norm = norm, right.norm(dim=1)
        (image,) = torch.autograd.grad(transposed, anywhere, _unit(right), retain_graph=True)
        # A text whose Jacobian is all zero keeps its direction: the next state's may not be.
        direction = torch.where(norm[:, None] > 0, image, direction)
        if bool(((norm - before).abs() <= TOLERANCE * norm).all()):
            break
    return norm, direction


def _unit(vectors: Float[Tensor, "B H"]) -> Float[Tensor, "B H"]:
    norms = vectors.norm(dim=1, keepdim=True)
    return vectors / norms.where(norms > 0, torch.ones_like(norms))
