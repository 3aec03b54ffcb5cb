"""Values of an event for destinations: read from the stored body, and codes as text for people. Pure."""

import json
import re
from collections.abc import Mapping
from typing import Any

from app.events.catalog import FOR_CRMS
from app.events.schema import ANSWER
from app.platforms.blockers import BLOCKERS

#: Keys beside `data` that a value can be taken from.
HEAD = ("id", "type", "timestamp", "sequence", "test")
#: Every key that a value can be taken from, whatever the event type, besides those of single answers.
KEYS = frozenset(HEAD).union(*(kind.keys for kind in FOR_CRMS.values()))
_ANSWER = re.compile(rf"{ANSWER}[a-z0-9_]{{1,40}}")
_STATUS = {
    "draft": "not sent yet", "in_progress": "in progress", "submitted": "agreed, setting up", "completed": "completed",
    "waiting": "waiting for the client's yes", "approved": "being set up",
    "awaiting_partner": "waiting for the other side", "awaiting_client": "waiting for the client",
    "attested": "confirmed by a person", "unverifiable": "cannot be checked", "drifted": "changed since then",
    "declined": "declined by the client", "ended": "taken away", "pending_verification": "waiting for its challenge",
}  # fmt: skip
_ACTOR = {"client": "the client", "agency": "your agency", "us": "Keyturn", "platform": "the platform"}
#: Texts of events whose type says more than their status.
_OVER = {
    "link.renewal_requested": "asks for a new link", "link.extended": "has more time", "link.reopened": "reopened",
    "grant.restored": "back as agreed", "grant.role_changed": "has another role", "grant.found": "found",
}  # fmt: skip


def envelope(content: bytes) -> dict[str, Any]:
    """The event in payload mode `full`, or in its thin form if it was too long."""
    read: dict[str, Any] = json.loads(content)
    return read


def is_key(name: str) -> bool:
    """True if an event can have this key; any preset may define a question with it."""
    return name in KEYS or bool(_ANSWER.fullmatch(name))


def values(event: Mapping[str, Any]) -> dict[str, Any]:
    """Values of the keys that the event has; null if unknown or omitted as personal data. Other keys are absent."""
    return {**(event.get("data") or {}), **{key: event.get(key) for key in HEAD}}


def status_text(event_type: str, data: Mapping[str, Any]) -> str:
    """Status in a few words: `verified`, `waiting for the client`."""
    if said := _OVER.get(event_type):
        return said
    status = data.get("status") or data.get("link_status") or event_type.rpartition(".")[2]
    return _STATUS.get(str(status)) or plain_text(status)


def blocker_text(code: object) -> str:
    """Text of a blocker; empty for None."""
    known = BLOCKERS.get(str(code))
    return known.summary if known else plain_text(code)


def actor_text(code: object) -> str:
    """Text of the next actor; empty for None."""
    return _ACTOR.get(str(code)) or plain_text(code)


def role_text(code: object) -> str:
    """A role in the platform's terms, for use in a sentence; empty for None."""
    return plain_text(code).capitalize()


def plain_text(code: object) -> str:
    """Text of any other code: `backlog_limit` becomes `backlog limit`."""
    return str(code).replace("_", " ").replace(",", ", ") if code else ""
