"""Turning events into bodies and deliveries."""

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    String,
    Uuid,
    bindparam,
    text,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import queries as events
from app.events.queries import EventRecord
from app.kit import bulk_params, clock, ids
from app.kit.database import DriverStatement
from app.webhooks import message
from app.webhooks.deliveries import transitions
from app.webhooks.deliveries.claimed import ClaimedDelivery, ClaimedPayload, Leased
from app.webhooks.dispatcher.endpoint_cache import EndpointCapacity, Subscription, subscription_of
from app.webhooks.models import Endpoint
from app.webhooks.policies import retry_policy

#: Where a row lies in its table: block and line. The row stays there as long as it is locked.
Place = tuple[int, int]

#: What is told, in one shape: an event and the body that its receivers share.
_TOLD: bulk_params.Columns = {
    "agency_id": Uuid(), "event_id": Uuid(), "event_type": String(), "subject_id": String(), "sequence": BigInteger(),
    "occurred_at": DateTime(timezone=True), "body_id": Uuid(), "mode": String(), "personal": Boolean(),
    "truncated": Boolean(), "content": LargeBinary(), "sha256": LargeBinary(),
}  # fmt: skip
_RECEIVER: bulk_params.Columns = {
    "endpoint_id": Uuid(), "ordered": Boolean(), "status": String(), "reason": String(), "lasts": Float(),
    "lease": Float(),
}  # fmt: skip
#: `token`: that of the lease it is made with
_PAIR: bulk_params.Columns = {"id": Uuid(), "told": Integer(), "receiver": Integer(), "token": Uuid()}

#: What is told and who receives it come once each, however many deliveries they make together.
_WRITE = text(
    f"""
    WITH told AS MATERIALIZED (
      SELECT * FROM {bulk_params.given("told", _TOLD, place="place")}
    ), bodies AS (
      INSERT INTO webhook_bodies (agency_id, id, created_at, event_id, mode, personal, truncated, content, sha256)
      SELECT agency_id, body_id, :made_at, event_id, mode, personal, truncated, content, sha256 FROM told
    ), marks AS (
      DELETE FROM event_outbox WHERE ctid = ANY(CAST(:marks AS tid[]))
    ), pair AS (
      SELECT * FROM {bulk_params.given("pair", _PAIR)}
    ), receiver AS (
      SELECT * FROM {bulk_params.given("receiver", _RECEIVER, place="place")}
    ), written AS (
      {transitions.CREATE}
    )
    SELECT array_agg(id) FROM written
    """  # noqa: S608 - names of ours
).bindparams(
    bindparam("origin", type_=String()),
    bindparam("made_at", type_=DateTime(timezone=True)),
    *bulk_params.parameters("pair", _PAIR),
    *bulk_params.parameters("told", _TOLD),
    *bulk_params.parameters("receiver", _RECEIVER),
)
_WRITE_DIRECTLY = DriverStatement.of(_WRITE)


class DeliverySpec(NamedTuple):
    """That an event goes to endpoints."""

    happened: EventRecord
    endpoints: Sequence[Subscription]


async def write(
    session: AsyncSession,
    agency_id: str,
    happened: EventRecord,
    endpoints: Iterable[Endpoint],
    *,
    origin: str = "event",
) -> list[str]:
    """Bodies and deliveries of an event for these endpoints of its agency; the ids of those that were not there yet."""
    assert happened.event.agency_id == agency_id
    batch = DeliveryBatch(origin)
    batch.add(DeliverySpec(happened, [subscription_of(endpoint) for endpoint in endpoints]))
    return [ids.text("delivery", each) for each in await batch.write(session)]


async def write_body(
    session: AsyncSession, agency_id: str, happened: EventRecord, endpoint: Endpoint
) -> tuple[str, datetime]:
    """The body of an event for one endpoint of its agency, once more; its id and when it was made, which find it."""
    to = subscription_of(endpoint)
    assert happened.event.agency_id == agency_id == to.agency_id
    batch = DeliveryBatch("event")
    body_id = batch.tell(happened, to.mode, personal=to.personal)
    await batch.write(session)
    return ids.text("body", body_id), batch.made_at


