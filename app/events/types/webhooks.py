"""What happens to webhook endpoints: for the audit page and an administrator's own endpoint."""

from app.events.types.connections import NO_ASK
from app.events.types.kinds import EventType

_ABOUT_NOBODY = {**NO_ASK, "link_id": None, "link_status": None, "client_id": None, "client_name": None}


def _webhook(what: str, sentence: str, subject: str = "endpoint") -> EventType:
    return EventType(f"webhook.{what}", sentence, subject, example=_ABOUT_NOBODY)


ENDPOINT_CREATED = _webhook("endpoint.created", "A webhook endpoint was added.")
ENDPOINT_DELETED = _webhook("endpoint.deleted", "A webhook endpoint was removed; what was pending is cancelled.")
DELIVERY_EXHAUSTED = _webhook("delivery.exhausted", "A delivery used up its attempts without success.", "delivery")

ALL = (ENDPOINT_CREATED, ENDPOINT_DELETED, DELIVERY_EXHAUSTED)
