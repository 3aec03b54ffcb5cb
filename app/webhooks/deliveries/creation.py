"""Creation of deliveries and their bodies, from events and for recipients.

A body is shared by the endpoints that receive its event in the same form.
"""

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
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
    delete,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import queries as events
from app.events import rendering
from app.events.rendering import API_VERSION, EventRecord
from app.kit import clock, ids
from app.kit.database import BulkColumns, DriverStatement, bulk_given, bulk_parameters, bulk_values
from app.webhooks import message
from app.webhooks.deliveries import transitions
from app.webhooks.deliveries.transitions import ClaimedDelivery
from app.webhooks.models import Delivery, Endpoint, WebhookBody
from app.webhooks.policies import retry_policy
from app.webhooks.policies.end_reason import EndReason

#: What an attempt keeps of its answer once it was erased.
ERASED_RESPONSE: Mapping[str, Any] = {"body": "", "headers": {}}
#: `body_created_at` of a delivery whose body was deleted.
BODY_DELETED = datetime(1970, 1, 1, tzinfo=UTC)
#: Location of a row in its table (ctid): block and line. It is fixed while the row is locked.
Place = tuple[int, int]
#: An event and its body in one shape, which its recipients share.
_BODY: BulkColumns = {
    "agency_id": Uuid(), "event_id": Uuid(), "event_type": String(), "subject_id": String(), "sequence": BigInteger(),
    "occurred_at": DateTime(timezone=True), "body_id": Uuid(), "mode": String(), "personal": Boolean(),
    "truncated": Boolean(), "content": LargeBinary(), "sha256": LargeBinary(),
}  # fmt: skip
_RECIPIENT: BulkColumns = {
    "endpoint_id": Uuid(), "ordered": Boolean(), "status": String(), "reason": String(), "lasts": Float(),
    "lease": Float(),
}  # fmt: skip
#: A delivery; with a `token`, leased from its beginning.
_PAIR: BulkColumns = {"id": Uuid(), "body": Integer(), "recipient": Integer(), "token": Uuid()}
#: Bodies and recipients are passed once each, for any number of deliveries.
_WRITE = text(
    f"""
    WITH body AS MATERIALIZED (
      SELECT * FROM {bulk_given("body", _BODY, place="place")}
    ), bodies AS (
      INSERT INTO webhook_bodies (agency_id, id, created_at, event_id, mode, personal, truncated, content, sha256)
      SELECT agency_id, body_id, :created_at, event_id, mode, personal, truncated, content, sha256 FROM body
    ), entries AS (
      DELETE FROM event_outbox WHERE ctid = ANY(CAST(:outbox AS tid[]))
    ), pair AS (
      SELECT * FROM {bulk_given("pair", _PAIR)}
    ), recipient AS (
      SELECT * FROM {bulk_given("recipient", _RECIPIENT, place="place")}
    ), written AS (
      {transitions.CREATE}
    )
    SELECT array_agg(id) FROM written
    """  # noqa: S608 - names of ours
).bindparams(
    bindparam("origin", type_=String()),
    bindparam("created_at", type_=DateTime(timezone=True)),
    *bulk_parameters("pair", _PAIR),
    *bulk_parameters("body", _BODY),
    *bulk_parameters("recipient", _RECIPIENT),
)
_WRITE_DIRECTLY = DriverStatement.of(_WRITE)


class ReceivingEndpoint(NamedTuple):
    """Part of an endpoint that new deliveries need; `id` without its prefix, `lasts` in seconds from the event."""

    id: uuid.UUID
    version: str
    mode: str
    personal: bool
    ordered: bool
    is_active: bool
    lasts: float


def recipient_of(endpoint: Endpoint) -> ReceivingEndpoint:
    """Recipient from the row of an endpoint. Destinations other than Standard Webhooks get the full event, and those
    that Keyturn reads itself in the newest version.
    """
    mode = endpoint.payload_mode if endpoint.destination in message.STANDARD else "full"
    return ReceivingEndpoint(
        ids.parse("endpoint", endpoint.id), endpoint.api_version or API_VERSION, mode, endpoint.personal,
        endpoint.ordering == "by_subject", endpoint.status == "active",
        retry_policy.age_limit(endpoint.retry_policy).total_seconds(),
    )  # fmt: skip


