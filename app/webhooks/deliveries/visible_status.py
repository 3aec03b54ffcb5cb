"""The status a delivery is shown in: as it is stored, `in_flight` while its lease runs, `held` while something holds
it.

SQL of one place, so that a list can be filtered by what it shows.
"""

from typing import Literal, get_args

from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    and_,
    case,
    cast,
    extract,
    func,
    literal_column,
    null,
    select,
)

from app.webhooks.endpoints.models import Endpoint, EndpointHealth
from app.webhooks.models import OPEN, Delivery, State

Shown = State | Literal["in_flight", "held"]
Hold = Literal["paused", "circuit", "retry_after", "rate_limit", "ordering"]
HOLDS = get_args(Hold)

#: Written out and not bound: a plan for any status could not use the partial indexes.
_WRITTEN: dict[str, ColumnElement[str]] = {name: literal_column(f"'{name}'") for name in get_args(State)}


def not_over() -> ColumnElement[bool]:
    """True for deliveries that something will still happen to."""
    return Delivery.status.in_((_WRITTEN["pending"], _WRITTEN["retrying"]))


def reachable() -> ColumnElement[bool]:
    """True for all that are not over, said in the words of two small indexes: the lanes, and those waiting in order."""
    return not_over() & (Delivery.due_at.is_not(None) | (Delivery.ordered & not_over()))


def in_flight() -> ColumnElement[bool]:
    """True for deliveries that a worker is sending now."""
    return not_over() & Delivery.lease_token.is_not(None) & func.coalesce(Delivery.lease_until > func.now(), False)


def hold_of_endpoint() -> ColumnElement[str | None]:
    """What holds back everything of an endpoint now; null: nothing does."""
    return case(
        (Endpoint.paused_at.is_not(None) | (Endpoint.status == "pending_verification"), "paused"),
        (EndpointHealth.hold_until > func.now(), "retry_after"),
        ((EndpointHealth.breaker == "open") & (EndpointHealth.open_until > func.now()), "circuit"),
        (_out_of_tokens(), "rate_limit"),
        else_=null(),
    )


def hold() -> ColumnElement[str | None]:
    """What holds a delivery back that would else be on its way; null: nothing does."""
    waits = Delivery.due_at.is_(None) & (Delivery.reason == "ordering")
    due = waits | func.coalesce(Delivery.due_at <= func.now(), False)
    held_by = func.coalesce(hold_of_endpoint(), case((waits, "ordering"), else_=null()))
    return case((and_(not_over(), ~in_flight(), due), held_by), else_=null())


def status() -> ColumnElement[str]:
    """The status shown."""
    return case((in_flight(), "in_flight"), (hold().is_not(None), "held"), else_=Delivery.status)


def reason() -> ColumnElement[str | None]:
    """Why it is in that status."""
    return func.coalesce(hold(), Delivery.reason)


def shown(agency_id: str) -> Select[Delivery, str, str | None]:
    """Deliveries of an agency with the status and the reason they are shown with."""
    return (
        select(Delivery, status(), reason())
        .join(Endpoint, (Endpoint.agency_id == Delivery.agency_id) & (Endpoint.id == Delivery.endpoint_id))
        .outerjoin(
            EndpointHealth,
            (EndpointHealth.agency_id == Delivery.agency_id) & (EndpointHealth.id == Delivery.endpoint_id),
        )
        .where(Delivery.agency_id == agency_id)
    )


def is_shown_as(wanted: Shown) -> ColumnElement[bool]:
    """True for deliveries shown in a status. In words that an index serves wherever one does."""
    if wanted == "in_flight":
        return reachable() & in_flight()
    if wanted == "held":
        return reachable() & hold().is_not(None)
    stored = Delivery.status == _WRITTEN[wanted]
    if wanted in OPEN:
        return stored & reachable() & ~in_flight() & hold().is_(None)
    return stored


def _out_of_tokens() -> ColumnElement[bool]:
    limit = Endpoint.rate_limit
    burst, most, seconds = (cast(limit[key].astext, Float) for key in ("burst", "max", "per_seconds"))
    since = extract("epoch", func.now() - EndpointHealth.tokens_at)
    now = func.least(burst, EndpointHealth.tokens + cast(since, Float) * most / seconds)
    return and_(func.jsonb_typeof(limit) == "object", now < 1)
