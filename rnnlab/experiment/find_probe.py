"""A probe by its name in configs/probe/, with the settings that a person gives it."""

from collections.abc import Mapping, Sequence
from typing import Any

from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.experiment.compose import checked, choices_of, compose_config, parsed_overrides
from rnnlab.experiment.hydra_compat import is_plain
from rnnlab.experiment.schema import Config
from rnnlab.experiment.target import Target, read_target
from rnnlab.probes.base import Probe


def find_probe(name: str, settings: Mapping[str, Any], config: Config) -> Probe:
    """Returns a probe, its settings as given, else as in a run's configuration, else as in configs/probe/.

    Raises InputError for a name or a setting that there is not, or a value that is none.
    """
    target = config.probe.active.get(name) or _shipped(name)
    probe: Probe = read_target({**target.values(), **settings}, "probe").make()
    return probe


def _shipped(name: str) -> Target:
    """Returns what configs/probe/NAME.yaml says, the current folder's before the shipped one."""
    names = choices_of("probe")
    if name not in names:
        raise InputError(f"no probe {name!r}{did_you_mean(name, names)} (there are: {', '.join(names)})")
    (target,) = checked(compose_config([f"probe=[{name}]"])).probe.active.values()
    return target


def read_settings(words: Sequence[str]) -> dict[str, Any]:
    """Returns the values of words such as `examples=8`; raises InputError for another kind of word."""
    parsed = parsed_overrides(words)
    for word, override in zip(words, parsed, strict=True):
        if not is_plain(override):
            raise InputError(f"{word}: expected KEY=VALUE, one value of a setting of the probe")
    return {override.key_or_group: override.value() for override in parsed}
