"""JSON routes: deliveries and their attempts, with retry, cancellation and deletion of payloads."""

from typing import Annotated, Any

from fastapi import Query, Request, Response

from app.events import queries as events
from app.kit.database import Session
from app.kit.input.fields import Moment
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router
from app.webhooks.deliveries import queries, service
from app.webhooks.deliveries.conditions import StatusClass
from app.webhooks.deliveries.queries import DeliveryFilter, StatusFilter
from app.webhooks.deliveries.schemas import AttemptView, DeliveryView, attempt_view, delivery_view

router = api_router()

Reader = Annotated[Principal, requires("webhooks:read")]
Writer = Annotated[Principal, requires("webhooks:write")]
_Word = Annotated[str | None, Query(max_length=128, pattern=r"^[\w.:-]+$")]
_PATH = "/webhooks/deliveries"


@router.get(_PATH)
async def list_deliveries(
    caller: Reader,
    session: Session,
    endpoint_id: Annotated[str | None, Query(max_length=64, description="Filter by endpoint.")] = None,
    event_id: Annotated[str | None, Query(max_length=64, description="Filter by event.")] = None,
    replay_id: Annotated[str | None, Query(max_length=64, description="Filter by the replay that requeued it.")] = None,
    subject_id: Annotated[_Word, Query(description="Filter by the subject of the event.")] = None,
    event_type: Annotated[_Word, Query(description="Filter by event type.")] = None,
    status: Annotated[StatusFilter | None, Query(description="Filter by status; `open`: not ended.")] = None,
    reason: Annotated[_Word, Query(description="Filter by reason, such as `gone`.")] = None,
    status_class: Annotated[StatusClass | None, Query(description="Filter by the class of the last response.")] = None,
    since: Annotated[Moment | None, Query(description="Created at this time or later.")] = None,
    until: Annotated[Moment | None, Query(description="Created before this time.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DeliveryView]:
    """List the deliveries of the agency, newest first, with those of deleted endpoints."""
    sought = DeliveryFilter(
        endpoint_id=endpoint_id,
        event_id=event_id,
        replay_id=replay_id,
        subject_id=subject_id,
        event_type=event_type,
        status=status,
        reason=reason,
        status_class=status_class,
        since=since,
        until=until,
    )
    rows = await queries.page(
        session, caller.agency_id, sought, limit=limit + 1, before=before(cursor, "delivery")
    )  # fmt: skip
    return by_id([delivery_view(row) for row in rows], limit)


@router.get("/events/{event_id}/deliveries")
async def list_event_deliveries(
    caller: Reader, session: Session, event_id: str, limit: Limit = 50, cursor: Cursor = None
) -> Page[DeliveryView]:
    """List the deliveries of an event, one for each endpoint that subscribed to it."""
    await events.find(session, caller.agency_id, event_id)
    rows = await queries.page(
        session, caller.agency_id, DeliveryFilter(event_id=event_id), limit=limit + 1, before=before(cursor, "delivery")
    )
    return by_id([delivery_view(row) for row in rows], limit)


@router.get(_PATH + "/{delivery_id}")
async def get_delivery(caller: Reader, session: Session, delivery_id: str) -> DeliveryView:
    """Return one delivery."""
    return delivery_view(await queries.find(session, caller.agency_id, delivery_id))


@router.get(_PATH + "/{delivery_id}/attempts")
async def list_attempts(
    caller: Reader, session: Session, delivery_id: str, limit: Limit = 50, cursor: Cursor = None
) -> Page[AttemptView]:
    """List the attempts of a delivery, newest first."""
    await queries.find(session, caller.agency_id, delivery_id)
    rows = await queries.attempts(
        session, caller.agency_id, delivery_id, limit=limit + 1, before=before(cursor, "attempt")
    )
    return by_id([attempt_view(row) for row in rows], limit)


@router.post(_PATH + "/{delivery_id}/retry", status_code=202)
async def retry_delivery(request: Request, caller: Writer, session: Session, delivery_id: str) -> DeliveryView:
    """Send an ended delivery again, with the same `webhook-id` and all attempts of the retry policy."""
    await service.retry(session, caller.agency_id, delivery_id, public_url=services_of(request).public_url)
    return delivery_view(await queries.find(session, caller.agency_id, delivery_id))


@router.post(_PATH + "/{delivery_id}/cancellation")
async def cancel_delivery(caller: Writer, session: Session, delivery_id: str) -> DeliveryView:
    """Cancel an open delivery. A request in flight may still arrive."""
    await service.cancel(session, caller.agency_id, delivery_id)
    return delivery_view(await queries.find(session, caller.agency_id, delivery_id))


@router.get(_PATH + "/{delivery_id}/payload", response_model=dict[str, Any])
async def get_payload(caller: Reader, session: Session, delivery_id: str) -> Response:
    """Return the payload of a delivery, as it is sent; Slack, HubSpot and custom requests are made from it."""
    stored = await service.payload(session, caller.agency_id, delivery_id)
    return Response(stored.content, media_type="application/json")


@router.delete(_PATH + "/{delivery_id}/payload", status_code=204)
async def delete_payload(caller: Writer, session: Session, delivery_id: str) -> Response:
    """Delete the payload and the stored responses of an ended delivery; it cannot be sent again.

    The event stays. Deliveries of the event to other endpoints keep their payload.
    """
    await service.delete_payload(session, caller.agency_id, delivery_id, actor=caller.actor)
    return Response(status_code=204)
