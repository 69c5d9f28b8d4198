import math

import pytest

from rnnlab.core.metrics import higher_is_better, improves


def test_accuracies_should_rise_and_losses_fall() -> None:
    assert higher_is_better("valid_acc") and not higher_is_better("valid_loss")


@pytest.mark.parametrize(
    ("name", "value", "best", "expected"),
    [
        ("valid_loss", 0.5, None, True),
        ("valid_loss", 0.4, 0.5, True),
        ("valid_loss", 0.5, 0.5, False),
        ("valid_acc", 0.6, 0.5, True),
        ("valid_acc", 0.5, 0.5, False),
        ("valid_acc", 0.4, 0.5, False),
        ("valid_acc", math.nan, None, False),
        ("valid_loss", math.nan, 0.5, False),
    ],
)
def test_only_what_is_better_improves(name: str, value: float, best: float | None, expected: bool) -> None:
    assert improves(name, value, best) is expected
