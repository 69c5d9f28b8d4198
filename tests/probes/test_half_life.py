import numpy as np
import pytest

from rnnlab.probes.half_life import fit_half_life, steps_to_half


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def decaying(half_life: float, examples: int = 5, distances: int = 40) -> np.ndarray:
    starts = np.linspace(1, 3, examples)
    return starts * 0.5 ** (np.arange(distances)[:, None] / half_life)


def test_exact_decay_gives_its_half_life_without_uncertainty() -> None:
    fitted = fit_half_life(decaying(7.5), rng())
    np.testing.assert_allclose(fitted, [7.5, 7.5, 7.5, 1.0], rtol=1e-9)


def test_distances_that_are_missing_or_zero_do_not_count() -> None:
    norms = decaying(3.0)
    norms[20:, 0] = np.nan
    norms[::4, 1] = 0
    norms[5, 2] = np.inf
    norms[2:, 3] = np.nan  # two points: too few for a line
    np.testing.assert_allclose(fit_half_life(norms, rng()).steps, 3.0, rtol=1e-9)
    assert np.isnan(fit_half_life(np.full((10, 4), np.nan), rng())).all()


def test_what_grows_is_never_halved() -> None:
    fitted = fit_half_life(1 / decaying(4.0), rng())
    assert fitted[:3] == (np.inf, np.inf, np.inf)


def test_interval_holds_the_truth_and_narrows_with_more_examples() -> None:
    generator = np.random.default_rng(1)
    widths = []
    for examples in (8, 128):
        slopes = -np.log(2) / 5 + 0.02 * generator.standard_normal(examples)
        noise = 0.1 * generator.standard_normal((60, examples))
        fitted = fit_half_life(np.exp(np.arange(60)[:, None] * slopes + noise), rng())
        assert fitted.low < fitted.steps < fitted.high
        assert fitted.low < 5 < fitted.high
        widths.append(fitted.high - fitted.low)
    assert widths[1] < widths[0] / 2


def test_v_shaped_norms_have_a_low_r2() -> None:
    v = np.exp(-np.abs(np.arange(41) - 20.0))[:, None]
    assert fit_half_life(np.repeat(1 / v, 3, axis=1), rng()).r2 < 0.05


@pytest.mark.parametrize(
    ("factor", "steps"), [(0.5, 1), (0.5**0.25, 4), (1.0, np.inf), (2.0, np.inf), (0, 0)]
)
def test_steps_to_half(factor: float, steps: float) -> None:
    assert steps_to_half(factor) == pytest.approx(steps)


def test_no_factor_gives_no_half_life() -> None:
    assert np.isnan(steps_to_half(float("nan")))
