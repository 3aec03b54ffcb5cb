"""What an agency does to deliveries: asks for a test, cancels what is pending by deleting an endpoint."""

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalogue
from app.events import queries as events
from app.events.record import record
from app.kit.refusal import Refusal
from app.webhooks.dispatch import letters, queries
from app.webhooks.dispatch.model import TERMINAL, Delivery
from app.webhooks.endpoints import actions as endpoint_actions
from app.webhooks.endpoints import queries as endpoints

TESTS_A_MINUTE = 10


class TooManyTests(Refusal):
    """Test deliveries are for people, not for load."""

    status = 429
    code = "too_many_tests"
    detail = f"There were {TESTS_A_MINUTE} test deliveries in the last minute."
    hint = "Wait a minute and send the test again."


class EndpointDisabled(Refusal):
    """Nothing is sent to a disabled endpoint, tests neither."""

    status = 409
    code = "endpoint_disabled"
    detail = "This endpoint is disabled; nothing is sent to it."


async def send_test(
    session: AsyncSession, agency_id: str, endpoint_id: str, *, event_type: str, actor: str
) -> Delivery:
    """Queues the example of an event type, marked as a test, for this endpoint alone.

    Raises NotFound, EventTypeUnknown, EndpointDisabled and TooManyTests.
    """
    endpoint = await endpoints.find(session, agency_id, endpoint_id)
    kind = catalogue.FOR_CRMS.get(event_type)
    if kind is None:
        raise endpoint_actions.unknown_type(event_type)
    if endpoint.state != "active":
        raise EndpointDisabled
    if await queries.tests_in_last_minute(session, agency_id) >= TESTS_A_MINUTE:
        raise TooManyTests
    example = catalogue.example(kind)
    event = await record(
        session, kind, agency_id=agency_id, subject_id=example["subject"]["id"], actor=actor,
        data=example["data"], test=True,
    )  # fmt: skip
    happened = await events.find(session, agency_id, event.id)
    [delivery_id] = await letters.write(session, agency_id, happened, [endpoint], series="test")
    delivery, _ = await queries.find(session, agency_id, delivery_id)
    return delivery


async def delete_endpoint(session: AsyncSession, agency_id: str, endpoint_id: str, *, actor: str) -> None:
    """Deletes an endpoint and cancels what is pending; what is in flight ends as a late attempt.

    Raises NotFound.
    """
    await endpoint_actions.delete_endpoint(session, agency_id, endpoint_id, actor=actor)
    await session.execute(
        update(Delivery)
        .where(
            Delivery.agency_id == agency_id,
            Delivery.endpoint_id == endpoint_id,
            Delivery.state.not_in(TERMINAL),
        )
        .values(state="cancelled", reason="endpoint_deleted", due_at=None, lease_until=None, lease_token=None)
        .execution_options(synchronize_session=False)
    )
