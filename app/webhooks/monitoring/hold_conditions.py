"""SQL conditions of endpoints that may be sent to now, for metrics, health and the sweeper."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, exists, func, or_, select

from app.kit import clock, ids
from app.webhooks.deliveries import visible_status
from app.webhooks.endpoints.models import Endpoint, EndpointHealth
from app.webhooks.models import Attempt, Delivery

#: What is due for longer than this although its endpoint may be sent to, and is sent nothing, is stuck.
LATE = timedelta(seconds=60)
#: Ids carry the time of the machine that made them; machines may be apart by that much.
_SKEW = timedelta(minutes=5)


def may_be_sent_to() -> ColumnElement[bool]:
    """Due deliveries should leave now: active, not held, its breaker closed."""
    closed = or_(EndpointHealth.breaker.is_(None), EndpointHealth.breaker == "closed")
    return and_(is_active(), closed, visible_status.hold_of_endpoint().is_(None))


def is_active() -> ColumnElement[bool]:
    """The endpoint takes deliveries."""
    return and_(Endpoint.deleted_at.is_(None), Endpoint.status == "active")


def with_health(query: Any) -> Any:
    """The query, of endpoints with their health."""
    same = and_(EndpointHealth.agency_id == Endpoint.agency_id, EndpointHealth.id == Endpoint.id)
    return query.select_from(Endpoint).outerjoin(EndpointHealth, same)


def overdue() -> ColumnElement[bool]:
    """A delivery of the endpoint is late, and no worker has it."""
    return exists().where(*_of_endpoint(Delivery), *is_late())


def is_late() -> tuple[ColumnElement[bool], ...]:
    """Of a delivery: due for a while, and not claimed."""
    # both shares are named so that the index by endpoint, share and time can be walked
    return Delivery.share.in_(("first", "again")), Delivery.due_at < func.now() - LATE, is_free()


def is_free() -> ColumnElement[bool]:
    """No worker has the delivery."""
    return or_(Delivery.lease_until.is_(None), Delivery.lease_until < func.now())


def stuck() -> Subquery:
    """Endpoints (`agency_id`, `id`) that may be sent to, have something late, and were sent nothing for a while."""
    found = with_health(select(Endpoint.agency_id, Endpoint.id))
    stuck: Subquery = found.where(may_be_sent_to(), overdue(), ~_sent_to_lately()).subquery("stuck")
    return stuck


def _sent_to_lately() -> ColumnElement[bool]:
    """A slow receiver with a long queue is not stuck: something is sent to it now and then."""
    return exists().where(
        *_of_endpoint(Attempt),
        Attempt.id > ids.first("attempt", clock.now() - LATE - _SKEW),
        Attempt.created_at > func.now() - LATE,
    )


def _of_endpoint(model: type[Delivery] | type[Attempt]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return model.agency_id == Endpoint.agency_id, model.endpoint_id == Endpoint.id
