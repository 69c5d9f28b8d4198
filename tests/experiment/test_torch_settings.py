"""A run's settings of torch hold while it is trained or looked at, and for nothing else in the process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from threadpoolctl import threadpool_info

import rnnlab
from rnnlab.experiment.compose import checked, compose_config
from rnnlab.experiment.torch_settings import flushes_subnormals, torch_settings


def state() -> tuple[int, bool, set[int]]:
    pools = {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
    return torch.get_num_threads(), flushes_subnormals(), pools


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    threads, flushed, _ = state()
    yield
    torch.set_num_threads(threads)
    torch.set_flush_denormal(flushed)


@pytest.mark.parametrize("flush", [True, False])
def test_all_is_afterwards_as_it_was_also_after_an_error(flush: bool) -> None:
    torch.set_num_threads(2)
    torch.set_flush_denormal(not flush)
    before = state()
    config = checked(compose_config(["training.threads=3", f"training.flush_denormal={str(flush).lower()}"]))
    with pytest.raises(ZeroDivisionError), torch_settings(config):
        assert (torch.get_num_threads(), flushes_subnormals()) == (3, flush)
        _ = 1 / 0
    assert state() == before


@pytest.mark.parametrize(("engine", "expected"), [("torch", 2), ("scratch", 2), ("fused", 1)])
def test_products_of_numpy_take_one_thread_where_the_engine_has_its_own(engine: str, expected: int) -> None:
    config = checked(compose_config(["training.threads=2", f"engine={engine}"]))
    with torch_settings(config):
        assert state()[0] == 2 and state()[2] == {expected}


def test_a_run_that_is_opened_and_asked_changes_nothing(trained: Path) -> None:
    torch.set_num_threads(2)
    torch.set_flush_denormal(False)
    before = state()
    run = rnnlab.load_run(trained / "outputs" / "one")
    assert run.config.training.flush_denormal and run.config.training.threads == 1
    run.predict("a great film")
    assert state() == before
