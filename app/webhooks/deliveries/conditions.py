"""SQL conditions of deliveries and of their endpoints.

They define when a delivery may be sent, its turn in an order, what holds it, when it is late, and its visible status.
Conditions of the hot path are SQL text (`…_sql`, with the alias of the table as parameter); the expressions of the same
name are made from it. `policies.health_rules.capacity` is the same rule for one endpoint, with numbers.
"""

from datetime import timedelta
from typing import Any, Literal, get_args

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Float,
    Integer,
    Select,
    Subquery,
    and_,
    any_,
    case,
    cast,
    exists,
    extract,
    func,
    literal_column,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import array

from app.kit import clock, ids
from app.webhooks.models import OPEN, Attempt, Delivery, DeliveryStatus, Endpoint, EndpointHealth
from app.webhooks.policies.health_rules import EndpointHold

#: Statuses as the API shows them.
VisibleStatus = DeliveryStatus | Literal["in_flight", "held"]
Hold = Literal[EndpointHold, "ordering"]
HOLDS = get_args(Hold)
StatusClass = Literal["2xx", "3xx", "4xx", "5xx", "none"]

#: A delivery that is due for longer than this is stuck, if its endpoint may be sent to and is sent nothing.
LATE = timedelta(seconds=60)
#: Written out and not bound: a plan for any status could not use the partial indexes.
_WRITTEN: dict[str, ColumnElement[str]] = {name: literal_column(f"'{name}'") for name in get_args(DeliveryStatus)}
#: Codes of attempts without an HTTP answer.
_SILENT = ("connect_%", "dns_%", "tls_%", "timeout_%", "blocked_address", "protocol")


def is_open_sql(d: str) -> str:
    """The delivery has not ended."""
    return f"{d}.status IN ('pending', 'retrying')"


def is_unleased_sql(d: str) -> str:
    """No worker has a lease."""
    return f"({d}.lease_until IS NULL OR {d}.lease_until <= now())"


def is_due_sql(d: str) -> str:
    """Due, and not leased."""
    return f"{d}.due_at <= now() AND {is_unleased_sql(d)}"


def has_earlier_sql(d: str) -> str:
    """An earlier delivery of its subject is open."""
    return _other_of_subject_sql(d, f"other.sequence < {d}.sequence")


def has_event_to_come_sql(d: str) -> str:
    """An earlier event of its subject is still in the outbox."""
    return (
        f"EXISTS (SELECT FROM event_outbox entry WHERE entry.agency_id = {d}.agency_id "
        f"AND entry.subject_id = {d}.subject_id AND entry.sequence < {d}.sequence)"
    )


def is_next_sql(d: str) -> str:
    """Not ordered, or next of its subject while no other of the subject is in flight."""
    others = _other_of_subject_sql(d, f"(other.sequence < {d}.sequence OR other.lease_until > now())")
    return f"(NOT {d}.ordered OR NOT ({others} OR {has_event_to_come_sql(d)}))"


def is_sendable_sql(e: str) -> str:
    """The endpoint is neither disabled nor deleted."""
    return f"({e}.status <> 'disabled' AND {e}.deleted_at IS NULL)"


def is_paused_sql(e: str) -> str:
    """The endpoint is paused or waits for its verification."""
    return f"({e}.paused_at IS NOT NULL OR {e}.status = 'pending_verification')"


def is_unlimited_sql(e: str, h: str) -> str:
    """The endpoint has no limit but its concurrency: a new delivery may leave without a claim."""
    return (
        f"({e}.status = 'active' AND {e}.paused_at IS NULL AND {e}.ordering <> 'by_subject' "
        f"AND NULLIF({e}.rate_limit, 'null') IS NULL AND NOT {is_unwell_sql(h)})"
    )


def is_unwell_sql(h: str) -> str:
    """The health of the endpoint limits its deliveries."""
    return f"({h}.breaker <> 'closed' OR {h}.reduced_concurrency IS NOT NULL OR ({h}.hold_until > now()) IS TRUE)"