async def create_deliveries(
    session: AsyncSession,
    agency_id: str,
    event: EventRecord,
    endpoints: Iterable[Endpoint],
    *,
    public_url: str,
    origin: str = "event",
) -> list[str]:
    """Create bodies and deliveries of an event for endpoints of its agency. Returns the ids of new deliveries."""
    assert event.agency_id == agency_id
    batch = DeliveryBatch(origin, public_url)
    batch.add(event, [recipient_of(endpoint) for endpoint in endpoints])
    return [ids.text("delivery", each) for each in await batch.write(session)]


async def create_body(
    session: AsyncSession, agency_id: str, event: EventRecord, endpoint: Endpoint, *, public_url: str
) -> tuple[str, datetime]:
    """Create the body of an event for one endpoint of its agency again. Returns its id and time, its key."""
    assert event.agency_id == agency_id == endpoint.agency_id
    to, batch = recipient_of(endpoint), DeliveryBatch("event", public_url)
    body_id = batch.add_body(event, to)
    await batch.write(session)
    return ids.text("body", body_id), batch.created_at


class DeliveryBatch:
    """Bodies and deliveries of events, created in one statement. There is one delivery per event and endpoint for ever.

    `immediate`: number of deliveries by endpoint that are created with a lease of that many seconds, and sent without a
    claim.
    """

    def __init__(
        self, origin: str, public_url: str, immediate: Mapping[uuid.UUID, tuple[int, float]] = MappingProxyType({})
    ) -> None:
        self.created_at = clock.now()
        self._origin, self._public_url = origin, public_url
        self._lease_seconds = {endpoint_id: seconds for endpoint_id, (_, seconds) in immediate.items()}
        self._to_lease = {endpoint_id: number for endpoint_id, (number, _) in immediate.items()}
        self._token = ids.raw()
        self._bodies: list[tuple[Any, ...]] = []
        self._recipients: list[tuple[Any, ...]] = []
        self._places: dict[uuid.UUID, int] = {}
        self._pairs: list[tuple[Any, ...]] = []
        self._leased: dict[uuid.UUID, tuple[EventRecord, int, int]] = {}

    def add(self, event: EventRecord, recipients: Iterable[ReceivingEndpoint]) -> None:
        """Add an event and its recipients."""
        places: dict[tuple[str, str, bool], int] = {}
        for to in recipients:
            variant = to.version, to.mode, to.personal
            if variant not in places:
                self.add_body(event, to)
                places[variant] = len(self._bodies)
            if to.id not in self._places:
                end = None if to.is_active else EndReason.ENDPOINT_DISABLED
                status = end.status if end else "pending"
                seconds = self._lease_seconds.get(to.id)
                self._recipients.append((to.id, to.ordered, status, end, to.lasts, seconds))
                self._places[to.id] = len(self._recipients)
            delivery_id, body, recipient = ids.raw(), places[variant], self._places[to.id]
            to_lease = self._to_lease.get(to.id, 0)
            if to_lease:
                self._to_lease[to.id] = to_lease - 1
                self._leased[delivery_id] = event, body - 1, recipient - 1
            self._pairs.append((delivery_id, body, recipient, self._token if to_lease else None))

    def add_body(self, event: EventRecord, to: ReceivingEndpoint) -> uuid.UUID:
        """Render a body in the form of an endpoint. Returns its id."""
        body_id = ids.raw()
        body = rendering.body(event, to.version, public_url=self._public_url, personal=to.personal)
        rendered = message.render_payload(body, to.mode)
        self._bodies.append((
            ids.parse("agency", event.agency_id), ids.parse("evt", event.id), event.type, event.subject_id,
            event.sequence, event.occurred_at, body_id, to.mode, to.personal, rendered.truncated, rendered.content,
            hashlib.sha256(rendered.content).digest(),
        ))  # fmt: skip
        return body_id

    async def write(self, session: AsyncSession) -> Sequence[uuid.UUID]:
        """Write the batch. Returns the deliveries that are new."""
        return (await session.execute(_WRITE, self._values(()))).scalar_one() or ()

    async def write_directly(self, driver: Any, outbox: Sequence[Place]) -> Sequence[uuid.UUID]:
        """Write the batch by the driver, and delete these outbox entries, which its transaction has locked."""
        [(created,)] = await _WRITE_DIRECTLY.fetch(driver, self._values(outbox))
        return created or ()

    def _values(self, outbox: Sequence[Place]) -> dict[str, Any]:
        return {
            **bulk_values("pair", _PAIR, self._pairs),
            **bulk_values("body", _BODY, self._bodies),
            **bulk_values("recipient", _RECIPIENT, self._recipients),
            "outbox": outbox, "origin": self._origin, "created_at": self.created_at,
        }  # fmt: skip

    def leased(self, created: Iterable[uuid.UUID]) -> list[ClaimedDelivery]:
        """The created deliveries that have a lease."""
        leased = []
        for delivery_id in created:
            if delivery_id not in self._leased:
                continue
            event, body, recipient = self._leased[delivery_id]
            agency_id, event_id, *_, content, _ = self._bodies[body]
            endpoint_id, *_, lasts, _ = self._recipients[recipient]
            expires_at = event.occurred_at + timedelta(seconds=lasts)
            leased.append(ClaimedDelivery(
                token=self._token, agency_id=agency_id, id=delivery_id, endpoint_id=endpoint_id, event_id=event_id,
                event_type=event.type, subject_id=event.subject_id, origin=self._origin, slot_class="new",
                ordered=False, replay=False, attempt_count=0, attempts_since_requeue=0, tries=1, is_first=True,
                expires_at=expires_at, expired=expires_at < self.created_at, lapsed=False, content=content,
                happened_at=event.occurred_at, request_id=event.request_id,
            ))  # fmt: skip
        return leased


