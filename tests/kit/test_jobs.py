"""The engine of background work on real PostgreSQL: who gets a row, who may finish it, and what a wake-up does."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.events.models import OutboxEntry
from app.kit import jobs
from app.kit.database import CROSS_TENANT, Sessions
from app.kit.jobs import POISON_AFTER, JobType, LeaseLost, WakeUp
from app.links.models import Link
from tests.world import World

LEASE = timedelta(seconds=30)
A_SECOND = timedelta(seconds=1)
#: Seconds between two looks of a loop that nobody wakes.
LOOKS = 0.1


async def _set(sessions: Sessions, **values: Any) -> None:
    async with sessions.begin() as session:
        everywhere = update(Link).values(**values).execution_options(synchronize_session=False, **CROSS_TENANT)
        await session.execute(everywhere)


async def _link(session: AsyncSession, world: World) -> Link:
    return await session.get_one(Link, (world.north.agency_id, world.north.link_id), populate_existing=True)


@pytest.fixture
async def two_due(sessions: Sessions, world: World) -> None:
    """The links of both agencies are due."""
    await _set(sessions, due_at=func.now() - A_SECOND)


async def test_what_is_not_due_is_not_claimed(sessions: Sessions, world: World) -> None:
    assert not await jobs.claim(sessions, Link, limit=10, lease=LEASE)


async def test_ten_claimers_at_once_get_each_row_once(sessions: Sessions, two_due: None) -> None:
    claims = await asyncio.gather(*(jobs.claim(sessions, Link, limit=2, lease=LEASE) for _ in range(10)))
    assert len([row for rows in claims for row in rows]) == 2
    assert len({row.id for rows in claims for row in rows}) == 2


async def test_a_claimed_row_is_nobody_elses_until_its_lease_runs_out(sessions: Sessions, two_due: None) -> None:
    assert len(await jobs.claim(sessions, Link, limit=9, lease=LEASE)) == 2
    assert not await jobs.claim(sessions, Link, limit=9, lease=LEASE)
    await _set(sessions, lease_until=func.now() - A_SECOND)
    again = await jobs.claim(sessions, Link, limit=9, lease=LEASE)
    assert [row.tries for row in again] == [2, 2]


async def test_whoever_lost_the_lease_can_neither_finish_nor_hold(sessions: Sessions, two_due: None) -> None:
    (first, _) = await jobs.claim(sessions, Link, limit=9, lease=LEASE)
    await _set(sessions, lease_until=func.now() - A_SECOND)
    await jobs.claim(sessions, Link, limit=9, lease=LEASE)
    for attempt in (jobs.finish(sessions_of := sessions(), first, due_in=None), jobs.hold(sessions_of, first, LEASE)):
        with pytest.raises(LeaseLost):
            await attempt
    await sessions_of.close()


async def test_finishing_gives_the_row_back_with_its_next_time(
    sessions: Sessions, session: AsyncSession, world: World, two_due: None
) -> None:
    for row in await jobs.claim(sessions, Link, limit=9, lease=LEASE):
        async with sessions.begin() as done:
            await jobs.finish(done, row, due_in=timedelta(hours=1))
    link = await _link(session, world)
    assert (link.lease_until, link.lease_token, link.tries) == (None, None, 0)
    now = (await session.execute(select(func.now()))).scalar_one()
    assert link.due_at is not None
    assert timedelta(minutes=59) < link.due_at - now <= timedelta(hours=1)


async def test_a_wake_up_during_the_work_is_not_lost(
    sessions: Sessions, session: AsyncSession, world: World, two_due: None
) -> None:
    (row,) = [row for row in await jobs.claim(sessions, Link, limit=9, lease=LEASE) if row.id == world.north.link_id]
    async with sessions.begin() as other:
        await jobs.wake(other, Link, Link.agency_id == world.north.agency_id)
    async with sessions.begin() as done:
        await jobs.finish(done, row, due_in=None)
    assert (await _link(session, world)).due_at is not None
    assert len(await jobs.claim(sessions, Link, limit=9, lease=LEASE)) == 1


async def test_a_row_that_is_never_finished_is_left_alone_for_a_while(sessions: Sessions, two_due: None) -> None:
    await _set(sessions, tries=POISON_AFTER)
    (row, _) = await jobs.claim(sessions, Link, limit=9, lease=LEASE)
    assert row.lease_until is not None
    await _set(sessions, lease_until=Link.lease_until - LEASE - A_SECOND)
    assert not await jobs.claim(sessions, Link, limit=9, lease=LEASE)


async def test_serving_does_everything_due_and_keeps_what_failed(
    sessions: Sessions, session: AsyncSession, world: World, two_due: None
) -> None:
    seen: list[str] = []
    stop, alarm = asyncio.Event(), WakeUp()

    async def do(row: Link) -> None:
        seen.append(row.id)
        if row.id == world.north.link_id:
            raise RuntimeError("this one fails")
        async with sessions.begin() as done:
            await jobs.finish(done, row, due_in=None)
        stop.set()

    await asyncio.wait_for(jobs.serve(JobType("links", Link, do), sessions, stop, alarm, LOOKS), 20)
    assert sorted(set(seen)) == sorted([world.north.link_id, world.south.link_id])
    failed = await _link(session, world)
    assert (failed.lease_token, failed.tries) == (None, 1)
    assert failed.due_at is not None


async def test_the_alarm_wakes_every_sleeper_and_a_sleep_ends_by_itself() -> None:
    alarm = WakeUp()
    sleepers = [asyncio.create_task(alarm.sleep(60)) for _ in range(3)]
    await asyncio.sleep(0)
    alarm.ring()
    await asyncio.wait_for(asyncio.gather(*sleepers), 5)
    await asyncio.wait_for(alarm.sleep(0.001), 5)


async def test_marks_of_events_are_rows_that_are_due(sessions: Sessions, world: World) -> None:
    marks = await jobs.claim(sessions, OutboxEntry, limit=100, lease=LEASE)
    assert {mark.agency_id for mark in marks} == {world.north.agency_id, world.south.agency_id}


async def test_work_longer_than_its_lease_keeps_its_row_and_is_finished(sessions: Sessions, world: World) -> None:
    await _set(sessions, due_at=None)
    async with sessions.begin() as session:
        await jobs.wake(session, Link, Link.agency_id == world.north.agency_id, Link.id == world.north.link_id)
    stop, alarm, begun = asyncio.Event(), WakeUp(), list[int]()

    async def do(row: Link) -> None:
        begun.append(row.tries)
        await asyncio.sleep(4)
        assert not await jobs.claim(sessions, Link, limit=1, lease=LEASE)
        async with sessions.begin() as session:
            await jobs.finish(session, row, due_in=None)
        stop.set()

    work = JobType("links", Link, do, lease=timedelta(seconds=3), longest=timedelta(seconds=60))
    await asyncio.wait_for(jobs.serve(work, sessions, stop, alarm, LOOKS), 60)
    assert begun == [1]
