"""JSON routes: test deliveries."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from app.kit.database import Session, Sessions
from app.kit.input.fields import EventTypeName, Line500, RequestShape, Word
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute
from app.webhooks.deliveries import queries
from app.webhooks.deliveries.schemas import AttemptView, DeliveryView, attempt_view, delivery_view
from app.webhooks.endpoints import queries as endpoints
from app.webhooks.long_poll_response import DeferredResponse
from app.webhooks.test_deliveries import service

router = APIRouter(prefix="/webhooks", tags=["webhooks"], route_class=ApiRoute)

Writer = Annotated[Principal, requires("webhooks:write")]
Value = Line500 | Annotated[int, Field(ge=0, le=10**9)] | None


class TestWish(RequestShape):
    """Which type of event to send the example of, and what to put in the place of the example's values."""

    __test__ = False  # no test case, whatever pytest thinks of its name

    event_type: EventTypeName = Field(examples=["access.verified"])
    data: dict[Word, Value] = Field(
        default_factory=dict,
        max_length=50,
        description="Keys of `data` as events have them.",
        examples=[{"external_id": "hubspot:1234"}],
    )


class TestView(DeliveryView):
    """A test delivery; `attempt` is what came of it, where the request waited for that."""

    __test__ = False

    attempt: AttemptView | None


@router.post(
    "/endpoints/{endpoint_id}/test",
    status_code=202,
    response_model=TestView,
    responses={200: {"model": TestView, "description": "Sent, with its attempt (`wait=true`)."}},
)
async def send_test(
    request: Request,
    caller: Writer,
    session: Session,
    endpoint_id: str,
    given: TestWish,
    wait: Annotated[bool, Query(description="Answers with the attempt, if there is one within 20 seconds.")] = False,
) -> TestView | Response:
    """Queues the example of an event type for this endpoint alone, signed, with `"test": true`.

    A repeated request (Idempotency-Key) gets the delivery as it was queued, and sends nothing again.
    """
    await endpoints.check_opens(session, request.app.state.keyring, caller.agency_id, endpoint_id)
    delivery_id = await service.send_test(
        session, caller.agency_id, endpoint_id, event_type=given.event_type, actor=caller.actor, data=given.data
    )
    seen = await queries.find(session, caller.agency_id, delivery_id)
    queued = TestView(**dict(delivery_view(seen)), attempt=None)
    if not wait:
        return queued
    return DeferredResponse(queued, partial(_look, request.app.state.sessions, caller.agency_id, delivery_id))


async def _look(sessions: Sessions, agency_id: str, delivery_id: str) -> TestView | None:
    """The delivery once it was attempted; in a transaction of its own, which is over when it returns."""
    async with sessions() as session:
        seen = await queries.find(session, agency_id, delivery_id)
        if not seen.delivery.attempt_count:
            return None
        newest: Any = await queries.attempts(session, agency_id, delivery_id, limit=1)
    return TestView(**dict(delivery_view(seen)), attempt=attempt_view(newest[0]) if newest else None)
