"""Turning events into bodies and deliveries."""

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    String,
    Table,
    Uuid,
    bindparam,
    insert,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import queries as events
from app.events.queries import Happened
from app.kit import clock, ids, rows
from app.webhooks.dispatch.deciding import schedule
from app.webhooks.dispatch.message import payload
from app.webhooks.dispatch.model import WebhookBody
from app.webhooks.endpoints.model import Endpoint

#: The payload mode that destinations are given; they make of it what their receiver understands.
FOR_DESTINATIONS = "full"

_BODY: rows.Columns = {
    "agency_id": Uuid(), "id": Uuid(), "created_at": DateTime(timezone=True), "event_id": Uuid(), "mode": String(),
    "personal": Boolean(), "truncated": Boolean(), "content": LargeBinary(), "sha256": LargeBinary(),
}  # fmt: skip
_bodies = rows.table("body", _BODY)
_WRITE_BODIES = insert(cast(Table, WebhookBody.__table__)).from_select(
    list(_BODY), select(*_bodies.c), include_defaults=False
)

_TOLD: rows.Columns = {
    "agency_id": Uuid(), "event_id": Uuid(), "event_type": String(), "subject_id": String(), "sequence": BigInteger(),
    "body_id": Uuid(), "occurred_at": DateTime(timezone=True),
}  # fmt: skip
_RECEIVER: rows.Columns = {
    "endpoint_id": Uuid(), "ordered": Boolean(), "state": String(), "reason": String(), "lasts": Float(),
}  # fmt: skip
_PAIR: rows.Columns = {"id": Uuid(), "told": Integer(), "receiver": Integer()}


def _given(name: str, columns: rows.Columns) -> str:
    names = ", ".join(columns)
    return f"unnest({', '.join(f':{name}_{column}' for column in columns)}) WITH ORDINALITY AS {name}({names}, number)"


#: What is told and who receives it come once each, however many deliveries they make together.
_WRITE_DELIVERIES = text(
    f"""
    INSERT INTO webhook_deliveries (agency_id, id, endpoint_id, event_id, event_type, subject_id, sequence, series,
      ordered, state, reason, body_id, body_created_at, expires_at, due_at)
    SELECT told.agency_id, pair.id, receiver.endpoint_id, told.event_id, told.event_type, told.subject_id,
      told.sequence, :series, receiver.ordered, receiver.state, receiver.reason, told.body_id, :made_at,
      told.occurred_at + make_interval(secs => receiver.lasts), CASE receiver.state WHEN 'pending' THEN now() END
    FROM {_given("pair", _PAIR)}
    JOIN {_given("told", _TOLD)} ON told.number = pair.told
    JOIN {_given("receiver", _RECEIVER)} ON receiver.number = pair.receiver
    ON CONFLICT DO NOTHING
    RETURNING id
    """  # noqa: S608 - names of ours
).bindparams(
    bindparam("series", type_=String()),
    bindparam("made_at", type_=DateTime(timezone=True)),
    *(
        bindparam(f"{name}_{column}", type_=ARRAY(kind))
        for name, columns in (("pair", _PAIR), ("told", _TOLD), ("receiver", _RECEIVER))
        for column, kind in columns.items()
    ),
).columns(id=Uuid())  # fmt: skip


class Wish(NamedTuple):
    """That an event goes to an endpoint."""

    happened: Happened
    endpoint: "Receiver"


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
    session: AsyncSession, agency_id: str, happened: Happened, endpoints: Iterable[Endpoint], *, series: str = "event"
) -> list[str]:
    """Bodies and deliveries of an event for these endpoints of its agency; the ids of those that were not there yet."""
    assert happened.event.agency_id == agency_id
    made = await write_all(session, [Wish(happened, receiver(endpoint)) for endpoint in endpoints], series=series)
    return [ids.text("delivery", each) for each in made]


async def write_body(
    session: AsyncSession, agency_id: str, happened: Happened, endpoint: Endpoint
) -> tuple[str, datetime]:
    """The body of an event for one endpoint of its agency, once more; its id and when it was made, which find it."""
    to = receiver(endpoint)
    assert happened.event.agency_id == agency_id == to.agency_id
    body = _body(happened, to.mode, to.personal, clock.now())
    await session.execute(_WRITE_BODIES, rows.values("body", _BODY, [body]))
    return ids.text("body", body[1]), body[2]


async def write_all(session: AsyncSession, wishes: Sequence[Wish], *, series: str = "event") -> list[uuid.UUID]:
    """Bodies and deliveries of many events, in two statements; no second delivery of an event to an endpoint."""
    if not wishes:
        return []
    made_at = clock.now()
    bodies: dict[tuple[str, str, bool], tuple[Any, ...]] = {}
    told: list[tuple[Any, ...]] = []
    places: dict[tuple[str, str, bool], int] = {}
    receivers: dict[str, int] = {}
    received: list[tuple[Any, ...]] = []
    pairs = []
    for happened, endpoint in wishes:
        variant = (happened.event.id, endpoint.mode, endpoint.personal)
        if variant not in bodies:
            bodies[variant] = _body(happened, endpoint.mode, endpoint.personal, made_at)
            told.append(_told(happened, bodies[variant]))
            places[variant] = len(told)
        if endpoint.id not in receivers:
            received.append(_received(endpoint))
            receivers[endpoint.id] = len(received)
        pairs.append((ids.raw(), places[variant], receivers[endpoint.id]))
    await session.execute(_WRITE_BODIES, rows.values("body", _BODY, list(bodies.values())))
    given = {
        **rows.values("pair", _PAIR, pairs),
        **rows.values("told", _TOLD, told),
        **rows.values("receiver", _RECEIVER, received),
        "series": series,
        "made_at": made_at,
    }
    made = await session.scalars(_WRITE_DELIVERIES, given)
    return list(made.all())


def _body(happened: Happened, mode: str, personal: bool, made_at: datetime) -> tuple[Any, ...]:
    event = happened.event
    rendered = payload.render(events.envelope(happened, personal=personal).model_dump(), mode)
    return (
        ids.parse("agency", event.agency_id), ids.raw(), made_at, ids.parse("evt", event.id), mode, personal,
        rendered.truncated, rendered.content, hashlib.sha256(rendered.content).digest(),
    )  # fmt: skip


def _told(happened: Happened, body: tuple[Any, ...]) -> tuple[Any, ...]:
    event = happened.event
    return (body[0], body[3], event.type, event.subject_id, event.sequence, body[1], event.occurred_at)


def _received(endpoint: Receiver) -> tuple[Any, ...]:
    state, reason = ("pending", None) if endpoint.active else ("skipped", "endpoint_disabled")
    lasts = schedule.age_limit(endpoint.retry_policy).total_seconds()
    return (ids.parse("endpoint", endpoint.id), endpoint.ordered, state, reason, lasts)
