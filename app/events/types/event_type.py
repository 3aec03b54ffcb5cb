"""What an event type is: its name, its sentence, and who may hear of it. Pure."""

import re
from dataclasses import dataclass, field
from typing import Any

NAME = re.compile(r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){1,4}$")


@dataclass(frozen=True)
class EventType:
    """One line of the catalogue. `example` overrides keys of `body.EXAMPLE` where this type differs."""

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
    """A type for the agency's audit page alone; CRMs cannot subscribe to it."""
    return EventType(name, sentence, subject, for_crms=False)
