"""Workers killed around a delivery; two workers at once."""

import asyncio
import os
import signal

import pytest

from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.settings import Settings
from tests.faults.deliveries import stage
from tests.faults.deliveries.mortal import AFTER, BEFORE, FINISH, KEPT, SLOTS, WRITTEN
from tests.forked import Forks
from tests.kit.egress.receivers import OK, answers, receiver
from tests.webhooks import scenes
from tests.world import World

#: `make test-faults`: five.
KILLS = int(os.environ.get("KEYTURN_TEST_KILLS", "1"))
EVENTS = 10


async def killed(forks: Forks, settings: Settings, mode: str) -> None:
    """Runs a worker until it kills itself at the moment `mode` says."""
    started = await forks.start("tests.faults.deliveries.mortal", mode, env=stage.env(settings))
    assert await started.wait() == -signal.SIGKILL


@pytest.mark.parametrize("mode", [BEFORE, AFTER, FINISH])
async def test_killed_around_a_delivery(
    mode: str, forks: Forks, settings: Settings, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    """Nothing is lost. What was sent and not written down is sent again under the same id, and nothing else is."""
    agency_id = world.north.agency_id
    async with receiver(answers(OK)) as there:
        secrets = await stage.make(sessions, keyring, agency_id, there, events=EVENTS, timeout_ms=3000)
        for _ in range(KILLS):
            await killed(forks, settings, mode)
        sent_before = len(there.requests)
        assert (sent_before == 0) == (mode == BEFORE)
        async with stage.workers(forks, settings):
            await stage.until_all_arrived(sessions, agency_id)
        counted = stage.arrived(there, secrets)
    assert set(counted) == await stage.accepted(sessions, agency_id)
    assert len(counted) == EVENTS * len(secrets)
    assert counted.total() - len(counted) == sent_before
    assert max(counted.values()) <= 1 + KILLS
    assert sent_before <= KILLS * 2 * SLOTS  # as many as are in flight, and as many that wait to be written down
    assert await stage.recorded(sessions, agency_id) == len(counted)


async def test_killed_with_what_it_fanned_out_in_its_hands(
    forks: Forks, settings: Settings, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    """It was leased as it was made, and never claimed: its lease runs out, and somebody else sends it."""
    agency_id = world.north.agency_id
    async with receiver(answers(OK)) as there:
        secrets = await stage.make(sessions, keyring, agency_id, there, events=0, timeout_ms=3000)
        await stage.happen(sessions, agency_id, EVENTS)
        await killed(forks, settings, KEPT)
        assert there.requests == []
        leased = [row for row in await scenes.deliveries(sessions, agency_id) if row.lease_token]
        assert 0 < len(leased) <= SLOTS
        async with stage.workers(forks, settings):
            await stage.until_all_arrived(sessions, agency_id, number=EVENTS * len(secrets))
        counted = stage.arrived(there, secrets)
    assert set(counted) == await stage.accepted(sessions, agency_id)
    assert set(counted.values()) == {1}
    assert await stage.recorded(sessions, agency_id) == len(counted) == EVENTS * len(secrets)


async def test_what_was_written_when_its_worker_was_killed_is_not_sent_again(
    forks: Forks, settings: Settings, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(OK)) as there:
        secrets = await stage.make(sessions, keyring, agency_id, there, events=EVENTS, timeout_ms=3000)
        await killed(forks, settings, WRITTEN)
        sent, written = len(there.requests), await stage.recorded(sessions, agency_id)
        assert 0 < written <= sent
        async with stage.workers(forks, settings):
            await stage.until_all_arrived(sessions, agency_id)
        counted = stage.arrived(there, secrets)
    assert set(counted) == await stage.accepted(sessions, agency_id)
    assert counted.total() - len(counted) == sent - written
    assert await stage.recorded(sessions, agency_id) == len(counted)


async def test_two_workers_send_nothing_twice(
    forks: Forks, settings: Settings, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(OK)) as there:
        secrets = await stage.make(sessions, keyring, agency_id, there, events=150)
        async with stage.workers(forks, settings, 2):
            await stage.until_all_arrived(sessions, agency_id)
        counted = stage.arrived(there, secrets)
    assert set(counted) == await stage.accepted(sessions, agency_id)
    assert set(counted.values()) == {1}
    assert await stage.recorded(sessions, agency_id) == len(counted) == 600


async def test_a_worker_that_is_told_to_stop_finishes_what_it_has(
    forks: Forks, settings: Settings, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    begun = asyncio.Event()

    async def talk(writer: asyncio.StreamWriter) -> None:
        begun.set()
        await asyncio.sleep(0.3)
        writer.write(OK)

    async with receiver(talk) as there:
        secrets = await stage.make(sessions, keyring, agency_id, there, events=60)
        async with stage.workers(forks, settings) as [worker]:
            async with asyncio.timeout(60):
                await begun.wait()
            worker.terminate()
            assert await worker.wait() == 0
        assert await stage.recorded(sessions, agency_id) == len(there.requests)
        async with stage.workers(forks, settings):
            await stage.until_all_arrived(sessions, agency_id)
        counted = stage.arrived(there, secrets)
    assert set(counted) == await stage.accepted(sessions, agency_id)
    assert set(counted.values()) == {1}


async def test_two_workers_that_fan_out_keep_to_what_an_endpoint_takes(
    forks: Forks, settings: Settings, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    """Whether they keep what they fan out or claim it."""
    agency_id, most, now, at_once = world.north.agency_id, 3, 0, list[int]()

    async def talk(writer: asyncio.StreamWriter) -> None:
        nonlocal now
        now += 1
        at_once.append(now)
        await asyncio.sleep(0.1)
        now -= 1
        writer.write(OK)

    async with receiver(talk) as there:
        endpoint, secret = await scenes.make_endpoint(sessions, keyring, agency_id, there.url, concurrency=most)
        async with stage.workers(forks, settings, 2):
            async with asyncio.timeout(stage.LONGEST):
                for events in (1, *[1] * 60, *[2] * 20):  # as many as it takes, then more
                    await stage.happen(sessions, agency_id, events)
                    await asyncio.sleep(0.035)
                    while not there.requests:  # noqa: ASYNC110 - until they have begun
                        await asyncio.sleep(0.05)
            await stage.until_all_arrived(sessions, agency_id, number=101)
        counted = stage.arrived(there, {endpoint.id: secret})
    assert set(counted) == await stage.accepted(sessions, agency_id)
    assert set(counted.values()) == {1}
    assert max(at_once) <= most
