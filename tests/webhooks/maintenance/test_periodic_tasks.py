"""The chores as the worker does them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from app import worker
from app.kit import jobs
from app.kit.database import Sessions
from app.webhooks.context import MaintenanceContext
from app.webhooks.maintenance import periodic_tasks
from app.webhooks.models import PeriodicTask
from tests.house import House
from tests.webhooks import rows


@pytest.fixture
def keeping(keeping: MaintenanceContext, house: House) -> MaintenanceContext:
    """The tools with the tasks of other rooms."""
    return replace(keeping, tasks=worker.chores(keeping.sessions, None, house.tools.platforms))


async def test_there_is_a_row_for_each_chore_and_nothing_else(keeping: MaintenanceContext, sessions: Sessions) -> None:
    claimed = await jobs.claim(sessions, PeriodicTask, limit=9, lease=timedelta(seconds=60))
    assert {row.id for row in claimed} == {*periodic_tasks.TASKS, *keeping.tasks}


async def test_a_worker_does_them_and_they_are_due_again(keeping: MaintenanceContext, sessions: Sessions) -> None:
    [work] = periodic_tasks.work(keeping)
    for row in await jobs.claim(sessions, work.model, limit=9, lease=work.lease):
        await work.do(row)
    sweep, retention = [await rows.chore(sessions, name) for name in ("sweep", "retention")]
    assert sweep.due_at is not None
    assert retention.due_at is not None
    assert retention.due_at - sweep.due_at > timedelta(minutes=50)
    assert (sweep.tries, sweep.lease_token, retention.tries, retention.lease_token) == (0, None, 0, None)


async def test_one_that_lost_its_lease_leaves_the_row_to_who_has_it(
    keeping: MaintenanceContext, sessions: Sessions
) -> None:
    first, second = await jobs.claim(sessions, PeriodicTask, limit=2, lease=timedelta(seconds=60))
    async with sessions.begin() as session:
        await session.execute(update(PeriodicTask).values(lease_token=None))
    for row in (first, second):
        with pytest.raises(jobs.LeaseLost):
            await periodic_tasks.run_task(keeping, row)
