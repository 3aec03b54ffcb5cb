"""One endpoint hangs and everything of one agency fails: what the others get does not wait for either."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import httpx2
from sqlalchemy import func, select

from app.events import catalog
from app.events.recorder import EventDraft, record_all
from app.events.schema import AccessData
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.settings import Settings
from app.webhooks.models import Attempt, EndpointHealth
from tests.faults.deliveries import stage
from tests.forked import Forks
from tests.kit.egress.receivers import OK, answers, receiver
from tests.webhooks import scenes, setting
from tests.world import TESTS, World

EVENTS = 40
FAILING = 4
LONGEST = 120
NO = b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n"


async def test_others_are_done_while_the_hanging_ones_are_still_held(
    forks: Forks, settings: Settings, sessions: Sessions, keyring: Keyring, world: World, api: httpx2.AsyncClient
) -> None:
    north, south = world.north.agency_id, world.south.agency_id
    released, done = asyncio.Event(), []

    async def hang(writer: asyncio.StreamWriter) -> None:
        await released.wait()
        done.append("hanging")
        writer.write(OK)

    async def serve(writer: asyncio.StreamWriter) -> None:
        done.append("well")
        writer.write(OK)

    async with receiver(hang) as stuck, receiver(serve) as well, receiver(answers(NO)) as broken:
        hanging, _ = await scenes.make_endpoint(sessions, keyring, north, stuck.url, timeout_ms=30_000, concurrency=5)
        healthy, secret = await scenes.make_endpoint(sessions, keyring, north, well.url)
        failing = [
            (await scenes.make_endpoint(sessions, keyring, south, f"{broken.url}/{number}"))[0].id
            for number in range(FAILING)
        ]
        await _happen(sessions, south)
        await _happen(sessions, north)
        async with stage.workers(forks, settings):
            await _until(lambda: done.count("well") == EVENTS and bool(stuck.requests))
            await _until_recorded(sessions, north, healthy.id)
            held = [row for row in await scenes.deliveries(sessions, north) if row.endpoint_id == hanging.id]
            assert "hanging" not in done  # in this order, however long it took
            assert [row.attempt_count for row in held] == [0] * EVENTS
            assert Counter(row.lease_token is not None for row in held) == {True: 5, False: EVENTS - 5}
            released.set()
            await _until(lambda: done.count("hanging") == EVENTS)
            await _until_recorded(sessions, north, hanging.id)
            await _until_open(sessions, south, failing)
        assert set(stage.arrived(well, {healthy.id: secret}).values()) == {1}
        assert set(done[:EVENTS]) == {"well"}
    await _held_without_attempts(sessions, south, api, world)


async def _held_without_attempts(sessions: Sessions, agency_id: str, api: httpx2.AsyncClient, world: World) -> None:
    """Of an endpoint whose breaker is open, what was not tried is held by it, and used up nothing."""
    rows = await scenes.deliveries(sessions, agency_id)
    async with sessions() as session:
        of_agency = select(func.count()).select_from(Attempt).where(Attempt.agency_id == agency_id)
        made = (await session.execute(of_agency)).scalar_one()
    assert len(rows) == EVENTS * FAILING
    assert sum(row.attempt_count for row in rows) == made
    untried = {row.id for row in rows if row.attempt_count == 0}
    assert untried
    of_south = {"Authorization": f"Bearer {world.south.key}"}
    answer = await api.get("/webhooks/deliveries", params={"limit": 200}, headers=of_south)
    shown = {row["id"]: row for row in answer.json()["data"]}
    assert {(shown[each]["status"], shown[each]["reason"]) for each in untried} == {("held", "circuit")}
    assert {shown[each]["attempts_since_requeue"] for each in untried} == {0}


async def _happen(sessions: Sessions, agency_id: str) -> None:
    async with sessions.begin() as session:
        drafts = [
            EventDraft(catalog.ACCESS_VERIFIED, f"link_{number}", TESTS, AccessData.known()) for number in range(EVENTS)
        ]
        await record_all(session, drafts, agency_id=agency_id)


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(LONGEST):
        while not is_so():  # noqa: ASYNC110 - another program sends
            await asyncio.sleep(0.02)


async def _until_recorded(sessions: Sessions, agency_id: str, endpoint_id: str) -> None:
    async with asyncio.timeout(LONGEST):
        while True:
            rows = [row for row in await scenes.deliveries(sessions, agency_id) if row.endpoint_id == endpoint_id]
            if {row.status for row in rows} == {"succeeded"}:
                return
            await asyncio.sleep(0.05)


async def _until_open(sessions: Sessions, agency_id: str, endpoint_ids: list[str]) -> None:
    """Until the breaker of each is open and nothing of theirs is in flight."""
    open_ones = select(func.count()).where(
        EndpointHealth.agency_id == agency_id, EndpointHealth.id.in_(endpoint_ids), EndpointHealth.breaker == "open"
    )
    async with asyncio.timeout(LONGEST):
        while True:
            async with sessions() as session:
                count = (await session.execute(open_ones)).scalar_one()
            rows = await scenes.deliveries(sessions, agency_id)
            if count == len(endpoint_ids) and not any(row.lease_token for row in rows):
                return
            await asyncio.sleep(0.05)


async def test_a_breaker_stays_open_when_workers_change(
    forks: Forks, settings: Settings, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.south.agency_id
    async with receiver(answers(NO)) as broken:
        endpoint, _ = await scenes.make_endpoint(sessions, keyring, agency_id, broken.url)
        await _happen(sessions, agency_id)
        async with stage.workers(forks, settings):
            await _until_open(sessions, agency_id, [endpoint.id])
        await setting.health(sessions, endpoint, open_until=func.now() + timedelta(minutes=10))
        sent = len(broken.requests)
        async with receiver(answers(OK)) as well:
            healthy, secret = await scenes.make_endpoint(sessions, keyring, agency_id, well.url)
            await _happen(sessions, agency_id)
            async with stage.workers(forks, settings):
                await _until_recorded(sessions, agency_id, healthy.id)
            assert set(stage.arrived(well, {healthy.id: secret}).values()) == {1}
        assert len(broken.requests) == sent
