"""What a checkpoint says beside its tensors, checked: a person may have been handed it by a stranger."""

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rnnlab.core.errors import InputError, shown
from rnnlab.core.foreign import first_fault

VERSION = 1
MOST_CHARACTERS = 2**24
Count = Annotated[int, Field(ge=0, lt=2**63)]


class CheckpointFacts(BaseModel):
    """The keys of every checkpoint; others are let be."""

    model_config = ConfigDict(strict=True, extra="allow")

    version: Count
    epoch: Count
    batch: Count
    best: float | None
    best_epoch: Annotated[int, Field(ge=-1, lt=2**63)] | None
    optimizer_groups: list[dict[str, Any]]
    optimizer_state: dict[str, Any]
    scheduler: dict[str, Any]


def parse_facts(text: str, path: Path) -> dict[str, Any]:
    """Returns the facts of the checkpoint at `path`; raises InputError naming the first that is wrong."""
    try:
        if len(text) > MOST_CHARACTERS:
            raise ValueError(f"more than {MOST_CHARACTERS:,} characters")
        facts = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = "too deep" if isinstance(error, RecursionError) else str(error)
        raise InputError(f"{path}: expected the facts of an rnnlab checkpoint as JSON ({reason})") from None
    if not isinstance(facts, dict) or facts.get("version") != VERSION:
        found = facts.get("version") if isinstance(facts, dict) else facts
        raise InputError(f"{path}: expected checkpoint version {VERSION}, found {shown(found)}")
    try:
        CheckpointFacts.model_validate(facts)
    except ValidationError as error:
        raise InputError(f"{path}: {first_fault(error)}") from None
    return facts