def success_changes_health_sql(h: str) -> str:
    """A success changes the health of the endpoint."""
    return (
        f"({h}.breaker <> 'closed' OR {h}.reduced_concurrency IS NOT NULL OR {h}.hold_until IS NOT NULL "
        f"OR {h}.failing_since IS NOT NULL OR {h}.notices > 0)"
    )


def _other_of_subject_sql(d: str, which: str) -> str:
    return (
        f"EXISTS (SELECT FROM webhook_deliveries other WHERE other.agency_id = {d}.agency_id "
        f"AND other.endpoint_id = {d}.endpoint_id AND other.ordered AND {is_open_sql('other')} "
        f"AND other.subject_id = {d}.subject_id AND other.id <> {d}.id AND {which})"
    )


def _of_deliveries(sql: str) -> ColumnElement[bool]:
    return literal_column(f"({sql})", Boolean)


def is_open() -> ColumnElement[bool]:
    """The delivery has not ended."""
    return _of_deliveries(is_open_sql("webhook_deliveries"))


def is_unleased() -> ColumnElement[bool]:
    """No worker has a lease."""
    return _of_deliveries(is_unleased_sql("webhook_deliveries"))


def has_earlier() -> ColumnElement[bool]:
    """An earlier delivery of its subject is open."""
    return _of_deliveries(has_earlier_sql("webhook_deliveries"))


def waits_for_nothing() -> ColumnElement[bool]:
    """Not ordered, or no earlier delivery or event of its subject is open."""
    table = "webhook_deliveries"
    return _of_deliveries(f"NOT {table}.ordered OR NOT ({has_earlier_sql(table)} OR {has_event_to_come_sql(table)})")


def is_open_indexed() -> ColumnElement[bool]:
    """Open, in the terms of two partial indexes: the queues, and deliveries that wait in an order."""
    return is_open() & (Delivery.due_at.is_not(None) | (Delivery.ordered & is_open()))


def is_in_flight() -> ColumnElement[bool]:
    """A worker is sending it."""
    return is_open() & Delivery.lease_token.is_not(None) & func.coalesce(Delivery.lease_until > func.now(), False)


def is_late() -> tuple[ColumnElement[bool], ...]:
    """Due for longer than LATE, and not leased."""
    # both classes are named so that the index by endpoint, class and time can be walked
    return Delivery.slot_class.in_(("new", "retry")), Delivery.due_at < func.now() - LATE, is_unleased()


def endpoint_is_active() -> ColumnElement[bool]:
    """The endpoint is active."""
    return and_(Endpoint.deleted_at.is_(None), Endpoint.status == "active")


def endpoint_hold() -> ColumnElement[str | None]:
    """Reason that holds all deliveries of an endpoint; null for none."""
    return case(
        (literal_column(is_paused_sql("webhook_endpoints"), Boolean), "paused"),
        (EndpointHealth.hold_until > func.now(), "retry_after"),
        (breaker_is_open(), "circuit"),
        (_is_out_of_tokens(), "rate_limit"),
        else_=null(),
    )


def breaker_is_open() -> ColumnElement[bool]:
    """The circuit breaker lets no attempt leave; once its time is over the next attempt is a probe."""
    return and_(EndpointHealth.breaker == "open", EndpointHealth.open_until > func.now())


def endpoint_accepts_deliveries() -> ColumnElement[bool]:
    """Due deliveries should leave now: the endpoint is active and not held, its breaker closed."""
    closed = or_(EndpointHealth.breaker.is_(None), EndpointHealth.breaker == "closed")
    return and_(endpoint_is_active(), closed, endpoint_hold().is_(None))


def with_health(query: Any) -> Any:
    """The query over endpoints with their health."""
    same = and_(EndpointHealth.agency_id == Endpoint.agency_id, EndpointHealth.id == Endpoint.id)
    return query.select_from(Endpoint).outerjoin(EndpointHealth, same)


def stuck_endpoints() -> Subquery:
    """Endpoints (`agency_id`, `id`) that accept deliveries and have a late one, but were sent nothing recently."""
    found = with_health(select(Endpoint.agency_id, Endpoint.id))
    has_late = exists().where(*_of_endpoint(Delivery), *is_late())
    # a slow receiver with a long queue is not stuck: something is sent to it now and then
    sent = exists().where(
        *_of_endpoint(Attempt),
        Attempt.id > ids.since("attempt", clock.now() - LATE),
        Attempt.created_at > func.now() - LATE,
    )
    stuck: Subquery = found.where(endpoint_accepts_deliveries(), has_late, ~sent).subquery("stuck")
    return stuck


