"""What Hydra and OmegaConf refuse, said in one line."""

import re
from pathlib import Path

import yaml
from hydra.errors import OverrideParseException
from omegaconf import DictConfig

from rnnlab.core.errors import did_you_mean, shown
from rnnlab.experiment.hydra_compat import sections

RENAMED = {("task", "sentiment"): "classification"}
"""Choices of a group that have another name today."""

HYDRAS_OWN = {"hydra/launcher": ["basic"], "hydra/sweeper": ["basic"]}
"""Choices that Hydra brings along."""


LONGEST = 400
"""Characters of what is said: a word of a command line, or a name in a file, may be a whole book."""


def explain(error: Exception, overrides: list[str], config_dir: Path, keys: list[str]) -> str:
    """Returns one line that names the word at fault, with the nearest of `keys` or choices."""
    said = _explain(error, overrides, config_dir, keys)
    return said if len(said) <= LONGEST else f"{said[: LONGEST // 2]} … {said[-LONGEST // 2 :]}"


def _explain(error: Exception, overrides: list[str], config_dir: Path, keys: list[str]) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, OverrideParseException):
        return (
            f"cannot read {shown(error.override)}: expected KEY=VALUE "
            """(a value that holds one of ='"()[]{}:, needs quotes within quotes: "KEY='VALUE'")"""
        )
    if isinstance(error, yaml.YAMLError):
        return f"a configuration file is not valid YAML: {text}"
    choice = re.search(r"Could not (?:find|load) '([^']+)'", text)
    if choice:
        return _unknown_choice(choice[1], config_dir)
    key = re.search(r"Could not (?:override|delete|append)[^']* '([^'@=]+)", text)
    if key and ("not in struct" in text or "To append to your config" in text or "No match" in text):
        if (config_dir / key[1]).is_dir():
            return f"{key[1]}: expected the name of one of its choices"
        return _unknown_key(key[1], overrides, keys)
    if "Config group override must be a string" in text:
        words = (word for word in overrides if re.fullmatch(r"[\w/@]*=(null|true|false|[-\d.]+)", word))
        return f"{next(words, 'a group')}: expected the name of one of its choices"
    unresolved = re.search(r"full_key: (\S+)", text)
    return f"{unresolved[1]}: {text.split(' full_key:')[0]}" if unresolved else text


def _unknown_key(key: str, overrides: list[str], keys: list[str]) -> str:
    group, _, name = key.rpartition(".")
    siblings = [other.removeprefix(f"{group}.") for other in keys if other.rpartition(".")[0] == group]
    hint = did_you_mean(key, keys) if not siblings else did_you_mean(name, siblings)
    choice = next((word for word in reversed(overrides) if word.startswith(f"{group}=")), "")
    beside = f" with {choice}" if choice else ""
    known = f" (there are: {', '.join(s for s in siblings if s != '_target_')})" if group and siblings else ""
    return f"{key}: no such key{beside}{hint}{known}"


def _unknown_choice(path: str, config_dir: Path) -> str:
    parts = path.split("/")
    group = "/".join(parts[:2] if parts[0] == "hydra" else parts[:1])
    wanted = path.removeprefix(f"{group}/")
    names = sorted(
        file.relative_to(folder).with_suffix("").as_posix()
        for folder in (config_dir / group, Path("configs") / group)
        for file in folder.rglob("*.yaml")
        if file.stem != "base"
    )
    names += HYDRAS_OWN.get(group, [])
    known = ", ".join(dict.fromkeys(names))
    renamed = RENAMED.get((group, wanted))
    hint = f"; did you mean '{renamed}'?" if renamed else did_you_mean(wanted, names)
    return f"{group}={wanted}: no such {group.rpartition('/')[2]}{hint} (there are: {known})"


def dotted_keys(node: DictConfig, prefix: str = "") -> list[str]:
    """Returns every key below `node` as a dotted name, sections and leaves."""
    keys: list[str] = []
    for key, section in sections(node):
        keys.append(f"{prefix}{key}")
        if section is not None:
            keys += dotted_keys(section, f"{prefix}{key}.")
    return keys
