"""Deliveries that are ours for a while, and what they carry."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from app.webhooks.policies.fair_share import SlotClass

#: Of endpoints by (agency, endpoint); see `Shelf.get`.
Stamps = Mapping[tuple[uuid.UUID, uuid.UUID], str]
#: What holds a delivery: its id, and the token it was claimed with.
Lease = tuple[uuid.UUID, uuid.UUID]


class ClaimedDelivery(NamedTuple):
    """A delivery that is ours while its lease runs; ids without their prefixes."""

    token: uuid.UUID
    agency_id: uuid.UUID
    id: uuid.UUID
    endpoint_id: uuid.UUID
    event_id: uuid.UUID
    event_type: str
    subject_id: str
    origin: str
    slot_class: SlotClass
    ordered: bool
    replay: bool
    attempt_count: int
    attempts_since_requeue: int
    tries: int
    is_first: bool
    expires_at: datetime
    expired: bool
    lapsed: bool

    @property
    def lease(self) -> Lease:
        """What it is held by."""
        return self.id, self.token


@dataclass(frozen=True, slots=True)
class ClaimedPayload:
    """A body and the event it tells of. `content` is None where the body was dropped, empty where it was deleted.

    `request_id` is that of the request which produced the event, for the log.
    """

    content: bytes | None = field(repr=False)
    happened_at: datetime
    request_id: str | None


#: A delivery and what it carries.
Leased = tuple[ClaimedDelivery, ClaimedPayload]
