import pytest

from rnnlab.core.errors import DivergenceError, InputError, RnnlabError, did_you_mean


def test_exit_codes_tell_bad_input_from_a_failure() -> None:
    assert (RnnlabError.exit_code, DivergenceError.exit_code, InputError.exit_code) == (1, 1, 2)


@pytest.mark.parametrize(
    ("word", "expected"),
    [("lsmt", "; did you mean 'lstm'?"), ("lstm", "; did you mean 'lstm'?"), ("xyz", "")],
)
def test_the_nearest_choice_is_suggested_if_one_is_near(word: str, expected: str) -> None:
    assert did_you_mean(word, ["rnn", "lstm", "boe"]) == expected
