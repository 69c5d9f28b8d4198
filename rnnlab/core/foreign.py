"""Small files that a stranger may have written, read within limits: text, JSON and YAML.

What is larger, deeper or longer than what rnnlab itself writes there is refused before it is taken to pieces,
in one line that names the file.
"""

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from rnnlab.core.errors import InputError, shown
from rnnlab.core.printable import shortened

MOST_JSON = 2**24  # bytes: a run of a million labels says less of itself
MOST_YAML = 2**18
DEEPEST = 32  # lists and objects within each other
MOST_VALUES = 20_000  # of a YAML file, whatever it repeats by aliases counted again
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same values ten times as fast


def read_text(path: Path, *, most: int) -> str:
    """Returns a file of at most so many bytes as UTF-8; raises InputError for any other."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError(f"{path}: expected a file")
        with path.open("rb") as file:
            found = file.read(most + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if len(found) > most:
        raise InputError(f"{path}: expected at most {most:,} bytes, found more")
    try:
        return found.decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: expected UTF-8, found the byte 0x{found[error.start]:02x} at place {error.start:,}"
        ) from None


def read_json(path: Path) -> Any:
    """Returns what a JSON file says; raises InputError for one that is none, or beyond the limits."""
    text = read_text(path, most=MOST_JSON)
    try:
        values = json.loads(text)
    except RecursionError:
        raise InputError(_too_deep(path)) from None
    except ValueError as error:
        raise InputError(f"{path}: not valid JSON ({_one_line(error)})") from None
    if _depth(values) > DEEPEST:
        raise InputError(_too_deep(path))
    return values


def read_yaml(path: Path) -> Any:
    """Returns what a YAML file says, plain values alone; raises InputError as `read_json` does."""
    text = check_yaml_file(path)
    try:
        return yaml.load(text, Loader=LOADER)
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"{path}: not valid YAML ({_one_line(error)})") from None


def check_yaml_file(path: Path) -> str:
    """Returns the text of a YAML file that may be taken to pieces; raises InputError for any other."""
    text = read_text(path, most=MOST_YAML)
    try:
        _check_yaml(text)
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"{path}: not valid YAML ({_one_line(error)})") from None
    return text


def first_fault(error: ValidationError) -> str:
    """Returns the first wrong key of values that were read, what was expected there and what was found."""
    fault = error.errors(include_url=False)[0]
    key = shortened(".".join(map(str, fault["loc"])))
    expected = fault["msg"].removeprefix("Input should be ").lower()
    found = shown(fault["input"])
    return f"{key}: expected {expected}, found {found}" if key else f"expected an object, found {found}"


def _check_yaml(text: str) -> None:
    """Raises ValueError for a text that would be too much to take to pieces, YAMLError for no YAML."""
    open_sizes: list[int] = []
    open_anchors: list[str | None] = []
    sizes: dict[str, int] = {}
    total = 0
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            open_sizes.append(0)
            open_anchors.append(event.anchor)
            sizes.pop(event.anchor or "", None)
            if len(open_sizes) > DEEPEST:
                raise ValueError(f"its values lie more than {DEEPEST} deep in each other")
            continue
        if isinstance(event, yaml.CollectionEndEvent):
            size, anchor = open_sizes.pop() + 1, open_anchors.pop()
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise ValueError(f"the alias *{event.anchor} stands within its own value, or for none")
            size, anchor = sizes[event.anchor], None
        elif isinstance(event, yaml.ScalarEvent):
            size, anchor = 1, event.anchor
        else:
            continue
        if anchor is not None:
            sizes[anchor] = size
        if open_sizes:
            open_sizes[-1] += size
        total = max(total, size, *open_sizes[-1:])
        if total > MOST_VALUES:
            raise ValueError(f"it has more than {MOST_VALUES:,} values")


def _depth(values: Any) -> int:
    """Returns how deep lists and objects lie in each other, at most one more than is allowed."""
    depth, level = 0, [values]
    while level and depth <= DEEPEST:
        depth += any(isinstance(value, dict | list) for value in level)
        below = [list(_children(value)) for value in level]
        level = [child for children in below for child in children]
    return depth


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        children = value.values() if isinstance(value, dict) else value
        yield from (child for child in children if isinstance(child, dict | list))


def _too_deep(path: Path) -> str:
    return f"{path}: expected values at most {DEEPEST} deep in each other, found deeper ones"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).replace('in "<unicode string>", ', "").split())
