"""Definition of an event type: name, sentence, subject, and visibility. Pure."""

import re
from dataclasses import dataclass, field
from typing import Any

NAME = re.compile(r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){1,4}$")


@dataclass(frozen=True)
class EventType:
    """One entry of the catalogue. `example` overrides keys of `schema.EXAMPLE` for this type."""

    name: str
    sentence: str
    subject: str
    for_crms: bool = True
    since: str = "2026-12-01"
    example: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not NAME.match(self.name) or len(self.name) > 128:
            raise ValueError(f"{self.name!r} is no event type: word.what_happened")


def audit_only(name: str, sentence: str, subject: str) -> EventType:
    """An event type for the agency's audit log only; CRMs cannot subscribe to it."""
    return EventType(name, sentence, subject, for_crms=False)
