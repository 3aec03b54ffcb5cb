"""Events of clients, their intake and their consent. Pure."""

from app.events.types.event_type import EventType
from app.events.types.examples import CLIENT, only
from app.events.types.links import SUBMITTED

_NO_LINK = only(*CLIENT)

CREATED = EventType("client.created", "A client was created.", "client", example=_NO_LINK)
UPDATED = EventType("client.updated", "A client was changed.", "client", example=_NO_LINK)
REMOVED = EventType(
    "client.removed",
    "A client created by an import was removed, because its partner was linked to another client.",
    "client",
    example=_NO_LINK,
)
INTAKE_COMPLETED = EventType(
    "intake.completed",
    "The client completed the intake.",
    "link",
    example=SUBMITTED.example | {"link_status": "in_progress", "agreed_by": None, "agreed_at": None},
)
CONSENT_GIVEN = EventType(
    "consent.given", "The client consented to the access requests, by name.", "link", example=SUBMITTED.example
)

ALL = (CREATED, UPDATED, REMOVED, INTAKE_COMPLETED, CONSENT_GIVEN)
