"""Use cases of a delivery: retry, cancel, delete its payload, requeue, and report its end."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.recorder import EventDraft, record, record_all
from app.events.schema import DeliveryData, DeliveryEndData
from app.kit.actor import Actor, system_actor
from app.kit.errors import AppError, NotFound
from app.webhooks.deliveries import creation, queries, transitions
from app.webhooks.deliveries.creation import BODY_DELETED
from app.webhooks.deliveries.transitions import EndedDelivery
from app.webhooks.models import OPEN, TERMINAL, Attempt, Delivery, Endpoint, WebhookBody
from app.webhooks.policies import event_filter
from app.webhooks.policies.end_reason import EndReason


class DeliveryNotOver(AppError):
    """The delivery is open."""

    status = 409
    code = "delivery_not_over"
    detail = "This delivery has not ended."
    hint = "The next attempt is at `next_attempt_at`. To start over, cancel the delivery first."


class DeliveryOver(AppError):
    """The delivery has ended."""

    status = 409
    code = "delivery_over"
    detail = "This delivery has already ended."
    hint = "See its `status` and `reason`."


class EndpointDeleted(AppError):
    """The endpoint was deleted."""

    status = 409
    code = "endpoint_deleted"
    detail = "The endpoint of this delivery was deleted."
    hint = "Create an endpoint and start a replay to it with `select: missing`."


class EndpointDisabled(AppError):
    """The endpoint is not active; neither deliveries nor tests are sent."""

    status = 409
    code = "endpoint_disabled"
    detail = "This endpoint is disabled; nothing is sent to it."
    hint = "Activate it first: POST /api/v1/webhooks/endpoints/{id}/activation."


class PayloadDeleted(AppError):
    """Its payload was deleted on request."""

    status = 409
    code = "payload_deleted"
    detail = "The payload of this delivery was deleted on request; it cannot be sent again."
    hint = "The event itself can still be read: GET /api/v1/events/{id}."


class PayloadExpired(AppError):
    """Its payload was deleted after its retention time."""

    status = 409
    code = "payload_expired"
    detail = "The payload of this delivery is older than its retention time."
    hint = "The event itself can still be read: GET /api/v1/events/{id}. A retry renders the payload again."


async def payload(session: AsyncSession, agency_id: str, delivery_id: str) -> WebhookBody:
    """The stored body of a delivery. Raises NotFound, PayloadDeleted and PayloadExpired."""
    seen = await queries.find(session, agency_id, delivery_id)
    if creation.is_body_deleted(seen.delivery):
        raise PayloadDeleted("The payload of this delivery was deleted on request.")
    stored = await queries.body(session, agency_id, seen.delivery)
    if stored is None:
        raise PayloadExpired
    return stored


async def retry(session: AsyncSession, agency_id: str, delivery_id: str, *, public_url: str) -> None:
    """Requeue an ended delivery; a body that retention dropped is rendered again.

    Raises NotFound, DeliveryNotOver, EndpointDeleted, EndpointDisabled and PayloadDeleted.
    """
    row = await _in_turn(session, agency_id, delivery_id)
    if row.status not in TERMINAL:
        raise DeliveryNotOver
    endpoint = await _endpoint(session, agency_id, row.endpoint_id)
    if endpoint.deleted_at is not None:
        raise EndpointDeleted
    if endpoint.status != "active":
        raise EndpointDisabled
    if creation.is_body_deleted(row):
        raise PayloadDeleted
    await requeue(session, agency_id, endpoint, [row.id], replay_id=None, public_url=public_url)


async def cancel(session: AsyncSession, agency_id: str, delivery_id: str) -> None:
    """Cancel an open delivery. The lease of one in flight is revoked, and its attempt ends late.

    Raises NotFound and DeliveryOver.
    """
    row = await _in_turn(session, agency_id, delivery_id)
    if row.status in TERMINAL:
        raise DeliveryOver
    await transitions.cancel(session, agency_id, row.endpoint_id, Delivery.id == row.id, reason=EndReason.USER)


async def delete_payload(session: AsyncSession, agency_id: str, delivery_id: str, *, actor: Actor) -> None:
    """Delete the body and the stored responses of an ended delivery. Can be repeated.

    Other endpoints that share the body keep it; it is deleted with the last delivery that uses it. Raises NotFound and
    DeliveryNotOver.
    """
    row = await _lock(session, agency_id, delivery_id)
    if row.status not in TERMINAL:
        raise DeliveryNotOver("This delivery still needs its payload.", hint="Cancel it first.")
    await session.execute(
        update(Attempt)
        .where(Attempt.agency_id == agency_id, Attempt.delivery_id == row.id)
        .values(creation.ERASED_RESPONSE)
        .execution_options(synchronize_session=False)
    )
    if creation.is_body_deleted(row):
        return
    body_id, made_at = row.body_id, row.body_created_at
    await session.execute(
        update(Delivery)
        .where(Delivery.agency_id == agency_id, Delivery.id == row.id)
        .values(body_created_at=creation.BODY_DELETED)
        .execution_options(synchronize_session=False)
    )
    await creation.drop_unused_body(session, agency_id, row.event_id, body_id, made_at)
    data = DeliveryData(endpoint_id=row.endpoint_id, delivery_id=row.id)
    await record(
        session, catalog.PAYLOAD_DELETED, agency_id=agency_id, subject_id=row.id, actor=actor, data=data
    )  # fmt: skip


async def erase_personal_data(
    session: AsyncSession, agency_id: str, event_ids: Sequence[str], *, public_url: str
) -> None:
    """Delete bodies with personal data of these events, whose own are erased, and what receivers answered.

    Open deliveries get a body without them. An ended delivery gets one if it is retried.
    """
    those = select(Delivery.id).where(Delivery.agency_id == agency_id, Delivery.event_id.in_(event_ids))
    unsynchronized = {"synchronize_session": False}
    answers = update(Attempt).where(Attempt.agency_id == agency_id, Attempt.delivery_id.in_(those))
    await session.execute(answers.values(creation.ERASED_RESPONSE), execution_options=unsynchronized)
    bodies = delete(WebhookBody).where(WebhookBody.agency_id == agency_id, WebhookBody.event_id.in_(event_ids))
    await session.execute(bodies.where(WebhookBody.personal), execution_options=unsynchronized)
    rows = select(Delivery).where(Delivery.id.in_(those), Delivery.agency_id == agency_id, Delivery.status.in_(OPEN))
    by_endpoint = defaultdict(list)
    for row in await session.scalars(rows.order_by(Delivery.id).with_for_update()):
        by_endpoint[row.endpoint_id].append(row)
    for endpoint_id, open_ones in sorted(by_endpoint.items()):
        endpoint = await _endpoint(session, agency_id, endpoint_id)
        await creation.ensure_bodies(session, agency_id, endpoint, open_ones, public_url=public_url)


async def requeue(
    session: AsyncSession,
    agency_id: str,
    endpoint: Endpoint,
    delivery_ids: Collection[str],
    *,
    replay_id: str | None,
    public_url: str,
) -> int:
    """Requeue ended deliveries that have or can get their body. Returns their number.

    In an ordered endpoint they wait for their turn, and later deliveries of their subjects wait for them.
    """
    await transitions.lock_order(session, agency_id, endpoint.id)
    rows = await _lock_finished(session, agency_id, delivery_ids)
    await creation.ensure_bodies(session, agency_id, endpoint, rows, public_url=public_url)
    await transitions.requeue(session, agency_id, endpoint, [row.id for row in rows], replay_id=replay_id)
    return len(rows)


async def record_exhausted(session: AsyncSession, ended: Iterable[EndedDelivery]) -> None:
    """Record the events of these ends, with one statement per agency."""
    for agency_id, drafts in sorted(exhausted_events(ended).items()):
        await record_all(session, drafts, agency_id=agency_id)


def exhausted_events(ended: Iterable[EndedDelivery]) -> dict[str, list[EventDraft[DeliveryEndData]]]:
    """The events of these ends, by agency. A test has none, nor a delivery of such an event: it would never end."""
    drafts: dict[str, list[EventDraft[DeliveryEndData]]] = defaultdict(list)
    for one in ended:
        if one.origin == "test" or one.event_type.startswith(event_filter.OPERATIONAL):
            continue
        data = DeliveryEndData(
            endpoint_id=one.endpoint_id,
            delivery_id=one.id,
            status=one.status,
            reason=one.reason,
            sample_event_id=one.event_id,
        )
        drafts[one.agency_id].append(EventDraft(catalog.DELIVERY_EXHAUSTED, one.id, system_actor(), data))
    return drafts


async def _in_turn(session: AsyncSession, agency_id: str, delivery_id: str) -> Delivery:
    """Lock the order of its endpoint, then the delivery. Raises NotFound."""
    this = Delivery.agency_id == agency_id, Delivery.id == delivery_id
    endpoint_id = await session.scalar(select(Delivery.endpoint_id).where(*this))
    if endpoint_id is None:
        raise NotFound
    await transitions.lock_order(session, agency_id, endpoint_id)
    return await _lock(session, agency_id, delivery_id)


async def _lock(session: AsyncSession, agency_id: str, delivery_id: str) -> Delivery:
    query = select(Delivery).where(Delivery.agency_id == agency_id, Delivery.id == delivery_id).with_for_update()
    row = await session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFound
    return row


async def _endpoint(session: AsyncSession, agency_id: str, endpoint_id: str) -> Endpoint:
    """The endpoint, even if deleted. If it is disabled right after, the dispatcher ends the delivery."""
    query = select(Endpoint).where(Endpoint.agency_id == agency_id, Endpoint.id == endpoint_id)
    return (await session.scalars(query)).one()


async def _lock_finished(session: AsyncSession, agency_id: str, delivery_ids: Collection[str]) -> Sequence[Delivery]:
    """Ended deliveries, locked in the order of their ids, which prevents deadlocks."""
    query = (
        select(Delivery)
        .where(
            Delivery.agency_id == agency_id,
            Delivery.id.in_(sorted(delivery_ids)),
            Delivery.status.in_(TERMINAL),
            Delivery.body_created_at != BODY_DELETED,
        )
        .order_by(Delivery.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(query)).all()
