"""Turning events into bodies and deliveries."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    BigInteger,
    BindParameter,
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


#: What is told and who receives it come once each, however many deliveries they make together.
_WRITE = f"""
    INSERT INTO webhook_deliveries (agency_id, id, endpoint_id, event_id, event_type, subject_id, sequence, series,
      ordered, state, reason, body_id, body_created_at, expires_at, due_at)
    SELECT told.agency_id, pair.id, receiver.endpoint_id, told.event_id, told.event_type, told.subject_id,
      told.sequence, :series, receiver.ordered, receiver.state, receiver.reason, told.body_id, :made_at,
      told.occurred_at + make_interval(secs => receiver.lasts), CASE receiver.state WHEN 'pending' THEN now() END
    FROM {rows.given("pair", _PAIR)}
    JOIN {rows.given("told", _TOLD, place="place")} ON told.place = pair.told
    JOIN {rows.given("receiver", _RECEIVER, place="place")} ON receiver.place = pair.receiver
    ON CONFLICT DO NOTHING
    """  # noqa: S608 - names of ours
_GIVEN: Sequence[BindParameter[Any]] = (
    bindparam("series", type_=String()),
    bindparam("made_at", type_=DateTime(timezone=True)),
    *rows.parameters("pair", _PAIR),
    *rows.parameters("told", _TOLD),
    *rows.parameters("receiver", _RECEIVER),
)
_WRITE_DELIVERIES = text(_WRITE).bindparams(*_GIVEN)
_WRITE_AND_SAY = text(f"{_WRITE} RETURNING id").bindparams(*_GIVEN).columns(id=Uuid())


class Wish(NamedTuple):
    """That an event goes to endpoints."""

    happened: Happened
    endpoints: Sequence["Receiver"]


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
    bodies, deliveries = _rows([Wish(happened, [receiver(endpoint) for endpoint in endpoints])], series=series)
    if not bodies:
        return []
    await session.execute(_WRITE_BODIES, bodies)
    return [ids.text("delivery", each) for each in await session.scalars(_WRITE_AND_SAY, deliveries)]


async def write_body(
    session: AsyncSession, agency_id: str, happened: Happened, endpoint: Endpoint
) -> tuple[str, datetime]:
    """The body of an event for one endpoint of its agency, once more; its id and when it was made, which find it."""
    to = receiver(endpoint)
    assert happened.event.agency_id == agency_id == to.agency_id
    body = _body(happened, to.mode, to.personal, clock.now())
    await session.execute(_WRITE_BODIES, rows.values("body", _BODY, [body]))
    return ids.text("body", body[1]), body[2]


async def write_all(session: AsyncSession, wishes: Iterable[Wish]) -> None:
    """Bodies and deliveries of many events, in two statements; no second delivery of an event to an endpoint."""
    bodies, deliveries = _rows(wishes)
    if bodies:
        await session.execute(_WRITE_BODIES, bodies)
        await session.execute(_WRITE_DELIVERIES, deliveries)


def _rows(wishes: Iterable[Wish], *, series: str = "event") -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters of both statements, empty where there is nothing to write."""
    made_at = clock.now()
    bodies: list[tuple[Any, ...]] = []
    told: list[tuple[Any, ...]] = []
    received: list[tuple[Any, ...]] = []
    receivers: dict[str, int] = {}
    pairs = []
    for happened, endpoints in wishes:
        places: dict[tuple[str, bool], int] = {}
        for endpoint in endpoints:
            variant = endpoint.mode, endpoint.personal
            if variant not in places:
                bodies.append(_body(happened, *variant, made_at))
                told.append(_told(happened, bodies[-1]))
                places[variant] = len(told)
            if endpoint.id not in receivers:
                received.append(_received(endpoint))
                receivers[endpoint.id] = len(received)
            pairs.append((ids.raw(), places[variant], receivers[endpoint.id]))
    if not pairs:
        return {}, {}
    return rows.values("body", _BODY, bodies), {
        **rows.values("pair", _PAIR, pairs),
        **rows.values("told", _TOLD, told),
        **rows.values("receiver", _RECEIVER, received),
        "series": series,
        "made_at": made_at,
    }


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
