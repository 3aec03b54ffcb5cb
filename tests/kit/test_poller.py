"""One look for all kinds of work."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from app.kit import jobs, poller
from app.kit.database import CROSS_TENANT, Base, Sessions
from app.kit.jobs import JobType, WakeUp
from app.kit.poller import DueRows, Poller
from app.links.models import Link
from app.mail.service import Mail
from tests.world import World

#: Nothing is ever found by looking.
NEVER = "SELECT NULL::float"
_END_LISTENERS = text(
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND objid = :it"
)


async def test_a_kind_that_has_something_is_woken_and_no_other_is(sessions: Sessions, world: World) -> None:
    await _due(sessions, None)
    stop, seen, other = asyncio.Event(), list[str](), list[str]()

    async def do(row: Any) -> None:
        seen.append(row.id)
        async with sessions.begin() as done:
            await jobs.finish(done, row, due_in=None)
        stop.set()

    async def never(row: Any) -> None:
        other.append(row.id)

    works = [JobType[Base]("mails", Mail, never), JobType[Base]("links", Link, do)]
    serving = asyncio.create_task(poller.serve_all(works, sessions, stop))
    await asyncio.sleep(0.3)  # both have looked by themselves, and sleep
    assert not seen
    await _due(sessions, func.now())
    await asyncio.wait_for(serving, 20)
    assert set(seen) <= {world.north.link_id, world.south.link_id}
    assert seen
    assert not other


async def test_who_sleeps_is_told_of_every_kind_and_access_requests_once_a_second(
    sessions: Sessions, world: World
) -> None:
    """A notification wakes only its kind, without a poll; sleeping loops run no query for it."""
    alarms = {table: Heard() for table in ("links", "mails")}
    async with looking_out(sessions, [DueRows(name, NEVER, alarm) for name, alarm in alarms.items()]):
        await listened(sessions)
        alarms["links"].rings = 0
        await _due(sessions, func.now())
        await until(lambda: alarms["links"].rings > 0)
        assert alarms["mails"].rings == 0


async def test_a_word_that_was_lost_is_replaced_by_a_look(sessions: Sessions, world: World) -> None:
    await _due(sessions, None)
    alarm = Heard()
    async with sessions.begin() as session:
        await session.execute(text("ALTER TABLE links DISABLE TRIGGER wake_workers"))
    async with looking_out(sessions, [DueRows("links", poller.seconds(Link), alarm)]):
        await listened(sessions)
        await _due(sessions, func.now())
        await until(lambda: alarm.rings > 0)


async def test_what_comes_due_is_seen_without_a_word(sessions: Sessions, world: World) -> None:
    await _due(sessions, func.now() + timedelta(seconds=2.5))
    alarm = Heard()
    async with looking_out(sessions, [DueRows("links", poller.seconds(Link), alarm)]):
        await until(lambda: alarm.rings > 0)
    async with sessions() as session:
        waiting = select(func.count()).where(Link.due_at > func.now()).execution_options(**CROSS_TENANT)
        assert (await session.execute(waiting)).scalar_one() == 0


async def test_a_burst_is_looked_for_and_nobody_listens(sessions: Sessions, world: World) -> None:
    alarm = Heard()
    async with looking_out(sessions, [DueRows("links", poller.seconds(Link), alarm, in_bursts=True)]):
        await listened(sessions)
        async with sessions.begin() as session:
            for number in range(poller.BURST * 2):
                await session.execute(select(func.pg_notify(poller.CHANNEL, f"links {number}")))
        await until(lambda: not_listened(sessions))
        rings = alarm.rings
        await _due(sessions, func.now())
        await until(lambda: alarm.rings > rings)
        await _due(sessions, None)
        await listened(sessions)  # it is over


async def test_a_writer_that_has_not_committed_keeps_everybody_awake(sessions: Sessions, world: World) -> None:
    """A transaction that sees no listener sends nothing: no listener can start before its commit."""
    await _due(sessions, None)
    alarm = Heard()
    async with sessions.begin() as writer:
        await writer.execute(select(func.pg_advisory_xact_lock_shared(poller.LISTENER)))
        async with looking_out(sessions, [DueRows("links", poller.seconds(Link), alarm)]):
            await until(lambda: sessions.kw["bind"].pool.checkedout() >= 2)  # the writer's and the poller's
            assert await not_listened(sessions)
            await writer.commit()
            await listened(sessions)


async def test_a_second_worker_hears_what_the_first_listens_to_and_follows_it(sessions: Sessions, world: World) -> None:
    await _due(sessions, None)
    first, second = Heard(), Heard()
    async with looking_out(sessions, [DueRows("links", NEVER, first)]):
        await listened(sessions)
        async with looking_out(sessions, [DueRows("links", NEVER, second)]):

            async def told() -> bool:
                await _due(sessions, func.now())  # once more, until the second listens as well
                return bool(first.rings and second.rings)

            await until(told)


@pytest.mark.parametrize("times", [1, 3])
async def test_a_connection_that_ends_is_opened_again(sessions: Sessions, world: World, times: int) -> None:
    await _due(sessions, None)
    alarm = Heard()
    async with looking_out(sessions, [DueRows("links", NEVER, alarm)]):
        for _ in range(times):
            await listened(sessions)
            async with sessions.begin() as session:
                await session.execute(_END_LISTENERS, {"it": poller.LISTENER})
        await listened(sessions)
        await _due(sessions, func.now())
        await until(lambda: alarm.rings > 0)


class Heard(WakeUp):
    """Counts its rings."""

    rings = 0

    def ring(self) -> None:
        """One more."""
        self.rings += 1
        super().ring()


@asynccontextmanager
async def looking_out(sessions: Sessions, kinds: Sequence[DueRows]) -> AsyncIterator[None]:
    """A look-out at work."""
    stop = asyncio.Event()
    watching = asyncio.create_task(Poller(kinds, sessions).serve(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(watching, 20)


async def until(happened: Callable[[], Any]) -> None:
    """Waits, a while, until it did."""
    async with asyncio.timeout(20):
        while True:
            found = happened()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.02)


async def listened(sessions: Sessions) -> None:
    """Waits until somebody listens."""

    async def does() -> bool:
        return not await not_listened(sessions)

    await until(does)


async def not_listened(sessions: Sessions) -> bool:
    """True if nobody listens, by the test that the trigger uses."""
    async with sessions.begin() as session:
        tried = await session.execute(select(func.pg_try_advisory_xact_lock_shared(poller.LISTENER)))
        return bool(tried.scalar_one())


async def _due(sessions: Sessions, moment: Any) -> None:
    async with sessions.begin() as session:
        await session.execute(update(Link).values(due_at=moment, lease_until=None).execution_options(**CROSS_TENANT))
