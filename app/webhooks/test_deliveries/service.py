"""What an agency does to deliveries: asks for a test."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog, schema
from app.events import queries as events
from app.events.recorder import record
from app.kit.errors import AppError, InvalidInput
from app.kit.input.validation_errors import checked
from app.webhooks.deliveries.service import EndpointDisabled
from app.webhooks.dispatcher import delivery_writer
from app.webhooks.endpoints import queries as endpoints
from app.webhooks.endpoints import service as endpoint_actions
from app.webhooks.verification import queries as by_hand

TESTS_A_MINUTE = 10


class TooManyTests(AppError):
    """Test deliveries are for people, not for load."""

    status = 429
    code = "too_many_tests"
    detail = f"There were {TESTS_A_MINUTE} test deliveries in the last minute."
    hint = "Wait a minute and send the test again."


async def send_test(
    session: AsyncSession,
    agency_id: str,
    endpoint_id: str,
    *,
    event_type: str,
    actor: str,
    data: Mapping[str, Any] | None = None,
) -> str:
    """Queues the example of an event type, marked as a test, for this endpoint alone; the id of the delivery.

    `data` takes the place of the example's values. Raises NotFound, EventTypeUnknown, Malformed, EndpointDisabled and
    TooManyTests.
    """
    endpoint = await endpoints.find(session, agency_id, endpoint_id)
    kind = catalog.FOR_CRMS.get(event_type)
    if kind is None:
        raise endpoint_actions.unknown_type(event_type)
    example = catalog.example(kind)
    values = {**example["data"], **_known(data or {})}
    if endpoint.status != "active":
        raise EndpointDisabled
    await by_hand.one_at_a_time(session, agency_id)
    if await by_hand.sent_in_last_minute(session, agency_id) >= TESTS_A_MINUTE:
        raise TooManyTests
    event_id = await record(
        session, kind, agency_id=agency_id, subject_id=example["subject"]["id"], actor=actor, data=values, test=True
    )  # fmt: skip
    happened = await events.find(session, agency_id, event_id)
    [delivery_id] = await delivery_writer.write(session, agency_id, happened, [endpoint], series="test")
    return delivery_id


def _known(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Raises Malformed for keys that no event has, and for values that are not of their kind."""
    unknown = next((key for key in data if key not in schema.Data.model_fields), None)
    if unknown is not None:
        raise InvalidInput(fields={"data": f"No event has a key {unknown[:64]!r}."})
    checked(schema.Data, **data)
    return data
