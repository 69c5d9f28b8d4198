"""Parts of a configuration in which nothing is ignored, and what is wrong with one, in a line."""

import re

from pydantic import BaseModel, ConfigDict, ValidationError

from rnnlab.core.errors import did_you_mean, shown


class Section(BaseModel):
    """A part of the configuration in which unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def describe(error: ValidationError, schema: type[BaseModel], prefix: tuple[str, ...] = ()) -> str:
    """Returns one line for the first fault: the key, what was expected and what was found."""
    fault = error.errors()[0]
    path = [str(part) for part in fault["loc"]]
    key = ".".join([*prefix, *path])
    if fault["type"] == "extra_forbidden":
        return f"{key}: no such key{did_you_mean(path[-1], known_keys(schema, path[:-1]))}"
    if fault["type"] == "missing":
        return f"{key}: a value is needed"
    expected = (fault["msg"][0].lower() + fault["msg"][1:]).removeprefix("input should be ")
    found = "null" if fault["input"] is None else shown(fault["input"])
    names = re.findall(r"'([^']+)'", expected) if fault["type"] == "literal_error" else []
    hint = did_you_mean(fault["input"], names) if isinstance(fault["input"], str) else ""
    return f"{key}: expected {expected}, found {found}{hint}"


def known_keys(schema: type[BaseModel], path: list[str]) -> list[str]:
    """Returns the keys of the section at `path` below `schema`."""
    for part in path:
        annotation = schema.model_fields[part].annotation
        assert isinstance(annotation, type) and issubclass(annotation, BaseModel)
        schema = annotation
    return list(schema.model_fields)
