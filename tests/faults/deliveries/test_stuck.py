"""Rows that something left stuck get well with a worker running, and nothing is sent twice for it."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
from sqlalchemy import func, select, update

from app.events.models import OutboxEntry
from app.kit import clock, ids
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.settings import Settings
from app.webhooks.models import PeriodicTask
from tests.faults.deliveries import stage
from tests.forked import Forks
from tests.kit.egress.receivers import OK, answers, receiver
from tests.webhooks import scenes, setting
from tests.webhooks.scenes import fan_out
from tests.world import World

LONG_AGO = timedelta(minutes=10)
#: What was left of a delivery by whom.
STUCK: dict[str, dict[str, Any]] = {
    "a worker that is gone has it": {"lease_until": -LONG_AGO, "lease_token": ids.raw(), "tries": 1},
    "put aside for nothing": {"due_at": None, "reason": "ordering", "ordered": True},
    "open and never due": {"due_at": None},
    "to be tried again and never due": {"due_at": None, "status": "retrying", "reason": "http_500"},
    "gone while it had no time": {"due_at": None, "lease_until": -LONG_AGO, "lease_token": ids.raw()},
}
MARKS: list[dict[str, Any]] = [
    {"lease_until": -LONG_AGO, "lease_token": ids.raw(), "due_at": -LONG_AGO},
    {"lease_until": -LONG_AGO, "lease_token": ids.raw(), "due_at": None},
    {"due_at": None},
]


async def test_what_is_stuck_gets_well(
    forks: Forks, settings: Settings, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(OK)) as there:
        endpoint, secret = await scenes.make_endpoint(sessions, keyring, agency_id, there.url)
        for number in range(len(STUCK)):
            await scenes.happen(sessions, agency_id, link_id=f"link_{number}")
        while await fan_out(sessions, keyring):
            pass
        for row, left in zip(await scenes.deliveries(sessions, agency_id), STUCK.values(), strict=True):
            await scenes.change(sessions, row, **_at(left), created_at=clock.now() - LONG_AGO)
        for number, left in enumerate(MARKS):
            event = await scenes.happen(sessions, agency_id, link_id=f"link_mark_{number}")
            await _mark(sessions, agency_id, event.id, left)
        await _sweep_now(sessions)
        async with stage.workers(forks, settings):
            await stage.until_all_arrived(sessions, agency_id, number=len(STUCK) + len(MARKS))
        counted = stage.arrived(there, {endpoint.id: secret})
    assert set(counted) == await stage.accepted(sessions, agency_id)
    assert len(counted) == len(STUCK) + len(MARKS)
    assert set(counted.values()) == {1}
    async with sessions() as session:
        left_over = select(func.count()).select_from(OutboxEntry).where(OutboxEntry.agency_id == agency_id)
        assert (await session.execute(left_over)).scalar_one() == 0


async def test_a_lease_that_nobody_ends_does_not_outlast_a_pause(
    forks: Forks, settings: Settings, sessions: Sessions, keyring: Keyring, world: World, api: httpx2.AsyncClient
) -> None:
    """The delivery is shown as held, although a worker that is gone has it, and goes when the endpoint goes on."""
    agency_id = world.north.agency_id
    async with receiver(answers(OK)) as there:
        endpoint, secret = await scenes.make_endpoint(sessions, keyring, agency_id, there.url)
        await scenes.happen(sessions, agency_id)
        while await fan_out(sessions, keyring):
            pass
        [row] = await scenes.deliveries(sessions, agency_id)
        left = {"lease_until": -LONG_AGO, "lease_token": ids.raw(), "due_at": -LONG_AGO}
        await scenes.change(sessions, row, **_at(left))
        await setting.endpoint(sessions, endpoint, paused_at=func.now())
        await _sweep_now(sessions)
        shown = (await api.get(f"/webhooks/deliveries/{row.id}")).json()
        assert (shown["status"], shown["reason"], shown["attempt_count"]) == ("held", "paused", 0)
        async with stage.workers(forks, settings):
            await _until_swept(sessions)
            assert there.requests == []
            await setting.endpoint(sessions, endpoint, paused_at=None)
            await stage.until_all_arrived(sessions, agency_id)
        assert set(stage.arrived(there, {endpoint.id: secret}).values()) == {1}


def _at(left: dict[str, Any]) -> dict[str, Any]:
    """Spans as moments, by the clock of the database."""
    return {name: func.now() + value if isinstance(value, timedelta) else value for name, value in left.items()}


async def _mark(sessions: Sessions, agency_id: str, event_id: str, left: dict[str, Any]) -> None:
    this = OutboxEntry.agency_id == agency_id, OutboxEntry.id == event_id
    async with sessions.begin() as session:
        await session.execute(update(OutboxEntry).where(*this).values(**_at(left)))


async def _sweep_now(sessions: Sessions) -> None:
    """Not in half a minute."""
    async with sessions.begin() as session:
        await session.execute(update(PeriodicTask).where(PeriodicTask.id == "sweep").values(due_at=func.now()))


async def _until_swept(sessions: Sessions) -> None:
    """Until a whole round is over, by which the worker has claimed many times."""
    later = select(PeriodicTask.due_at > func.now()).where(PeriodicTask.id == "sweep")
    async with asyncio.timeout(stage.LONGEST):
        while True:
            async with sessions() as session:
                if (await session.execute(later)).scalar_one():
                    return
            await asyncio.sleep(0.1)
