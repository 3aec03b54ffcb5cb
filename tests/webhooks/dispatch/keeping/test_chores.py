"""The chores as the worker does them."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from app.kit import due
from app.kit.database import Sessions
from app.webhooks.dispatch.keeping import chores
from app.webhooks.dispatch.keeping.model import Chore
from app.webhooks.dispatch.keeping.tools import Keeping
from tests.webhooks import rows


async def test_there_is_a_row_for_each_chore_and_nothing_else(keeping: Keeping, sessions: Sessions) -> None:
    claimed = await due.claim(sessions, Chore, limit=9, lease=timedelta(seconds=60))
    assert {row.id for row in claimed} == set(chores.CHORES)


async def test_a_worker_does_them_and_they_are_due_again(keeping: Keeping, sessions: Sessions) -> None:
    [work] = chores.work(keeping)
    for row in await due.claim(sessions, work.model, limit=9, lease=work.lease):
        await work.do(row)
    sweep, retention = [await rows.chore(sessions, name) for name in ("sweep", "retention")]
    assert sweep.due_at is not None
    assert retention.due_at is not None
    assert retention.due_at - sweep.due_at > timedelta(minutes=50)
    assert (sweep.tries, sweep.lease_token, retention.tries, retention.lease_token) == (0, None, 0, None)


async def test_one_that_lost_its_lease_leaves_the_row_to_who_has_it(keeping: Keeping, sessions: Sessions) -> None:
    first, second = await due.claim(sessions, Chore, limit=2, lease=timedelta(seconds=60))
    async with sessions.begin() as session:
        await session.execute(update(Chore).values(lease_token=None))
    for row in (first, second):
        with pytest.raises(due.LeaseLost):
            await chores.do(keeping, row)