def delivery_hold() -> ColumnElement[str | None]:
    """Reason that holds a delivery which would be sent otherwise; null for none."""
    waits = Delivery.due_at.is_(None) & (Delivery.reason == "ordering")
    due = waits | func.coalesce(Delivery.due_at <= func.now(), False)
    held_by = func.coalesce(endpoint_hold(), case((waits, "ordering"), else_=null()))
    return case((and_(is_open(), ~is_in_flight(), due), held_by), else_=null())


def visible_status() -> ColumnElement[str]:
    """Visible status: as stored, `in_flight` during a lease, `held` while something holds it."""
    return case((is_in_flight(), "in_flight"), (delivery_hold().is_not(None), "held"), else_=Delivery.status)


def visible_reason() -> ColumnElement[str | None]:
    """Reason for the visible status."""
    return func.coalesce(delivery_hold(), Delivery.reason)


def with_visible_status(agency_id: str) -> Select[Delivery, str, str | None]:
    """Deliveries of an agency with their visible status and its reason."""
    return (
        select(Delivery, visible_status(), visible_reason())
        .join(Endpoint, (Endpoint.agency_id == Delivery.agency_id) & (Endpoint.id == Delivery.endpoint_id))
        .outerjoin(
            EndpointHealth,
            (EndpointHealth.agency_id == Delivery.agency_id) & (EndpointHealth.id == Delivery.endpoint_id),
        )
        .where(Delivery.agency_id == agency_id)
    )


def has_visible_status(wanted: VisibleStatus) -> ColumnElement[bool]:
    """Has this visible status, in terms that an index serves where possible."""
    if wanted == "in_flight":
        return is_open_indexed() & is_in_flight()
    if wanted == "held":
        return is_open_indexed() & delivery_hold().is_not(None)
    stored = Delivery.status == _WRITTEN[wanted]
    if wanted in OPEN:
        return stored & is_open_indexed() & ~is_in_flight() & delivery_hold().is_(None)
    return stored


def has_status_class(wanted: StatusClass) -> ColumnElement[bool]:
    """The last attempt got a response of this class; `none`: no response."""
    if wanted == "none":
        return Delivery.last_code.is_not(None) & _hundreds().is_(None)
    return _hundreds() == int(wanted[0])


def _is_out_of_tokens() -> ColumnElement[bool]:
    """The token bucket of the rate limit is empty; see `policies.health_rules.tokens_now`."""
    limit = Endpoint.rate_limit
    burst, most, seconds = (cast(limit[key].astext, Float) for key in ("burst", "max", "per_seconds"))
    since = extract("epoch", func.now() - EndpointHealth.tokens_at)
    now = func.least(burst, EndpointHealth.tokens + cast(since, Float) * most / seconds)
    return and_(func.jsonb_typeof(limit) == "object", now < 1)


def _of_endpoint(model: type[Delivery] | type[Attempt]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return model.agency_id == Endpoint.agency_id, model.endpoint_id == Endpoint.id


def _hundreds() -> ColumnElement[int | None]:
    """Class of the last code. Codes such as `throttled` (429 or 503) are looked up in the attempt."""
    code = Delivery.last_code
    return case(
        (code.is_(None), null()),
        (code.regexp_match("^http_[1-5]"), cast(func.substr(code, 6, 1), Integer)),
        (code == "redirect", 3),
        (code == "gone", 4),
        (code.like(any_(array(_SILENT))), null()),
        else_=_status_of_last_attempt() // 100,
    )


def _status_of_last_attempt() -> ColumnElement[int | None]:
    return (
        select(Attempt.status)
        .where(Attempt.agency_id == Delivery.agency_id, Attempt.delivery_id == Delivery.id)
        .order_by(Attempt.id.desc())
        .limit(1)
        .correlate(Delivery)
        .scalar_subquery()
    )
