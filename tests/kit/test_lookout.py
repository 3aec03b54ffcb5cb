"""One look for all kinds of work."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, update

from app.kit import database, due, lookout
from app.kit.database import ACROSS_AGENCIES, Base, Sessions
from app.kit.due import Work
from app.links.model import Link
from app.mail.model import Mail
from tests.world import World


async def test_a_kind_that_has_something_is_woken_and_no_other_is(sessions: Sessions, world: World) -> None:
    await _due(sessions, None)
    stop, seen, other = asyncio.Event(), list[str](), list[str]()

    async def do(row: Any) -> None:
        seen.append(row.id)
        async with sessions.begin() as done:
            await due.finish(done, row, due_in=None)
        stop.set()

    async def never(row: Any) -> None:
        other.append(row.id)

    works = [Work[Base]("mails", Mail, never), Work[Base]("links", Link, do)]
    serving = asyncio.create_task(lookout.serve_all(works, sessions, stop))
    await asyncio.sleep(0.3)  # both have looked by themselves, and sleep
    assert not seen
    await _due(sessions, func.now())
    await asyncio.wait_for(serving, 20)
    assert set(seen) <= {world.north.link_id, world.south.link_id}
    assert seen
    assert not other


async def test_a_look_that_fails_is_made_again(
    sessions: Sessions, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _due(sessions, None)
    stop, looks = asyncio.Event(), list[int]()

    def away(given: Sessions) -> Any:
        looks.append(1)
        if len(looks) == 1:
            raise OSError("the database is away")
        return database.autocommit(given)

    async def do(row: Any) -> None:
        async with sessions.begin() as done:
            await due.finish(done, row, due_in=None)
        stop.set()

    monkeypatch.setattr(lookout, "autocommit", away)
    serving = asyncio.create_task(lookout.serve_all([Work[Base]("links", Link, do)], sessions, stop))
    await asyncio.sleep(0.1)
    await _due(sessions, func.now())
    await asyncio.wait_for(serving, 20)
    assert len(looks) > 1


async def _due(sessions: Sessions, moment: Any) -> None:
    async with sessions.begin() as session:
        await session.execute(update(Link).values(due_at=moment, lease_until=None).execution_options(**ACROSS_AGENCIES))