class DeliveryBatch:
    """Bodies and deliveries of events, made in one statement; there is no second delivery of an event to an endpoint.

    As many of an endpoint as `given` says are made with a lease, and are sent without being claimed.
    """

    def __init__(
        self,
        origin: str,
        given: Mapping[uuid.UUID, int] = MappingProxyType({}),
        seats: Mapping[uuid.UUID, EndpointCapacity] = MappingProxyType({}),
    ) -> None:
        self.made_at = clock.now()
        self._origin = origin
        self._left = dict(given)
        self._seats = seats
        self._token = ids.raw()
        self._told: list[tuple[Any, ...]] = []
        self._received: list[tuple[Any, ...]] = []
        self._receivers: dict[uuid.UUID, int] = {}
        self._pairs: list[tuple[Any, ...]] = []
        self._leased: dict[uuid.UUID, tuple[EventRecord, int, int]] = {}

    def add(self, wish: DeliverySpec) -> None:
        """One event and the endpoints it goes to."""
        places: dict[tuple[str, bool], int] = {}
        for endpoint in wish.endpoints:
            variant = endpoint.mode, endpoint.personal
            if variant not in places:
                self.tell(wish.happened, endpoint.mode, personal=endpoint.personal)
                places[variant] = len(self._told)
            if endpoint.key not in self._receivers:
                self._received.append(_received(endpoint, self._seats.get(endpoint.key)))
                self._receivers[endpoint.key] = len(self._received)
            delivery_id, told, received = ids.raw(), places[variant], self._receivers[endpoint.key]
            leased = self._left.get(endpoint.key, 0)
            if leased:
                self._left[endpoint.key] = leased - 1
                self._leased[delivery_id] = wish.happened, told - 1, received - 1
            self._pairs.append((delivery_id, told, received, self._token if leased else None))

    def tell(self, happened: EventRecord, mode: str, *, personal: bool) -> uuid.UUID:
        """Renders a body; its id."""
        event, body_id = happened.event, ids.raw()
        rendered = message.render_payload(events.envelope(happened, personal=personal).model_dump(), mode)
        self._told.append((
            ids.parse("agency", event.agency_id), ids.parse("evt", event.id), event.type, event.subject_id,
            event.sequence, event.occurred_at, body_id, mode, personal, rendered.truncated, rendered.content,
            hashlib.sha256(rendered.content).digest(),
        ))  # fmt: skip
        return body_id

    async def write(self, session: AsyncSession) -> Sequence[uuid.UUID]:
        """Writes all of it; the deliveries that were not there yet."""
        return (await session.execute(_WRITE, self._values(()))).scalar_one() or ()

    async def write_directly(self, driver: Any, marks: Sequence[Place]) -> Sequence[uuid.UUID]:
        """The same by the driver; takes away these marks, which its transaction has locked."""
        [(made,)] = await _WRITE_DIRECTLY.fetch(driver, self._values(marks))
        return made or ()

    def _values(self, marks: Sequence[Place]) -> dict[str, Any]:
        return {
            **bulk_params.values("pair", _PAIR, self._pairs),
            **bulk_params.values("told", _TOLD, self._told),
            **bulk_params.values("receiver", _RECEIVER, self._received),
            "marks": marks, "origin": self._origin, "made_at": self.made_at,
        }  # fmt: skip

    def leased(self, made: Iterable[uuid.UUID]) -> list[Leased]:
        """Those of the deliveries that were made with a lease."""
        return [self._claimed(each, *self._leased[each]) for each in made if each in self._leased]

    def _claimed(self, delivery_id: uuid.UUID, happened: EventRecord, told: int, received: int) -> Leased:
        agency_id, event_id, event_type, subject_id, _, occurred_at, *_, content, _ = self._told[told]
        endpoint_id, *_, lasts, _ = self._received[received]
        expires_at = occurred_at + timedelta(seconds=lasts)
        return ClaimedDelivery(
            token=self._token, agency_id=agency_id, id=delivery_id, endpoint_id=endpoint_id, event_id=event_id,
            event_type=event_type, subject_id=subject_id, origin=self._origin, slot_class="new", ordered=False,
            replay=False, attempt_count=0, attempts_since_requeue=0, tries=1, is_first=True, expires_at=expires_at,
            expired=expires_at < self.made_at, lapsed=False,
        ), ClaimedPayload(content, occurred_at, happened.event.request_id)  # fmt: skip


def _received(endpoint: Subscription, seat: EndpointCapacity | None) -> tuple[Any, ...]:
    status, reason = ("pending", None) if endpoint.active else ("skipped", "endpoint_disabled")
    lasts = retry_policy.age_limit(endpoint.retry_policy).total_seconds()
    return (endpoint.key, endpoint.ordered, status, reason, lasts, seat and seat.lease)
