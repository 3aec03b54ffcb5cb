"""What is held back and why, and that it uses up no attempt: pause, Retry-After, breaker, rate limit, concurrency."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.events.models import Event
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.webhooks.context import WebhookContext
from app.webhooks.dispatcher.scheduler import claim
from app.webhooks.endpoints import lifecycle
from app.webhooks.models import Endpoint, EndpointHealth
from app.webhooks.policies.fair_share import SlotUsage
from tests.kit.egress.receivers import answers, receiver
from tests.webhooks import scenes
from tests.world import TESTS, World

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
BROKEN = b"HTTP/1.1 500 Oh\r\ncontent-length: 4\r\n\r\noops"
GONE = b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n"
BUSY = b"HTTP/1.1 503 Busy\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n"


async def health_of(sessions: Sessions, endpoint: Endpoint) -> EndpointHealth:
    query = select(EndpointHealth).where(
        EndpointHealth.agency_id == endpoint.agency_id, EndpointHealth.id == endpoint.id
    )
    async with sessions() as session:
        return (await session.scalars(query)).one()


async def set_health(sessions: Sessions, endpoint: Endpoint, **values: Any) -> None:
    async with sessions.begin() as session:
        await session.execute(
            update(EndpointHealth)
            .where(EndpointHealth.agency_id == endpoint.agency_id, EndpointHealth.id == endpoint.id)
            .values(**values)
        )


async def endpoint_now(sessions: Sessions, endpoint: Endpoint) -> Endpoint:
    query = select(Endpoint).where(Endpoint.agency_id == endpoint.agency_id, Endpoint.id == endpoint.id)
    async with sessions() as session:
        return (await session.scalars(query)).one()


async def events_of(sessions: Sessions, agency_id: str, event_type: str) -> list[Event]:
    query = select(Event).where(Event.agency_id == agency_id, Event.type == event_type)
    async with sessions() as session:
        return list((await session.scalars(query)).all())


async def make(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, agency_id: str, url: str, number: int = 1, **wish: Any
) -> Endpoint:
    """An endpoint with so many deliveries that are due."""
    endpoint, _ = await scenes.make_endpoint(sessions, keyring, agency_id, url, **wish)
    await scenes.fan_all_out(tools)
    for each in range(number):
        await scenes.happen(sessions, agency_id, link_id=f"link_{each}")
    await scenes.fan_all_out(tools)
    return endpoint


async def test_a_paused_endpoint_gets_nothing_until_it_goes_on(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(OK)) as there:
        endpoint = await make(tools, sessions, keyring, agency_id, there.url)
        async with sessions.begin() as session:
            await lifecycle.pause(session, agency_id, endpoint.id, actor=TESTS)
        await scenes.round_(tools)
        assert there.requests == []
        async with sessions.begin() as session:
            await lifecycle.resume(session, agency_id, endpoint.id, actor=TESTS)
        await scenes.round_(tools)
        assert len(there.requests) == 1
    [row] = await scenes.deliveries(sessions, agency_id)
    assert (row.status, row.attempt_count) == ("succeeded", 1)


async def test_a_wait_asked_for_holds_the_whole_endpoint(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(BUSY)) as there:
        endpoint = await make(tools, sessions, keyring, agency_id, there.url, 3, concurrency=1)
        await scenes.round_(tools)
        await scenes.round_(tools)
        assert len(there.requests) == 1
    health = await health_of(sessions, endpoint)
    assert health.hold_until is not None
    rows = await scenes.deliveries(sessions, agency_id)
    assert sorted(row.attempt_count for row in rows) == [0, 0, 1]
    async with receiver(answers(OK)) as there:
        ended = func.now() - timedelta(seconds=1)
        await set_health(sessions, endpoint, hold_until=ended, open_until=ended)
        async with sessions.begin() as session:
            await session.execute(
                update(Endpoint).where(Endpoint.agency_id == agency_id).values(url=there.url, concurrency=5)
            )
        await scenes.round_(tools)
        assert len(there.requests) == 1, "one goes first to see"
        await scenes.round_(tools)
        assert len(there.requests) == 2


async def test_a_hold_that_is_over_is_cleared_by_the_next_success(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(OK)) as there:
        endpoint = await make(tools, sessions, keyring, agency_id, there.url)
        await set_health(sessions, endpoint, hold_until=func.now() - timedelta(seconds=1))
        await scenes.round_(tools)
        assert len(there.requests) == 1
    assert (await health_of(sessions, endpoint)).hold_until is None


async def test_after_a_pause_one_goes_first(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(OK)) as there:
        endpoint = await make(tools, sessions, keyring, agency_id, there.url, 4)
        for change in (lifecycle.pause, lifecycle.resume):
            async with sessions.begin() as session:
                await change(session, agency_id, endpoint.id, actor=TESTS)
        sent = []
        for _ in range(3):
            await scenes.round_(tools)
            sent.append(len(there.requests))
    assert sent == [1, 3, 4]


async def test_the_breaker_opens_lets_one_probe_go_and_closes(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(OK)) as there:
        port_of_nobody = there.url
    endpoint = await make(tools, sessions, keyring, agency_id, port_of_nobody, 12)
    await scenes.round_(tools)
    health = await health_of(sessions, endpoint)
    assert (health.breaker, health.openings) == ("open", 1)
    rows = await scenes.deliveries(sessions, agency_id)
    assert sum(row.attempt_count for row in rows) == 5
    await scenes.round_(tools)
    assert sum(row.attempt_count for row in await scenes.deliveries(sessions, agency_id)) == 5
    async with receiver(answers(OK)) as there:
        async with sessions.begin() as session:
            await session.execute(update(Endpoint).where(Endpoint.agency_id == agency_id).values(url=there.url))
        await set_health(sessions, endpoint, open_until=func.now() - timedelta(seconds=1))
        arrived = []
        for _ in range(4):
            await scenes.round_(tools)
            arrived.append(len(there.requests))
        assert arrived == [1, 3, 7, 7]
    assert (await health_of(sessions, endpoint)).breaker == "closed"


async def test_most_failures_of_a_minute_open_it_and_a_404_does_not(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    missing = b"HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n"
    async with receiver(answers(missing)) as there:
        endpoint = await make(tools, sessions, keyring, agency_id, there.url, 15, concurrency=15)
        await scenes.round_(tools)
        assert len(there.requests) == 15
    assert (await health_of(sessions, endpoint)).breaker == "closed"
    async with receiver(answers(BROKEN)) as there:
        other = await make(tools, sessions, keyring, world.south.agency_id, there.url, 15, concurrency=15)
        await scenes.round_(tools)
        assert len(there.requests) == 15
    assert (await health_of(sessions, other)).breaker == "open"


async def test_no_more_are_in_flight_than_the_endpoint_takes(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    """Not by two workers together either."""
    agency_id = world.north.agency_id
    await make(tools, sessions, keyring, agency_id, "https://hooks.example.com/in", 9, concurrency=4)
    first, second = await asyncio.gather(scenes.claimed(tools), scenes.claimed(tools))
    assert len(first) + len(second) == 4
    assert {delivery.id for delivery in first}.isdisjoint(delivery.id for delivery in second)
    assert await scenes.claimed(tools) == []


@pytest.mark.parametrize(
    ("in_air", "arrived", "health", "room"),
    [(0, 4, {}, 4), (1, 3, {}, 3), (3, 4, {}, 1), (0, 4, {"reduced_concurrency": 4}, 0)],
)
async def test_what_arrived_holds_no_room_until_it_is_written_down(
    in_air: int, arrived: int, health: dict[str, int], room: int, tools: WebhookContext, sessions: Sessions,
    keyring: Keyring, world: World,
) -> None:  # fmt: skip
    """But of an endpoint that is not well, whose answers decide how much it is given."""
    endpoint = await make(
        tools, sessions, keyring, world.north.agency_id, "https://hooks.example.com/in", 12, concurrency=4
    )
    first = await scenes.claimed(tools)
    if health:
        await set_health(sessions, endpoint, **health)
    key = first[0].endpoint_id
    written = [delivery.id for delivery in first][:arrived]
    more = await claim(tools.sessions, SlotUsage(tools.slots, {}, {}, {key: in_air}, written))
    assert len(first) == 4
    assert len(more.deliveries) == room


async def test_a_rate_limit_lets_its_burst_go_and_then_waits(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    limit = {"max": 1, "per_seconds": 3600, "burst": 3}
    async with receiver(answers(OK)) as there:
        endpoint = await make(tools, sessions, keyring, agency_id, there.url, 8, rate_limit=limit, concurrency=20)
        for _ in range(3):
            await scenes.round_(tools)
        assert len(there.requests) == 3
        await set_health(sessions, endpoint, tokens=2.0)
        await scenes.round_(tools)
        assert len(there.requests) == 5
    assert sorted(row.attempt_count for row in await scenes.deliveries(sessions, agency_id)) == [0] * 3 + [1] * 5


async def test_a_410_ends_a_hook_at_once_and_another_endpoint_not(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(GONE)) as there:
        hook = await make(tools, sessions, keyring, agency_id, there.url, destination="rest_hook")
        await scenes.round_(tools)
        other = await make(tools, sessions, keyring, world.south.agency_id, there.url)
        await scenes.round_(tools)
    assert (await endpoint_now(sessions, hook)).deleted_at is not None
    [row] = await scenes.deliveries(sessions, agency_id)
    assert (row.status, row.reason) == ("retrying", "gone")
    kept = await endpoint_now(sessions, other)
    assert (kept.deleted_at, kept.status) == (None, "active")
    await scenes.change(sessions, row, due_at=func.now())
    await scenes.round_(tools)
    assert [(each.status, each.reason) for each in await scenes.deliveries(sessions, agency_id)] == [
        ("cancelled", "endpoint_deleted")
    ]


async def test_a_second_410_disables_and_what_is_pending_is_skipped(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(GONE)) as there:
        endpoint = await make(tools, sessions, keyring, agency_id, there.url, 2, concurrency=1)
        await scenes.round_(tools)
        await set_health(sessions, endpoint, gone_since=func.now() - timedelta(minutes=5))
        await scenes.round_(tools)
        now = await endpoint_now(sessions, endpoint)
        assert (now.status, now.status_reason) == ("disabled", "gone")
        [told] = await events_of(sessions, agency_id, "webhook.endpoint.disabled")
        assert told.facts["reason"] == "gone"
        for row in await scenes.deliveries(sessions, agency_id):
            await scenes.change(sessions, row, due_at=func.now())
        await scenes.round_(tools)
        assert len(there.requests) == 2
    assert {(row.status, row.reason) for row in await scenes.deliveries(sessions, agency_id)} == {
        ("skipped", "endpoint_disabled")
    }


async def test_an_address_that_stays_forbidden_disables(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    endpoint = await make(tools, sessions, keyring, agency_id, "https://10.0.0.1/in", 1)
    await set_health(sessions, endpoint, blocked=2, blocked_since=func.now() - timedelta(hours=1))
    await scenes.round_(tools)
    now = await endpoint_now(sessions, endpoint)
    assert (now.status, now.status_reason) == ("disabled", "unsafe_url")


async def test_a_success_after_notices_is_told(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(OK)) as there:
        endpoint = await make(tools, sessions, keyring, agency_id, there.url)
        await set_health(sessions, endpoint, notices=1, failing_since=func.now() - timedelta(hours=1))
        await scenes.round_(tools)
    [told] = await events_of(sessions, agency_id, "webhook.endpoint.recovered")
    assert told.facts["endpoint_id"] == endpoint.id
    health = await health_of(sessions, endpoint)
    assert (health.notices, health.failing_since) == (0, None)


@pytest.mark.parametrize("answer", [BROKEN, BUSY])
async def test_a_test_delivery_says_nothing_about_its_endpoint(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World, answer: bytes
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(answer)) as there:
        endpoint = await make(tools, sessions, keyring, agency_id, there.url, 0)
        await scenes.send_test(sessions, agency_id, endpoint.id)
        await scenes.round_(tools)
        assert len(there.requests) == 1
    health = await health_of(sessions, endpoint)
    assert (health.failing_since, health.hold_until) == (None, None)
