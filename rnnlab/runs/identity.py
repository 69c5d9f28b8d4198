"""What a run's figures depend on beside its configuration: data, code, versions, machine."""

from collections.abc import Mapping
from typing import Any

COMMIT, DIRTY, OWN = "git commit", "uncommitted changes", "rnnlab's source"
DATA, CODE, VERSIONS, MACHINE = "data", "code", "versions", "machine"
PARTS = (DATA, CODE, VERSIONS, MACHINE)


def identity(summary: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Returns by part (data, code, versions, machine) what summary.json says of it, names and texts.

    data: the SHA-256 of every file; code: the commit of the folder that the run was started in, and whether
    that had changes, the SHA-256 of rnnlab's source, and of every file that a class of the user's stands in.
    What a run has not recorded is not there.
    """
    git = _mapping(summary.get("git"))
    code = {COMMIT: git.get("commit"), OWN: summary.get("source_sha256")}
    if "dirty" in git:
        code[DIRTY] = "yes" if git["dirty"] else "no"
    for classes in _mapping(summary.get("modules")).values():
        code |= _mapping(classes)
    files = {name: _mapping(file).get("sha256") for name, file in _mapping(summary.get("data")).items()}
    machine = {name: summary.get(name) for name in ("machine", "device")}
    parts = {DATA: files, CODE: code, VERSIONS: _mapping(summary.get("versions")), MACHINE: machine}
    return {
        part: {str(name): str(value) for name, value in found.items() if value is not None}
        for part, found in parts.items()
    }


def data_paths(summary: Mapping[str, Any]) -> dict[str, str]:
    """Returns by name where each of a run's data files lay."""
    files = _mapping(summary.get("data"))
    return {str(name): str(_mapping(file).get("path")) for name, file in files.items()}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
