"""Catalogue of all event types, by name. Pure."""

from typing import Any

from app.events import schema as body
from app.events.types import access, clients, connections, grants, links, partners, settings, webhooks
from app.events.types.event_type import EventType

TYPES: dict[str, EventType] = {
    event.name: event
    for word in (links, access, grants, partners, clients, connections, webhooks, settings)
    for event in word.ALL
}

#: Event types that an endpoint can subscribe to.
FOR_CRMS: dict[str, EventType] = {name: event for name, event in TYPES.items() if event.for_crms}


def named(pattern: str) -> list[str]:
    """The event types that a name, `access.*` or `*` stands for."""
    if pattern == "*":
        return [name for name in FOR_CRMS if not name.startswith("webhook.")]
    if pattern.endswith(".*"):
        return [name for name in TYPES if name.startswith(pattern[:-1])]
    return [pattern] if pattern in TYPES else []


def example(event: EventType) -> dict[str, Any]:
    """A complete example envelope of this type."""
    data = body.shown({**body.EXAMPLE, **event.example})
    subject_id = getattr(data, f"{event.subject}_id", None) or f"{event.subject}_01ksy1q3e0fzs8qj5m8g3d4w7x"
    return body.Envelope(
        id="evt_01ksy1q3e0fzs8qj5m8g3d4w7y",
        type=event.name,
        timestamp="2026-12-04T13:32:10.123Z",
        sequence=17,
        agency_id=str(data.agency_id),
        subject=body.Subject(type=event.subject, id=subject_id),
        data=data,
    ).model_dump()


def schema(event: EventType) -> dict[str, Any]:
    """The JSON Schema of this type's envelope."""
    made = body.Envelope.model_json_schema()
    made["title"] = event.name
    made["description"] = event.sentence
    made["properties"]["type"] = {"const": event.name, "type": "string"}
    return made
