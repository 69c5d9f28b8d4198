import numpy as np
import torch

from rnnlab.core.seeds import epoch_order, seed_everything


def test_the_order_is_a_permutation_that_follows_from_seed_and_epoch_alone() -> None:
    first = epoch_order(100, seed=1, epoch=1)
    np.random.default_rng(7).random(5)
    torch.rand(5)
    assert np.array_equal(epoch_order(100, seed=1, epoch=1), first)
    assert sorted(first.tolist()) == list(range(100))


def test_other_epochs_and_seeds_have_other_orders() -> None:
    orders = {epoch_order(100, seed=seed, epoch=epoch).tobytes() for seed in (1, 2, 3) for epoch in (1, 2, 3)}
    assert len(orders) == 9


def test_seeding_is_torchs_manual_seed() -> None:
    seed_everything(3)
    ours = torch.rand(4)
    torch.manual_seed(3)
    assert torch.equal(ours, torch.rand(4))
