"""What happens to a client record, its intake and its consent. Pure."""

from app.events.types.event_type import EventType
from app.events.types.examples import CLIENT, only
from app.events.types.links import SUBMITTED

_NO_LINK = only(*CLIENT)

CREATED = EventType("client.created", "A client record was made.", "client", example=_NO_LINK)
UPDATED = EventType("client.updated", "A client record was changed.", "client", example=_NO_LINK)
REMOVED = EventType(
    "client.removed",
    "A client record that an import had made was removed: its partner was linked to another record.",
    "client",
    example=_NO_LINK,
)
INTAKE_COMPLETED = EventType(
    "intake.completed",
    "The client gave all details asked for.",
    "link",
    example=SUBMITTED.example | {"link_status": "in_progress", "agreed_by": None, "agreed_at": None},
)
CONSENT_GIVEN = EventType(
    "consent.given", "The client agreed by name to the access shown.", "link", example=SUBMITTED.example
)

ALL = (CREATED, UPDATED, REMOVED, INTAKE_COMPLETED, CONSENT_GIVEN)
