"""Test deliveries, and the quota that they share with challenges."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog, schema
from app.events import queries as events
from app.events.catalog import ENDPOINT_VERIFICATION_SENT
from app.events.models import Event
from app.events.recorder import record
from app.kit import clock, ids
from app.kit.errors import AppError, InvalidInput
from app.kit.input.validation_errors import checked
from app.webhooks.deliveries import creation
from app.webhooks.deliveries.service import EndpointDisabled
from app.webhooks.endpoints import queries as endpoints
from app.webhooks.endpoints import service as endpoint_actions
from app.webhooks.models import Delivery

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

    `data` replaces values of the example. Raises NotFound, EventTypeUnknown, InvalidInput, EndpointDisabled and
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
    await lock_quota(session, agency_id)
    if await sent_in_last_minute(session, agency_id) >= TESTS_A_MINUTE:
        raise TooManyTests
    event_id = await record(
        session, kind, agency_id=agency_id, subject_id=example["subject"]["id"], actor=actor, data=values, test=True
    )  # fmt: skip
    happened = await events.find(session, agency_id, event_id)
    [delivery_id] = await creation.create_deliveries(session, agency_id, happened, [endpoint], origin="test")
    return delivery_id


def _known(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Raises InvalidInput for keys that no event has, and for values that are not of their kind."""
    unknown = next((key for key in data if key not in schema.Data.model_fields), None)
    if unknown is not None:
        raise InvalidInput(fields={"data": f"No event has a key {unknown[:64]!r}."})
    checked(schema.Data, **data)
    return data


_MINUTE = timedelta(minutes=1)
#: As far as the clocks of two machines may lie apart: ids are theirs, times the database's.
_APART = timedelta(minutes=1)


async def lock_quota(session: AsyncSession, agency_id: str) -> None:
    """Lets whoever counts before sending by hand wait for whoever of the agency does so now."""
    lock = func.hashtextextended(f"webhook tests {agency_id}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(lock)))


async def sent_in_last_minute(session: AsyncSession, agency_id: str) -> int:
    """Tests and challenges of an agency in the last minute."""
    asked = select(func.count()).where(
        Event.agency_id == agency_id,
        Event.id >= ids.first("evt", clock.now() - _MINUTE - _APART),
        Event.type == ENDPOINT_VERIFICATION_SENT.name,
        Event.occurred_at > func.now() - _MINUTE,
    )
    challenges = (await session.execute(asked)).scalar_one()
    made = select(func.count()).where(
        Delivery.agency_id == agency_id,
        Delivery.id >= ids.first("delivery", clock.now() - _MINUTE - _APART),
        Delivery.origin == "test",
        Delivery.created_at > func.now() - _MINUTE,
    )
    tests = (await session.execute(made)).scalar_one()
    return challenges + tests
