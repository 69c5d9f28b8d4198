"""A gradient taken apart by steps: what reached each state, and what each step has to say about each weight.

B batch, T time, H hidden, C outputs. Numbers in brackets are equations of docs/from-scratch.md.
"""

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.cells.activations import Array
from rnnlab.scratch.cell import Gradients
from rnnlab.scratch.layer import Backward
from rnnlab.scratch.losses import CRITERIA
from rnnlab.scratch.nets import NetCache, SequenceNet


def gradients_by_step(net: SequenceNet, d_logits: Array, cache: NetCache) -> Gradients:
    """Returns the gradient of each of the layer's parameters apart by the steps that use it, (T, *shape).

    Args:
        net: one with a recurrent layer, any cell, layers and directions.
        d_logits: the loss's gradient at the net's outputs, as for `SequenceNet.backward`.
        cache: what the forward pass returned.

    Returns:
        By the net's names, as `recurrent.weight_hh_l0`; entry t belongs to step t of the sequence, whichever
        way a layer reads, and is summed over the batch. The sum over t is what `SequenceNet.backward` gives.

        >>> logits, cache = net.forward(inputs)
        >>> by_step = gradients_by_step(net, mean_squared_error(logits, targets).gradient, cache)
        >>> numpy.linalg.norm(by_step["recurrent.weight_hh_l0"], axis=(1, 2))
    """
    back, found = _layer_backward(net, d_logits, cache), Gradients()
    assert net.recurrent is not None and cache.recurrent is not None
    mask_TB1 = cache.recurrent.cache.mask_TB1
    for suffix, run, arriving in zip(
        net.recurrent.suffixes, cache.recurrent.cache.runs, back.arriving, strict=True
    ):
        time = len(run.steps)
        of_run = {name: np.zeros((time, *p.shape), p.dtype) for name, p in run.cell.parameters.items()}
        for k, (step, d_state) in enumerate(zip(run.steps, arriving, strict=True)):
            t = time - 1 - k if suffix.endswith("_reverse") else k
            d_new_state = tuple(np.where(mask_TB1[t], d, 0) for d in d_state)
            # (65): an entry of its own for every step, where (4) to (6) have one for all
            run.cell.backward(d_new_state, step, {name: g[t, ...] for name, g in of_run.items()})
        found |= {f"recurrent.{name}{suffix}": gradient for name, gradient in of_run.items()}
    return found


def gradients_by_target(net: SequenceNet, targets: Array, criterion: str, cache: NetCache) -> Gradients:
    """Returns the gradient of every parameter apart by the loss that it comes from, ∂L_t/∂W, (T, *shape).

    Of a net that answers at every step, and one sequence: targets (1, T, …); cache: what the forward pass
    returned. The mean over the steps that ask something is what `SequenceNet.backward` gives of the mean
    loss; an entry of a step that asks nothing is zero.
    """
    logits = net.head(cache.head.read)[0]
    _, d_logits_TC = step_losses(logits[0], np.asarray(targets)[0], criterion)
    of_steps = []
    for t, d_logits_C in enumerate(d_logits_TC):
        d_logits = np.zeros_like(logits)
        d_logits[0, t] = d_logits_C
        of_steps.append(net.backward(d_logits, cache))
    return {name: np.stack([of_step[name] for of_step in of_steps]) for name in of_steps[0]}


def state_gradients(net: SequenceNet, d_logits: Array, cache: NetCache) -> list[dict[str, Array]]:
    """Returns the loss's gradient at the states after every step, (T, B, H) by the state's name, for each
    layer and direction in the order of torch's h_n.

    Entry t belongs to step t of the sequence; it is the whole gradient, by way of all later steps of the
    direction's reading and of the layers above. In the padding it is what passes through to the states
    before.
    """
    back = _layer_backward(net, d_logits, cache)
    assert net.recurrent is not None
    found = []
    for suffix, arriving in zip(net.recurrent.suffixes, back.arriving, strict=True):
        in_order = arriving[::-1] if suffix.endswith("_reverse") else arriving
        by_state = map(np.stack, zip(*in_order, strict=True))
        found.append(dict(zip(net.recurrent.cell.states, by_state, strict=True)))
    return found


def step_losses(logits_TC: Array, targets_T: Array, criterion: str) -> tuple[Array, Array]:
    """Returns the loss of every step of one sequence (T,), NaN where nothing is asked, and its gradient at
    that step's outputs (T, C), not divided by the number of steps.
    """
    of_steps = [
        CRITERIA[criterion](logits_TC[t : t + 1], targets_T[t : t + 1]) for t in range(len(logits_TC))
    ]
    return np.array([loss.value for loss in of_steps]), np.concatenate([loss.gradient for loss in of_steps])


def reach(net: SequenceNet, inputs: ArrayLike, targets: ArrayLike, criterion: str) -> list[Array]:
    """Returns how much the loss at step t reaches the states of step s: ‖∂L_t/∂state_s‖, (T, T) with a row
    per t, for each layer and direction in the order of torch's h_n.

    net: one that answers at every step; inputs, targets: of one sequence, (1, T, …); criterion: of
    `losses.CRITERIA`. All of a cell's states count together. Forward, what stands right of the diagonal is
    zero: no loss reaches a state that is still to come; for the reverse direction it is what stands left.
    """
    x = np.asarray(inputs)
    time = x.shape[1]
    logits, cache = net.forward(np.repeat(x, time, axis=0))  # a copy of the sequence for every loss
    _, d_logits_TC = step_losses(logits[0], np.asarray(targets)[0], criterion)
    d_logits = np.zeros_like(logits)
    steps = np.arange(time)
    d_logits[steps, steps] = d_logits_TC
    return [
        np.linalg.norm(np.concatenate(list(of_run.values()), axis=2), axis=2).T  # (66)
        for of_run in state_gradients(net, d_logits, cache)
    ]


def _layer_backward(net: SequenceNet, d_logits: Array, cache: NetCache) -> Backward:
    if cache.recurrent is None:
        raise ValueError("the net has no recurrent layer, so no gradient goes through time")
    d_read, _ = net.head_backward(d_logits, cache.head)
    back, _ = net.layer_backward(d_read, cache.recurrent, cache.pooled)
    return back
