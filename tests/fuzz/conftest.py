"""How many inputs, and what was tried with which seed, printed at the end.

`pytest tests/fuzz` tries some thousands, always the same; `--hypothesis-profile=fuzz`, as `make fuzz` has it,
tries more than a hundred thousand, others with every `--hypothesis-seed`.
"""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

CHECKS = dict.fromkeys(HealthCheck)
settings.register_profile("fuzz", max_examples=2_500, derandomize=False)


@pytest.hookimpl(hookwrapper=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Iterator[None]:
    """Prints the number of inputs that each reader got."""
    yield
    reports = (report for found in terminalreporter.stats.values() for report in found)
    counts = {
        name: value
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name.startswith("inputs of ")
    }
    if counts and config.getoption("hypothesis_profile", None):
        seed = config.getoption("hypothesis_seed", None)
        for name, count in sorted(counts.items()):
            terminalreporter.write_line(f"{count:>9,} {name}")
        terminalreporter.write_line(f"{sum(counts.values()):>9,} inputs in all, seed {seed}")
