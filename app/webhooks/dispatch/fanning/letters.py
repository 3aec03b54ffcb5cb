"""Turning events into bodies and deliveries."""

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    LargeBinary,
    String,
    Table,
    Uuid,
    case,
    func,
    insert,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import insert as insert_or_skip
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import queries as events
from app.events.queries import Happened
from app.kit import clock, ids, rows
from app.webhooks.dispatch.deciding import schedule
from app.webhooks.dispatch.message import payload
from app.webhooks.dispatch.model import Delivery, WebhookBody
from app.webhooks.endpoints.model import Endpoint

#: The payload mode that destinations are given; they make of it what their receiver understands.
FOR_DESTINATIONS = "full"

_BODY: rows.Columns = {
    "agency_id": Uuid(), "id": Uuid(), "created_at": DateTime(timezone=True), "event_id": Uuid(), "mode": String(),
    "personal": Boolean(), "truncated": Boolean(), "content": LargeBinary(), "sha256": LargeBinary(),
}  # fmt: skip
_DELIVERY: rows.Columns = {
    "agency_id": Uuid(), "id": Uuid(), "endpoint_id": Uuid(), "event_id": Uuid(), "event_type": String(),
    "subject_id": String(), "sequence": BigInteger(), "series": String(), "share": String(), "ordered": Boolean(),
    "replay_id": Uuid(), "state": String(), "reason": String(), "body_id": Uuid(),
    "body_created_at": DateTime(timezone=True), "expires_at": DateTime(timezone=True),
}  # fmt: skip


_bodies = rows.table("body", _BODY)
_WRITE_BODIES = insert(cast(Table, WebhookBody.__table__)).from_select(
    list(_BODY), select(*_bodies.c), include_defaults=False
)
_given = rows.table("given", _DELIVERY)
_WRITE_DELIVERIES = (
    insert_or_skip(cast(Table, Delivery.__table__))
    .from_select(
        [*_DELIVERY, "due_at"],
        select(*_given.c, case((_given.c.state == "pending", func.now()))),
        include_defaults=False,
    )
    .on_conflict_do_nothing()
    .returning(type_coerce(Delivery.__table__.c.id, Uuid()))
)


@dataclass(frozen=True, slots=True)
class Wish:
    """That an event goes to an endpoint. `replay_id` where a replay asked for it."""

    happened: Happened
    endpoint: "Receiver"
    series: str = "event"
    replay_id: str | None = None


@dataclass(frozen=True, slots=True)
class Receiver:
    """What fanning out needs of an endpoint."""

    agency_id: str
    id: str
    event_types: Sequence[str]
    filter: dict[str, Any] | None
    payload_mode: str
    personal: bool
    retry_policy: str | Sequence[int]
    active: bool
    ordered: bool
    destination: str

    @property
    def mode(self) -> str:
        """The payload mode of its bodies."""
        return self.payload_mode if self.destination == "webhook" else FOR_DESTINATIONS


def receiver(row: Endpoint) -> Receiver:
    """From the endpoint's row."""
    return Receiver(
        row.agency_id, row.id, row.event_types, row.filter, row.payload_mode, row.personal, row.retry_policy,
        row.state == "active", row.ordering == "by_subject", row.destination,
    )  # fmt: skip


async def write(
    session: AsyncSession,
    agency_id: str,
    happened: Happened,
    endpoints: Iterable[Endpoint],
    *,
    series: str = "event",
    replay_id: str | None = None,
) -> list[str]:
    """Bodies and deliveries of an event for these endpoints of its agency; the ids of those that were not there yet."""
    assert happened.event.agency_id == agency_id
    made = await write_all(
        session, [Wish(happened, receiver(endpoint), series, replay_id) for endpoint in endpoints]
    )  # fmt: skip
    return [ids.text("delivery", each) for each in made]


async def write_body(
    session: AsyncSession, agency_id: str, happened: Happened, endpoint: Endpoint
) -> tuple[str, datetime]:
    """The body of an event for one endpoint of its agency, once more; its id and when it was made, which find it."""
    to = receiver(endpoint)
    assert happened.event.agency_id == agency_id == to.agency_id
    body = _body(_Parsed(), happened, to.mode, to.personal, clock.now())
    await session.execute(_WRITE_BODIES, rows.values("body", _BODY, [body]))
    return ids.text("body", body[1]), body[2]


async def write_all(session: AsyncSession, wishes: Sequence[Wish]) -> list[uuid.UUID]:
    """Bodies and deliveries of many events, in two statements; no second delivery of an event to an endpoint."""
    if not wishes:
        return []
    made_at = clock.now()
    bodies: dict[tuple[str, str, bool], tuple[Any, ...]] = {}
    deliveries = []
    parsed = _Parsed()
    for wish in wishes:
        variant = (wish.happened.event.id, wish.endpoint.mode, wish.endpoint.personal)
        if variant not in bodies:
            bodies[variant] = _body(parsed, wish.happened, wish.endpoint.mode, wish.endpoint.personal, made_at)
        deliveries.append(_delivery(parsed, wish, bodies[variant], made_at))
    await session.execute(_WRITE_BODIES, rows.values("body", _BODY, list(bodies.values())))
    made = await session.scalars(_WRITE_DELIVERIES, rows.values("given", _DELIVERY, deliveries))
    return list(made.all())


class _Parsed(dict[tuple[str, str], uuid.UUID]):
    """Ids read once, however many rows name them."""

    def __missing__(self, key: tuple[str, str]) -> uuid.UUID:
        self[key] = ids.parse(*key)
        return self[key]


def _body(parsed: _Parsed, happened: Happened, mode: str, personal: bool, made_at: datetime) -> tuple[Any, ...]:
    event = happened.event
    rendered = payload.render(events.envelope(happened, personal=personal).model_dump(), mode)
    return (
        parsed["agency", event.agency_id], ids.raw(), made_at, parsed["evt", event.id], mode, personal,
        rendered.truncated, rendered.content, hashlib.sha256(rendered.content).digest(),
    )  # fmt: skip


def _delivery(parsed: _Parsed, wish: Wish, body: tuple[Any, ...], made_at: datetime) -> tuple[Any, ...]:
    event, endpoint = wish.happened.event, wish.endpoint
    begins = made_at if wish.replay_id else event.occurred_at
    return (
        parsed["agency", event.agency_id], ids.raw(), parsed["endpoint", endpoint.id], parsed["evt", event.id],
        event.type, event.subject_id, event.sequence, wish.series, "again" if wish.replay_id else "first",
        endpoint.ordered, wish.replay_id and parsed["replay", wish.replay_id],
        "pending" if endpoint.active else "skipped", None if endpoint.active else "endpoint_disabled",
        body[1], body[2], begins + schedule.age_limit(endpoint.retry_policy),
    )  # fmt: skip
