"""Use cases of a delivery: retry, cancel, delete its payload."""

from collections.abc import Collection, Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.recorder import record
from app.kit.errors import AppError, NotFound
from app.webhooks.deliveries import creation, transitions
from app.webhooks.deliveries.creation import BODY_DELETED
from app.webhooks.models import TERMINAL, Attempt, Delivery, Endpoint


class DeliveryNotOver(AppError):
    """It is still on its way."""

    status = 409
    code = "delivery_not_over"
    detail = "This delivery is not over yet."
    hint = "It is tried again by itself at `next_attempt_at`. To begin anew, cancel it first."


class DeliveryOver(AppError):
    """There is nothing left to call off."""

    status = 409
    code = "delivery_over"
    detail = "This delivery is over already."
    hint = "Its `status` says how it ended."


class EndpointDeleted(AppError):
    """There is nowhere to send to."""

    status = 409
    code = "endpoint_deleted"
    detail = "The endpoint of this delivery was deleted."
    hint = "Make a new endpoint; a replay to it with `select: missing` sends what happened meanwhile."


class EndpointDisabled(AppError):
    """Nothing is sent to an endpoint that is not active, tests neither."""

    status = 409
    code = "endpoint_disabled"
    detail = "This endpoint is disabled; nothing is sent to it."
    hint = "Activate it first: POST /api/v1/webhooks/endpoints/{id}/activation."


class PayloadDeleted(AppError):
    """Its payload was deleted on request."""

    status = 409
    code = "payload_deleted"
    detail = "The payload of this delivery was deleted by hand; it cannot be sent again."
    hint = "The event itself can still be read: GET /api/v1/events/{id}."


async def retry(session: AsyncSession, agency_id: str, delivery_id: str) -> None:
    """Begins a new series of attempts, now; a body that was dropped for its age is rendered again.

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
    await requeue(session, agency_id, endpoint, [row.id], replay_id=None)


async def cancel(session: AsyncSession, agency_id: str, delivery_id: str) -> None:
    """Calls a delivery off. One in flight is taken from its worker: the attempt under way ends late.

    Raises NotFound and DeliveryOver.
    """
    row = await _in_turn(session, agency_id, delivery_id)
    if row.status in TERMINAL:
        raise DeliveryOver
    await transitions.cancel(session, agency_id, row.endpoint_id, Delivery.id == row.id, reason="user")


async def delete_payload(session: AsyncSession, agency_id: str, delivery_id: str, *, actor: str) -> None:
    """Takes its body from a delivery that is over, and what its receiver answered; harmless to repeat.

    Other endpoints still get the body where they share it; it goes with the last delivery that has it.
    Raises NotFound and DeliveryNotOver.
    """
    row = await _lock(session, agency_id, delivery_id)
    if row.status not in TERMINAL:
        raise DeliveryNotOver("This delivery still needs its payload.", hint="Cancel it first.")
    await session.execute(
        update(Attempt)
        .where(Attempt.agency_id == agency_id, Attempt.delivery_id == row.id)
        .values(body="")
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
    data = {"endpoint_id": row.endpoint_id, "delivery_id": row.id}
    await record(
        session, catalog.PAYLOAD_DELETED, agency_id=agency_id, subject_id=row.id, actor=actor, data=data
    )  # fmt: skip


async def _in_turn(session: AsyncSession, agency_id: str, delivery_id: str) -> Delivery:
    """The delivery, locked after the order of its endpoint: what becomes of it moves others."""
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
    """Deleted or not; should it be disabled right after, whoever sends sees that."""
    query = select(Endpoint).where(Endpoint.agency_id == agency_id, Endpoint.id == endpoint_id)
    return (await session.scalars(query)).one()


async def requeue(
    session: AsyncSession, agency_id: str, endpoint: Endpoint, delivery_ids: Collection[str], *, replay_id: str | None
) -> int:
    """Queues those that are over and have not lost their body for good; how many they were.

    Where the endpoint wants order they wait for their turn, and what comes after them waits for them.
    """
    await transitions.lock_order(session, agency_id, endpoint.id)
    rows = await _lock_finished(session, agency_id, delivery_ids)
    await creation.ensure_bodies(session, agency_id, endpoint, rows)
    await transitions.requeue(session, agency_id, endpoint, [row.id for row in rows], replay_id=replay_id)
    return len(rows)


async def _lock_finished(session: AsyncSession, agency_id: str, delivery_ids: Collection[str]) -> Sequence[Delivery]:
    """In the order of their ids, so that two who do this do not wait in a circle."""
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
