"""Sending a delivery: what arrives, what is written down, and what happens when it does not arrive."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from standardwebhooks import Webhook

from app.events import catalog
from app.events.catalog import EventType
from app.events.models import Event
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.webhooks.context import WebhookContext
from app.webhooks.endpoints.service import delete_endpoint
from app.webhooks.endpoints.verification import send_test
from app.webhooks.models import WebhookBody
from tests.kit.egress.receivers import Receiver, answers, receiver
from tests.webhooks import scenes
from tests.world import PUBLIC_URL, TESTS, World

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
BROKEN = b"HTTP/1.1 500 Oh\r\ncontent-length: 4\r\n\r\noops"


def request_of(there: Receiver) -> tuple[dict[str, str], bytes]:
    """Headers and body of the last request."""
    head, _, body = there.requests[-1].partition(b"\r\n\r\n")
    lines = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
    return {name.lower(): value for name, value in lines}, body


async def exhaustions(sessions: Sessions, agency_id: str) -> list[Event]:
    query = select(Event).where(Event.agency_id == agency_id, Event.type == "webhook.delivery.exhausted")
    async with sessions() as session:
        return list((await session.scalars(query)).all())


async def test_it_arrives_signed_and_is_written_down(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(OK)) as there:
        endpoint, secret = await scenes.make_endpoint(
            sessions, keyring, agency_id, there.url, headers={"Authorization": "Bearer of-theirs"}
        )
        event = await scenes.happen(sessions, agency_id, client_name="Zoë – 東京 💼")
        await scenes.fan_all_out(tools)
        row = await scenes.attempt(tools)
    headers, body = request_of(there)
    verified = Webhook(secret).verify(body.decode(), headers)
    assert verified["data"]["client_name"] == "Zoë – 東京 💼"
    assert headers["webhook-id"] == event.id == verified["id"]
    assert headers["authorization"] == "Bearer of-theirs"
    assert headers["x-keyturn-attempt"] == "1"
    assert headers["x-keyturn-delivery-id"] == row.id
    assert headers["x-keyturn-endpoint-id"] == endpoint.id
    assert (row.status, row.reason, row.due_at, row.attempt_count) == ("succeeded", None, None, 1)
    assert (row.last_code, row.lease_token, row.tries) == ("http_200", None, 0)
    [made] = await scenes.attempts(sessions, row)
    assert (made.number, made.arrived, made.late, made.status, made.body) == (1, True, False, 200, "ok")
    assert (made.address, made.worker) == ("127.0.0.1", "test:1")


async def test_a_failure_is_tried_again_with_the_same_id_and_bytes(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(BROKEN)) as there:
        await scenes.make_endpoint(sessions, keyring, agency_id, there.url)
        await scenes.happen(sessions, agency_id)
        await scenes.fan_all_out(tools)
        row = await scenes.attempt(tools)
        assert (row.status, row.reason, row.attempt_count) == ("retrying", "http_500", 1)
        assert row.due_at is not None
        assert row.last_attempt_at is not None
        assert timedelta(seconds=5) <= row.due_at - row.last_attempt_at <= timedelta(seconds=6)
        first = request_of(there)
        await scenes.change(sessions, row, due_at=func.now())
        row = await scenes.attempt(tools)
        second = request_of(there)
    assert row.attempt_count == 2
    assert first[1] == second[1]
    assert first[0]["webhook-id"] == second[0]["webhook-id"]
    assert second[0]["x-keyturn-attempt"] == "2"
    assert [made.number for made in await scenes.attempts(sessions, row)] == [1, 2]


async def test_a_wait_asked_for_is_kept(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    busy = b"HTTP/1.1 429 Slow\r\nretry-after: 600\r\ncontent-length: 0\r\n\r\n"
    async with receiver(answers(busy)) as there:
        await scenes.make_endpoint(sessions, keyring, agency_id, there.url)
        await scenes.happen(sessions, agency_id)
        await scenes.fan_all_out(tools)
        row = await scenes.attempt(tools)
    assert (row.status, row.reason) == ("retrying", "throttled")
    assert row.due_at is not None
    assert row.last_attempt_at is not None
    assert row.due_at - row.last_attempt_at >= timedelta(minutes=10)


async def test_the_last_failure_exhausts_it_and_is_told(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(BROKEN)) as there:
        endpoint, _ = await scenes.make_endpoint(sessions, keyring, agency_id, there.url, retry_policy="none")
        await scenes.happen(sessions, agency_id)
        await scenes.fan_all_out(tools)
        row = await scenes.attempt(tools)
    assert (row.status, row.reason, row.due_at) == ("exhausted", "attempts_used", None)
    [told] = await exhaustions(sessions, agency_id)
    assert told.facts["delivery_id"] == row.id
    assert told.facts["endpoint_id"] == endpoint.id
    assert (told.facts["reason"], told.facts["sample_event_id"]) == ("attempts_used", row.event_id)


@pytest.mark.parametrize("event_type", [catalog.ENDPOINT_CREATED, catalog.DELIVERY_EXHAUSTED])
async def test_news_of_webhooks_that_cannot_be_delivered_makes_no_more_news(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World, event_type: EventType[Any]
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(BROKEN)) as there:
        await scenes.make_endpoint(sessions, keyring, agency_id, there.url, [event_type.name], retry_policy="none")
        await scenes.happen(sessions, agency_id, event_type, endpoint_id="endpoint_other")
        before = len(await exhaustions(sessions, agency_id))
        await scenes.fan_all_out(tools)
        row = await scenes.attempt(tools)
    assert row.status == "exhausted"
    assert len(await exhaustions(sessions, agency_id)) == before


async def test_a_test_reaches_its_endpoint_alone_and_makes_no_news(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    await scenes.fan_all_out(tools)
    async with receiver(answers(BROKEN)) as there, receiver(answers(OK)) as other:
        endpoint, secret = await scenes.make_endpoint(
            sessions, keyring, agency_id, there.url, ["link.opened"], retry_policy="none"
        )
        await scenes.make_endpoint(sessions, keyring, agency_id, other.url, ["*"])
        async with sessions.begin() as session:
            await send_test(
                session, agency_id, endpoint.id, event_type="access.blocked", actor=TESTS, public_url=PUBLIC_URL
            )
        await scenes.fan_all_out(tools)
        row = await scenes.attempt(tools)
    headers, body = request_of(there)
    verified = Webhook(secret).verify(body.decode(), headers)
    assert (verified["test"], verified["type"], verified["agency_id"]) == (True, "access.blocked", agency_id)
    assert other.requests == []
    assert (row.origin, row.status) == ("test", "exhausted")
    assert await exhaustions(sessions, agency_id) == []


async def test_a_deleted_endpoint_cancels_what_is_pending(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(OK)) as there:
        endpoint, _ = await scenes.make_endpoint(sessions, keyring, agency_id, there.url)
        await scenes.happen(sessions, agency_id)
        await scenes.fan_all_out(tools)
        async with sessions.begin() as session:
            await delete_endpoint(session, agency_id, endpoint.id, actor=TESTS)
        assert await scenes.claimed(tools) == []
    [row] = await scenes.deliveries(sessions, agency_id)
    assert (row.status, row.reason, row.due_at) == ("cancelled", "endpoint_deleted", None)
    assert there.requests == []


async def test_what_was_in_flight_when_its_endpoint_went_is_written_down_as_late(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    endpoint_id = ""

    async def talk(writer: asyncio.StreamWriter) -> None:
        async with sessions.begin() as session:
            await delete_endpoint(session, agency_id, endpoint_id, actor=TESTS)
        writer.write(OK)

    async with receiver(talk) as there:
        endpoint, _ = await scenes.make_endpoint(sessions, keyring, agency_id, there.url)
        endpoint_id = endpoint.id
        await scenes.happen(sessions, agency_id)
        await scenes.fan_all_out(tools)
        [delivery] = await scenes.claimed(tools)
        assert not await scenes.deliver(tools, delivery)
    [row] = await scenes.deliveries(sessions, agency_id)
    assert (row.status, row.attempt_count) == ("cancelled", 0)
    [made] = await scenes.attempts(sessions, row)
    assert (made.late, made.arrived) == (True, True)


async def test_one_whose_lease_ran_out_decides_nothing(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(BROKEN)) as there:
        await scenes.make_endpoint(sessions, keyring, agency_id, there.url)
        await scenes.happen(sessions, agency_id)
        await scenes.fan_all_out(tools)
        [slow] = await scenes.claimed(tools)
        [row] = await scenes.deliveries(sessions, agency_id)
        await scenes.change(sessions, row, lease_until=func.now() - timedelta(seconds=1))
        [quick] = await scenes.claimed(tools)
        assert not await scenes.deliver(tools, slow)
        assert await scenes.deliver(tools, quick)
    [row] = await scenes.deliveries(sessions, agency_id)
    assert (row.status, row.attempt_count) == ("retrying", 1)
    assert [made.late for made in await scenes.attempts(sessions, row)] == [True, False]


async def test_what_is_too_old_is_not_sent(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(OK)) as there:
        await scenes.make_endpoint(sessions, keyring, agency_id, there.url)
        await scenes.happen(sessions, agency_id)
        await scenes.fan_all_out(tools)
        [row] = await scenes.deliveries(sessions, agency_id)
        await scenes.change(sessions, row, expires_at=datetime.now(UTC) - timedelta(seconds=1))
        row = await scenes.attempt(tools)
    assert (row.status, row.reason, row.attempt_count) == ("cancelled", "expired", 0)
    assert there.requests == []
    assert len(await exhaustions(sessions, agency_id)) == 1


async def test_one_whose_body_was_dropped_is_not_sent(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(OK)) as there:
        await scenes.make_endpoint(sessions, keyring, agency_id, there.url)
        await scenes.happen(sessions, agency_id)
        await scenes.fan_all_out(tools)
        async with sessions.begin() as session:
            await session.execute(delete(WebhookBody).where(WebhookBody.agency_id == agency_id))
        row = await scenes.attempt(tools)
    assert (row.status, row.reason) == ("cancelled", "body_expired")
    assert there.requests == []


async def test_no_transaction_is_open_during_the_call(
    tools: WebhookContext, engine: AsyncEngine, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    open_connections: list[str] = []

    async def talk(writer: asyncio.StreamWriter) -> None:
        open_connections.append(engine.pool.status())
        writer.write(OK)

    async with receiver(talk) as there:
        await scenes.make_endpoint(sessions, keyring, agency_id, there.url)
        await scenes.happen(sessions, agency_id)
        await scenes.fan_all_out(tools)
        await scenes.attempt(tools)
    assert len(open_connections) == 1
    assert "Current Checked out connections: 0" in open_connections[0]


async def test_a_private_address_is_not_called_and_looks_refused(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    await scenes.make_endpoint(sessions, keyring, agency_id, "https://10.0.0.1/in")
    await scenes.happen(sessions, agency_id, catalog.ACCESS_BLOCKED)
    await scenes.fan_all_out(tools)
    row = await scenes.attempt(tools)
    assert (row.status, row.reason) == ("retrying", "blocked_address")
    [made] = await scenes.attempts(sessions, row)
    assert (made.code, made.address, made.status) == ("blocked_address", None, None)
    assert "10.0.0.1" not in made.explanation