def is_body_deleted(delivery: Delivery) -> bool:
    """True if its body was deleted on request."""
    return delivery.body_created_at == BODY_DELETED


async def ensure_bodies(
    session: AsyncSession, agency_id: str, endpoint: Endpoint, rows: Sequence[Delivery], *, public_url: str
) -> None:
    """Render bodies from their events again where retention dropped them. None of the deliveries has a deleted body."""
    there = await _stored_bodies(session, agency_id, rows)
    for row in rows:
        if row.body_id not in there:
            happened = await events.find(session, agency_id, row.event_id)
            body_id, made_at = await create_body(session, agency_id, happened, endpoint, public_url=public_url)
            await session.execute(
                update(Delivery)
                .where(Delivery.agency_id == agency_id, Delivery.id == row.id)
                .values(body_id=body_id, body_created_at=made_at)
                .execution_options(synchronize_session=False)
            )


async def drop_unused_body(
    session: AsyncSession, agency_id: str, event_id: str, body_id: str, made_at: datetime
) -> None:
    """Delete a body that no delivery of its event uses."""
    had = select(Delivery.id).where(
        Delivery.agency_id == agency_id,
        Delivery.event_id == event_id,
        Delivery.body_id == body_id,
        Delivery.body_created_at == made_at,
    )
    await session.execute(
        delete(WebhookBody)
        .where(
            WebhookBody.agency_id == agency_id,
            WebhookBody.id == body_id,
            WebhookBody.created_at == made_at,
            ~had.exists(),
        )
        .execution_options(synchronize_session=False)
    )


async def _stored_bodies(session: AsyncSession, agency_id: str, rows: Sequence[Delivery]) -> set[str]:
    named = tuple_(WebhookBody.id, WebhookBody.created_at).in_([(row.body_id, row.body_created_at) for row in rows])
    return set(await session.scalars(select(WebhookBody.id).where(WebhookBody.agency_id == agency_id, named)))
