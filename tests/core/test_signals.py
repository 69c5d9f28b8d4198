"""An interruption is told as one, whatever a library makes of it."""

import signal

import pytest

from rnnlab.core.signals import interruptible, interruptions_as_such


def end_in_a_library() -> None:
    """Gets SIGTERM within code that takes whatever Python raises for a fault of what it was given."""
    try:
        signal.raise_signal(signal.SIGTERM)
    except KeyboardInterrupt:
        raise ValueError("Invalid affine transformation matrix") from None


def test_an_error_made_of_an_interruption_is_one() -> None:
    with interruptible() as found, pytest.raises(KeyboardInterrupt), interruptions_as_such():
        end_in_a_library()
    assert found.signal == signal.SIGTERM


def test_any_other_error_stays_what_it_is() -> None:
    with interruptible(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
    for _ in range(2):  # also after one before, and outside
        with pytest.raises(ValueError, match="no number"), interruptions_as_such():
            raise ValueError("no number")
        with interruptible(), pytest.raises(ValueError, match="no number"), interruptions_as_such():
            raise ValueError("no number")
