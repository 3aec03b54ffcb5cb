"""Workers killed in the middle of a replay: each event that it names is queued again once, and counted once."""

import asyncio
import signal
from collections import Counter
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update

from app.events import catalog
from app.events.models import Event
from app.kit import clock
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.settings import Settings
from app.webhooks.models import Attempt, Delivery, Replay
from app.webhooks.replays import service
from app.webhooks.replays.service import Selection
from tests.faults.deliveries import stage
from tests.faults.deliveries.mortal_replays import MODES
from tests.forked import Forks
from tests.kit.egress.receivers import OK, Receiver, answers, receiver
from tests.webhooks import scenes
from tests.webhooks.replays import turns
from tests.world import TESTS, World

EVENTS = 230
RATE = 50
LONGEST = 120


async def test_killed_in_their_turns(
    forks: Forks, settings: Settings, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    """One before it queued, one before its commit, one after it: each after a turn that went well."""
    agency_id = world.north.agency_id
    async with receiver(answers(OK)) as there:
        secrets = await _over(sessions, keyring, agency_id, there)
        replay_id = await _replay(sessions, agency_id, *secrets)
        killed = await forks.start("tests.faults.deliveries.mortal_replays", env=stage.env(settings))
        assert await killed.wait() == 0
        queued = (await turns.the_replay(sessions, agency_id)).queued
        assert queued == await _of_replay(sessions, agency_id, replay_id) == (len(MODES) + 1) * RATE
        await _let_leases_end(sessions, agency_id)
        async with stage.workers(forks, settings):
            await _until_completed(sessions, agency_id)
            await stage.until_all_arrived(sessions, agency_id)
        counted = stage.arrived(there, secrets)
    assert set(counted) == await stage.accepted(sessions, agency_id)
    assert set(counted.values()) == {1}  # before the replay nothing was sent
    await _each_queued_once(sessions, agency_id, replay_id)


async def test_a_whole_worker_is_killed_while_it_sends(
    forks: Forks, settings: Settings, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    """What it had sent and not written down is sent again, as any attempt; nothing is queued again for that."""
    agency_id = world.north.agency_id
    async with receiver(answers(OK)) as there:
        secrets = await _over(sessions, keyring, agency_id, there)
        replay_id = await _replay(sessions, agency_id, *secrets)
        async with stage.workers(forks, settings) as [worker]:
            async with asyncio.timeout(LONGEST):
                while len(there.requests) < RATE // 2:  # noqa: ASYNC110 - another program sends
                    await asyncio.sleep(0.01)
            worker.kill()
            assert await worker.wait() == -signal.SIGKILL
        assert (await turns.the_replay(sessions, agency_id)).status == "running"
        await _let_leases_end(sessions, agency_id)
        sent, written = len(there.requests), await stage.recorded(sessions, agency_id)
        async with stage.workers(forks, settings):
            await _until_completed(sessions, agency_id)
            await stage.until_all_arrived(sessions, agency_id)
        counted = stage.arrived(there, secrets)
    assert set(counted) == await stage.accepted(sessions, agency_id)
    assert counted.total() - len(counted) == sent - written
    await _each_queued_once(sessions, agency_id, replay_id)


async def _over(sessions: Sessions, keyring: Keyring, agency_id: str, there: Receiver) -> dict[str, str]:
    """Deliveries of one endpoint that were given up; its secret by its id."""
    secrets = await stage.make(sessions, keyring, agency_id, there, events=EVENTS, endpoints=1)
    given_up: dict[str, Any] = {"status": "exhausted", "reason": "attempts_used", "due_at": None}
    async with sessions.begin() as session:
        await session.execute(update(Delivery).where(Delivery.agency_id == agency_id).values(**given_up))
    return secrets


async def _replay(sessions: Sessions, agency_id: str, endpoint_id: str) -> str:
    now = clock.now()
    selection = Selection("failed", now - timedelta(hours=1), now + timedelta(minutes=1))
    async with sessions.begin() as session:
        replay = await service.start(
            session, agency_id, endpoint_id, selection, rate_per_second=RATE, actor=TESTS
        )  # fmt: skip
    assert replay.matched == EVENTS
    return replay.id


async def _let_leases_end(sessions: Sessions, agency_id: str) -> None:
    """As the minute would that a lease lasts."""
    async with sessions.begin() as session:
        for model in (Replay, Delivery):
            await session.execute(
                update(model)
                .where(model.agency_id == agency_id, model.lease_until.is_not(None))
                .values(lease_until=func.now())
            )


async def _until_completed(sessions: Sessions, agency_id: str) -> None:
    async with asyncio.timeout(LONGEST):
        while (await turns.the_replay(sessions, agency_id)).status == "running":  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def _of_replay(sessions: Sessions, agency_id: str, replay_id: str) -> int:
    return sum(row.replay_id == replay_id for row in await scenes.deliveries(sessions, agency_id))


async def _each_queued_once(sessions: Sessions, agency_id: str, replay_id: str) -> None:
    replay = await turns.the_replay(sessions, agency_id)
    assert (replay.status, replay.matched, replay.queued) == ("completed", EVENTS, EVENTS)
    rows = await scenes.deliveries(sessions, agency_id)
    assert {row.replay_id for row in rows} == {replay_id}
    assert {(row.attempt_count, row.attempts_since_requeue) for row in rows} == {(1, 1)}
    async with sessions() as session:
        made = await session.scalars(select(Attempt.delivery_id).where(Attempt.agency_id == agency_id))
        assert Counter(made) == Counter(row.id for row in rows)
        told = select(func.count()).where(Event.agency_id == agency_id, Event.type == catalog.REPLAY_COMPLETED.name)
        assert (await session.execute(told)).scalar_one() == 1
