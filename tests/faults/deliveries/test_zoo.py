"""A worker among receivers that mean harm: the good ones get everything once, and nothing is dropped in silence."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import httpx2
from sqlalchemy import func, select

from app.events import catalog
from app.events.recorder import EventDraft, record_all
from app.events.schema import AccessData
from app.kit.database import Sessions
from app.kit.egress.result import KEPT_BODY, KEPT_HEADERS
from app.kit.encryption import Keyring
from app.settings import Settings
from app.webhooks.models import Attempt, Delivery
from tests.faults.deliveries import stage, zoo
from tests.forked import Forks
from tests.kit.egress.receivers import OK, Receiver, answers, receiver
from tests.webhooks import scenes
from tests.world import TESTS, World

EVENTS = 36
LONGEST = 180
OVER = {"exhausted", "cancelled", "skipped"}


async def test_the_zoo(
    forks: Forks,
    settings: Settings,
    sessions: Sessions,
    keyring: Keyring,
    world: World,
    api: httpx2.AsyncClient,
    tmp_path: Path,
) -> None:
    flood = zoo.Flood()
    async with receiver(answers(OK)) as good, receiver(answers(OK)) as other, receiver(answers(OK)) as inside:
        async with zoo.opened(zoo.beasts(tmp_path, flood, inside=inside, good=good)) as met:
            north = await _endpoint(sessions, keyring, world.north.agency_id, good.url)
            south = await _endpoint(sessions, keyring, world.south.agency_id, other.url)
            wild = {name: await _beast(sessions, keyring, world, each) for name, each in met.items()}
            for corner in (world.north, world.south):
                await _happen(sessions, corner.agency_id)
            well = [north, south, *({wild[name]: ""} for name, each in met.items() if each.beast.arrived)]
            async with stage.workers(forks, settings) as [worker]:
                await _until(sessions, [key for secrets in well for key in secrets], list(wild.values()))
                worker.terminate()
                assert await worker.wait() == 0
        _each_once(good, north)
        _each_once(other, south)
        assert inside.requests == []
        await _all_accounted_for(sessions, world, len(wild) + 1)
        for name, each in met.items():
            await _as_it_should(sessions, world.north.agency_id, each, wild[name])
        assert 0 < flood.most < zoo.BUFFERED
        await _listed(api, met, wild)


async def _endpoint(sessions: Sessions, keyring: Keyring, agency_id: str, url: str) -> dict[str, str]:
    made, secret = await scenes.make_endpoint(sessions, keyring, agency_id, url, timeout_ms=30_000, concurrency=20)
    return {made.id: secret}


async def _beast(sessions: Sessions, keyring: Keyring, world: World, each: zoo.Met) -> str:
    # one that answers at once has to be heard in time on a busy machine, too
    timeout_ms = 5000 if each.beast.arrived else 1000
    made, _ = await scenes.make_endpoint(
        sessions, keyring, world.north.agency_id, each.url, timeout_ms=timeout_ms, concurrency=20,
        retry_policy=each.beast.policy,
    )  # fmt: skip
    return made.id


async def _happen(sessions: Sessions, agency_id: str) -> None:
    """Only recorded: the worker fans out, too."""
    async with sessions.begin() as session:
        drafts = [
            EventDraft(catalog.ACCESS_VERIFIED, f"link_{number}", TESTS, AccessData.known()) for number in range(EVENTS)
        ]
        await record_all(session, drafts, agency_id=agency_id)


async def _until(sessions: Sessions, well: Sequence[str], wild: Sequence[str]) -> None:
    """Until everything arrived at those that answer 2xx, and every one of the others was tried."""
    arrived = select(func.count()).where(Delivery.endpoint_id.in_(well), Delivery.status == "succeeded")
    tried = select(func.count(Attempt.endpoint_id.distinct())).where(Attempt.endpoint_id.in_(wild))
    options = {"across_agencies": True}
    async with asyncio.timeout(LONGEST):
        while True:
            async with sessions() as session:
                counts = [
                    (await session.execute(query, execution_options=options)).scalar() for query in (arrived, tried)
                ]
            if counts == [len(well) * EVENTS, len(wild)]:
                return
            await asyncio.sleep(0.2)


def _each_once(there: Receiver, secrets: dict[str, str]) -> None:
    """Nobody else's deliveries either: a signature of theirs would not be known."""
    counted = stage.arrived(there, secrets)
    assert len(counted) == EVENTS
    assert set(counted.values()) == {1}


async def _all_accounted_for(sessions: Sessions, world: World, endpoints: int) -> None:
    """A row for every event and endpoint, each succeeded, open, or over with a reason; none is left in flight."""
    rows = await scenes.deliveries(sessions, world.north.agency_id)
    assert len({(row.endpoint_id, row.event_id) for row in rows}) == len(rows) == endpoints * EVENTS
    statuses: Counter[str] = Counter(row.status for row in rows)
    assert sum(statuses[status] for status in ("succeeded", "pending", "retrying", *OVER)) == len(rows)
    assert [row.id for row in rows if row.lease_token is not None] == []
    assert [row.id for row in rows if row.status in OVER and not row.reason] == []
    assert [row.id for row in rows if row.status in ("pending", "retrying") and row.due_at is None] == []
    assert len(await scenes.deliveries(sessions, world.south.agency_id)) == EVENTS


async def _as_it_should(sessions: Sessions, agency_id: str, each: zoo.Met, endpoint_id: str) -> None:
    """Every request that left is an attempt with a code of this beast, and every delivery tells of its own."""
    async with sessions() as session:
        of_it = select(Attempt).where(Attempt.agency_id == agency_id, Attempt.endpoint_id == endpoint_id)
        attempts = (await session.scalars(of_it)).all()
    rows = [row for row in await scenes.deliveries(sessions, agency_id) if row.endpoint_id == endpoint_id]
    assert attempts
    assert {row.code for row in attempts} <= each.beast.codes
    assert len(each.there.requests) == (len(attempts) if each.beast.reached else 0)
    assert sum(row.attempt_count for row in rows) == len(attempts)
    for row in rows:
        assert row.last_code in (each.beast.codes if row.attempt_count else {None})
        expected = "exhausted" if each.beast.policy == "none" else "retrying"
        assert row.status == (("succeeded" if each.beast.arrived else expected) if row.attempt_count else "pending")
    for attempt in attempts:
        assert len(attempt.body) <= KEPT_BODY
        assert sum(len(name) + len(value) for name, value in attempt.headers.items()) <= KEPT_HEADERS


async def _listed(api: httpx2.AsyncClient, met: dict[str, zoo.Met], wild: dict[str, str]) -> None:
    """The agency sees all of it by API."""
    for name, endpoint_id in wild.items():
        found = (await api.get("/webhooks/deliveries", params={"endpoint_id": endpoint_id, "limit": 200})).json()[
            "data"
        ]
        assert len(found) == EVENTS
        assert all(row["reason"] for row in found if row["status"] in {"held", "retrying", *OVER})
        tried = next(row for row in found if row["attempt_count"])
        attempts = (await api.get(f"/webhooks/deliveries/{tried['id']}/attempts")).json()["data"]
        assert {each["code"] for each in attempts} <= met[name].beast.codes
        assert all(each["explanation"] for each in attempts)
