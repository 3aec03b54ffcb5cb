"""What leaves as soon as it is made: for whom, how many, and that nobody else gets it meanwhile."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from app.events.models import Event, EventPersonal
from app.kit import ids
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.webhooks.context import WebhookContext
from app.webhooks.dispatcher import scheduler as claims
from app.webhooks.dispatcher import worker
from app.webhooks.dispatcher.endpoint_cache import EndpointCache
from app.webhooks.dispatcher.fanout import Fanout, FanoutResult
from app.webhooks.dispatcher.scheduler import CHOOSING
from app.webhooks.dispatcher.worker import Dispatcher
from app.webhooks.models import Delivery, WebhookBody
from app.webhooks.policies.fair_share import SlotUsage
from tests.kit.egress.receivers import OK, answers, receiver
from tests.webhooks import scenes, setting
from tests.webhooks.dispatcher.test_holds import set_health
from tests.world import World

URL = "https://hooks.example.com/in"


async def fanned(tools: WebhookContext, *, slots: int = 100, taken: SlotUsage | None = None) -> FanoutResult:
    """One fan-out with so many free slots."""
    fanning = Fanout(tools.sessions, EndpointCache(tools.sessions, tools.keyring), tools.public_url)
    done = await fanning.once(100, taken or SlotUsage(slots, {}, {}))
    await fanning.close()
    return done


async def fanned_by_worker(tools: WebhookContext) -> None:
    """One fan-out of a worker, which sends nothing yet."""
    dispatcher = Dispatcher(tools)
    fanning = Fanout(tools.sessions, dispatcher.endpoints, tools.public_url)
    await dispatcher.fan_out(fanning, 100)
    await fanning.close()


async def make(tools: WebhookContext, keyring: Keyring, agency_id: str, **wish: Any) -> Any:
    endpoint, _ = await scenes.make_endpoint(tools.sessions, keyring, agency_id, URL, **wish)
    await scenes.fan_all_out(tools)
    return endpoint


async def make_with_one(tools: WebhookContext, keyring: Keyring, agency_id: str) -> tuple[Event, Delivery]:
    """An endpoint whose one delivery waits for a claim; its event, and the delivery."""
    await make(tools, keyring, agency_id)
    event = await scenes.happen(tools.sessions, agency_id)
    await scenes.fan_all_out(tools)
    [row] = await scenes.deliveries(tools.sessions, agency_id)
    return event, row


async def test_what_nobody_waits_before_is_leased_with_all_that_a_claim_would_bring(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    endpoint = await make(tools, keyring, agency_id, timeout_ms=20_000)
    event = await scenes.happen(sessions, agency_id, client_name="Zoë")
    done = await fanned(tools)
    [row] = await scenes.deliveries(sessions, agency_id)
    assert (row.status, row.tries, row.slot_class) == ("pending", 1, "new")
    assert row.lease_until is not None
    assert row.lease_until - row.created_at == timedelta(seconds=30)
    assert await scenes.claimed(tools) == []
    [leased] = done.leased
    assert leased.token == row.lease_token
    async with sessions() as session:
        body = (await session.scalars(select(WebhookBody).where(WebhookBody.agency_id == agency_id))).one()
    assert leased[-3:] == (body.content, event.occurred_at, event.request_id)
    await scenes.change(sessions, row, lease_until=func.now() - timedelta(seconds=1))
    [claimed] = await scenes.claimed(tools)
    assert claimed._replace(token=leased.token, tries=1, lapsed=False) == leased
    assert list(done.versions) == [(claimed.agency_id, claimed.endpoint_id)]
    assert ids.text("endpoint", claimed.endpoint_id) == endpoint.id


@pytest.mark.parametrize(
    "wish", [{"ordering": "by_subject"}, {"rate_limit": {"max": 5, "per_seconds": 1, "burst": 5}}, {"enabled": False}]
)
async def test_what_has_its_own_rules_waits_for_a_claim(
    wish: dict[str, Any], tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    await make(tools, keyring, world.north.agency_id, **wish)
    await scenes.happen(sessions, world.north.agency_id)
    assert (await fanned(tools)).leased == []
    assert len(await scenes.deliveries(sessions, world.north.agency_id)) == 1


@pytest.mark.parametrize(
    "health",
    [
        {"breaker": "open"},
        {"breaker": "half_open"},
        {"reduced_concurrency": 1},
        {"hold_until": func.now() + timedelta(minutes=1)},
    ],
)
async def test_an_endpoint_that_is_not_well_waits_for_a_claim(
    health: dict[str, Any], tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    endpoint = await make(tools, keyring, world.north.agency_id)
    await set_health(sessions, endpoint, **health)
    await scenes.happen(sessions, world.north.agency_id)
    assert (await fanned(tools)).leased == []


async def test_nothing_overtakes_what_waits_for_the_same_endpoint(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    _, waits = await make_with_one(tools, keyring, agency_id)
    await make(tools, keyring, agency_id)
    await scenes.happen(sessions, agency_id)
    done = await fanned(tools)
    [leased] = done.leased
    now = await scenes.deliveries(sessions, agency_id)
    assert [row.lease_token for row in now if row.endpoint_id == waits.endpoint_id] == [None, None]
    assert [row.lease_token for row in now if row.endpoint_id != waits.endpoint_id] == [leased.token]


async def test_no_more_are_leased_than_the_endpoint_takes_with_what_it_has(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    """Whoever has the others."""
    agency_id = world.north.agency_id
    await make(tools, keyring, agency_id, concurrency=4)
    for _ in range(3):
        await scenes.happen(sessions, agency_id)
    await scenes.fan_all_out(tools)
    assert len(await scenes.claimed(tools)) == 3
    for _ in range(3):
        await scenes.happen(sessions, agency_id)
    await fanned_by_worker(tools)
    assert sum(row.lease_token is None for row in await scenes.deliveries(sessions, agency_id)) == 2
    assert tools.alarm._event.is_set()  # the two that are left are to be claimed


async def test_no_more_are_leased_than_there_are_slots(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    for _ in range(3):
        await make(tools, keyring, agency_id)
    await scenes.happen(sessions, agency_id)
    assert len((await fanned(tools, taken=SlotUsage(10, {"new": 8}, {}))).leased) == 2
    await scenes.happen(sessions, agency_id)
    assert (await fanned(tools, taken=SlotUsage(10, {"new": 10}, {}))).leased == []


async def test_while_somebody_else_chooses_all_of_it_is_left_to_claims(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    await make(tools, keyring, agency_id)
    await scenes.happen(sessions, agency_id)
    async with sessions.begin() as other:
        await other.execute(select(func.pg_advisory_xact_lock(CHOOSING)))
        assert (await fanned(tools)).leased == []
    assert len(await scenes.claimed(tools)) == 1


async def test_a_delivery_that_is_there_already_is_not_sent_again(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    event, row = await make_with_one(tools, keyring, agency_id)
    await scenes.change(sessions, row, status="succeeded", due_at=None)
    await scenes.mark(sessions, event)
    assert (await fanned(tools)).leased == []


async def test_events_that_spoil_a_fan_out_are_told_apart_and_nothing_was_taken(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    await make(tools, keyring, agency_id)
    broken = await scenes.happen(sessions, agency_id)
    await scenes.happen(sessions, agency_id)
    async with sessions.begin() as session:
        session.add(EventPersonal(agency_id=agency_id, id=broken.id, data={"answers": ["no", "text"]}))
    await fanned_by_worker(tools)
    assert [row.lease_token for row in await scenes.deliveries(sessions, agency_id)] == [None]
    assert tools.alarm._event.is_set()


async def test_a_changed_endpoint_is_read_again(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id, fanning = world.north.agency_id, Fanout(sessions, EndpointCache(sessions, keyring), tools.public_url)
    endpoint = await make(tools, keyring, agency_id)
    for wanted, expected in ((["access.*"], 1), (["link.*"], 0), (["access.verified"], 1)):
        await setting.endpoint(sessions, endpoint, event_types=wanted)
        await scenes.happen(sessions, agency_id)
        assert len((await fanning.once(100, SlotUsage(100, {}, {}))).leased) == expected
    await fanning.close()


async def test_a_worker_sends_what_it_fans_out_and_claims_nothing(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed, real = list[Any](), claims.claim

    async def claim(*given: Any) -> Any:
        haul = await real(*given)
        claimed.extend(haul.deliveries)
        return haul

    monkeypatch.setattr(worker, "claim", claim)
    agency_id, stop = world.north.agency_id, asyncio.Event()
    async with receiver(answers(OK)) as there:
        await scenes.make_endpoint(sessions, keyring, agency_id, there.url)
        await scenes.fan_all_out(tools)
        working = asyncio.create_task(scenes.work(tools, stop))
        for expected in (1, 2):
            await scenes.happen(sessions, agency_id)
            async with asyncio.timeout(20):
                while len(there.requests) < expected:  # noqa: ASYNC110 - the worker is at it
                    await asyncio.sleep(0.01)
        stop.set()
        await asyncio.wait_for(working, 30)
    assert claimed == []
    assert [row.status for row in await scenes.deliveries(sessions, agency_id)] == ["succeeded"] * 2


async def test_what_is_being_written_down_takes_no_room_of_its_endpoint(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    """The row of the first delivery is locked while its receiver answers, so that writing it down takes long."""
    agency_id, stop = world.north.agency_id, asyncio.Event()
    answered, go_on = asyncio.Event(), asyncio.Event()

    async def talk(writer: asyncio.StreamWriter) -> None:
        answered.set()
        await go_on.wait()
        writer.write(OK)

    async with receiver(talk) as there, asyncio.timeout(60), asyncio.TaskGroup() as group:
        await scenes.make_endpoint(sessions, keyring, agency_id, there.url, concurrency=1)
        await scenes.fan_all_out(tools)
        group.create_task(scenes.work(tools, stop))
        await scenes.happen(sessions, agency_id)
        await answered.wait()
        async with sessions.begin() as other:
            first = (
                await other.scalars(select(Delivery).where(Delivery.agency_id == agency_id).with_for_update())
            ).one()
            go_on.set()
            await _until_somebody_waits_for_a_row(sessions)
            await scenes.happen(sessions, agency_id)
            while len(there.requests) < 2:  # noqa: ASYNC110 - the worker is at it
                await asyncio.sleep(0.01)
        stop.set()
    assert (await scenes.again(sessions, first)).status == "succeeded"


async def _until_somebody_waits_for_a_row(sessions: Sessions) -> None:
    waits = text("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'transactionid'")
    while True:
        async with sessions() as session:
            if (await session.execute(waits)).first():
                return
        await asyncio.sleep(0.01)


async def test_what_is_put_into_a_workers_hands_while_it_stops_is_sent(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency_id, stop, real = world.north.agency_id, asyncio.Event(), Dispatcher.accept

    async def late(*given: Any) -> None:
        stop.set()
        await asyncio.sleep(0.5)
        await real(*given)

    monkeypatch.setattr(Dispatcher, "accept", late)
    async with receiver(answers(OK)) as there:
        await scenes.make_endpoint(sessions, keyring, agency_id, there.url)
        await scenes.fan_all_out(tools)
        await scenes.happen(sessions, agency_id)
        await asyncio.wait_for(scenes.work(tools, stop), 30)
        assert len(there.requests) == 1
    assert [row.status for row in await scenes.deliveries(sessions, agency_id)] == ["succeeded"]
