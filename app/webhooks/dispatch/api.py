"""JSON routes: deliveries and their attempts, test deliveries, and the end of an endpoint."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from app.kit import clock
from app.kit.database import Session
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.people.members.caller import Caller, requires
from app.people.members.route import ApiRoute
from app.webhooks.dispatch import actions, queries
from app.webhooks.dispatch.model import Attempt, Delivery, State
from app.webhooks.dispatch.outcome import shown

router = APIRouter(prefix="/webhooks", tags=["webhooks"], route_class=ApiRoute)

Reader = Annotated[Caller, requires("webhooks:read")]
Writer = Annotated[Caller, requires("webhooks:write")]
Shown = State | Literal["in_flight"]


class TestWish(BaseModel):
    """Which type of event to send the example of."""

    model_config = ConfigDict(extra="forbid")
    __test__ = False  # no test case, whatever pytest thinks of its name

    event_type: str = Field(max_length=128, examples=["ask.verified"])


class DeliveryView(BaseModel):
    """One event on its way to one endpoint."""

    id: str = Field(examples=["delivery_01ksy1q3e0fzs8qj5m8g3d4w7z"])
    endpoint_id: str = Field(examples=["endpoint_01ksy1q3e0fzs8qj5m8g3d4w7x"])
    event_id: str = Field(examples=["evt_01ksy1q3e0fzs8qj5m8g3d4w7y"])
    event_type: str = Field(examples=["ask.verified"])
    subject_id: str = Field(examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    sequence: int = Field(examples=[17])
    test: bool
    state: Shown
    reason: str | None = Field(description="Why it is in this state.", examples=["http_500"])
    attempt_count: int = Field(examples=[2])
    last_code: str | None = Field(examples=["http_500"])
    first_attempt_at: str | None = Field(examples=["2026-12-04T13:32:10.323Z"])
    last_attempt_at: str | None = Field(examples=["2026-12-04T13:32:15.523Z"])
    next_attempt_at: str | None = Field(examples=["2026-12-04T13:32:46.000Z"])
    expires_at: str = Field(examples=["2026-12-09T13:32:10.123Z"])
    created_at: str = Field(examples=["2026-12-04T13:32:10.223Z"])


class AttemptView(BaseModel):
    """One HTTP request: what was answered, and how long each phase took."""

    id: str = Field(examples=["attempt_01ksy1q3e0fzs8qj5m8g3d4w80"])
    number: int = Field(examples=[1])
    late: bool = Field(description="It left, but its delivery was decided elsewhere meanwhile.")
    arrived: bool
    code: str = Field(examples=["http_500"])
    explanation: str = Field(examples=["The receiver answered 500."])
    status: int | None = Field(examples=[500])
    response_headers: dict[str, str] = Field(examples=[{"content-type": "text/plain"}])
    response_body: str = Field(description="Its first 16 KiB.", examples=["Internal Server Error"])
    address: str | None = Field(examples=["203.0.113.80"])
    tls: str | None = Field(examples=["TLSv1.3"])
    dns_ms: int | None = Field(examples=[12])
    connect_ms: int | None = Field(description="With TLS; null on a connection kept.", examples=[48])
    first_byte_ms: int | None = Field(examples=[95])
    total_ms: int = Field(examples=[161])
    created_at: str = Field(examples=["2026-12-04T13:32:15.523Z"])


@router.post("/endpoints/{endpoint_id}/test", status_code=202)
async def send_test(caller: Writer, session: Session, endpoint_id: str, given: TestWish) -> DeliveryView:
    """Queues the example of an event type for this endpoint alone, signed, with `"test": true`."""
    delivery = await actions.send_test(
        session, caller.agency_id, endpoint_id, event_type=given.event_type, actor=caller.actor
    )
    return delivery_view(delivery, in_flight=False)


@router.delete("/endpoints/{endpoint_id}", status_code=204)
async def delete_endpoint(caller: Writer, session: Session, endpoint_id: str) -> Response:
    """Ends an endpoint; its pending deliveries are cancelled and stay listed."""
    await actions.delete_endpoint(session, caller.agency_id, endpoint_id, actor=caller.actor)
    return Response(status_code=204)


@router.get("/deliveries")
async def list_deliveries(
    caller: Reader,
    session: Session,
    endpoint_id: Annotated[str | None, Query(max_length=64)] = None,
    event_type: Annotated[str | None, Query(max_length=128)] = None,
    state: Shown | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DeliveryView]:
    """Deliveries of the agency, newest first; those of deleted endpoints too."""
    rows = await queries.page(
        session,
        caller.agency_id,
        limit=limit + 1,
        before=before(cursor, "delivery"),
        endpoint_id=endpoint_id,
        event_type=event_type,
        state=state,
    )
    return by_id([delivery_view(row, in_flight=in_flight) for row, in_flight in rows], limit)


@router.get("/deliveries/{delivery_id}")
async def read_delivery(caller: Reader, session: Session, delivery_id: str) -> DeliveryView:
    """One delivery."""
    row, in_flight = await queries.find(session, caller.agency_id, delivery_id)
    return delivery_view(row, in_flight=in_flight)


@router.get("/deliveries/{delivery_id}/attempts")
async def list_attempts(
    caller: Reader, session: Session, delivery_id: str, limit: Limit = 50, cursor: Cursor = None
) -> Page[AttemptView]:
    """The attempts of a delivery, newest first."""
    await queries.find(session, caller.agency_id, delivery_id)
    rows = await queries.attempts(
        session, caller.agency_id, delivery_id, limit=limit + 1, before=before(cursor, "attempt")
    )
    return by_id([_attempt_view(row) for row in rows], limit)


def delivery_view(row: Delivery, *, in_flight: bool) -> DeliveryView:
    """From the row, and whether a worker is sending it now."""
    return DeliveryView(
        id=row.id,
        endpoint_id=row.endpoint_id,
        event_id=row.event_id,
        event_type=row.event_type,
        subject_id=row.subject_id,
        sequence=row.sequence,
        test=row.series == "test",
        state="in_flight" if in_flight else row.state,
        reason=shown(row.reason) if row.reason else None,
        attempt_count=row.attempt_count,
        last_code=shown(row.last_code) if row.last_code else None,
        first_attempt_at=clock.iso(row.first_attempt_at),
        last_attempt_at=clock.iso(row.last_attempt_at),
        next_attempt_at=clock.iso(row.due_at),
        expires_at=clock.iso(row.expires_at) or "",
        created_at=clock.iso(row.created_at) or "",
    )


def _attempt_view(row: Attempt) -> AttemptView:
    return AttemptView(
        id=row.id,
        number=row.number,
        late=row.late,
        arrived=row.arrived,
        code=shown(row.code),
        explanation=row.explanation,
        status=row.status,
        response_headers=row.headers,
        response_body=row.body,
        address=row.address,
        tls=row.tls,
        dns_ms=row.dns_ms,
        connect_ms=row.connect_ms,
        first_byte_ms=row.first_byte_ms,
        total_ms=row.total_ms,
        created_at=clock.iso(row.created_at) or "",
    )
