"""What summary.json may say of a run: a person may have been handed it by a stranger."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rnnlab.core.errors import InputError
from rnnlab.core.foreign import first_fault, read_json

LONGEST = 100_000  # characters of a text: a command of many overrides, an error
Status = Literal["running", "trained", "finished", "interrupted", "failed"]
Text = Annotated[str, Field(max_length=LONGEST)]
Name = Annotated[str, Field(max_length=1_000)]
Count = Annotated[int, Field(ge=0, lt=2**63)]
Figures = dict[Name, float | None]
Facts = dict[Name, Text | None]


class Summary(BaseModel):
    """The keys that rnnlab reads back; all may be missing, and others are let be."""

    model_config = ConfigDict(strict=True, extra="allow")

    status: Status = "running"
    started: Text | None = None
    command: Text | None = None
    error: Text = ""
    stopped: Text | None = None
    monitor: Name | None = None
    final: Figures | None = None
    best: Figures | None = None
    test: Figures | None = None
    training: dict[Name, Any] = {}
    wall_seconds: float | None = None
    peak_memory_mib: float | None = None
    task: Name | None = None
    unit: Name | None = None
    engine: Name | None = None
    device: Name | None = None
    shape: dict[Name, Count | bool | None] | None = None
    baselines: dict[Name, Figures] = {}
    classes: list[Text] | None = None
    majority: float | None = None
    seed: Count | None = None
    parameters: dict[Name, Count] = {}
    vocabulary: Count | None = None
    vector_coverage: float | None = None
    examples: dict[Name, Count] = {}
    data: dict[Name, Facts] = {}
    notes: list[Text] = []
    modules: dict[Name, Facts] | None = None
    machine: Text | None = None
    versions: dict[Name, Text] = {}
    git: dict[Name, Text | bool | None] | None = None
    process: dict[Name, Text | int | float | None] | None = None


def read_summary(path: Path) -> dict[str, Any]:
    """Returns what summary.json says, as it stands there; raises InputError naming the first wrong key."""
    found = read_json(path)
    try:
        Summary.model_validate(found)
    except ValidationError as error:
        raise InputError(f"{path}: {first_fault(error)}") from None
    return dict(found)
