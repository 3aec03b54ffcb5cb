"""A client that leaves an opened link unfinished: one event for each stay, none after it finished."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.client_portal import abandonment_task
from app.kit import ids
from app.kit.database import Sessions
from tests.client_portal.walk import Walk
from tests.world import World

LONG, SHORT = abandonment_task.QUIET + timedelta(seconds=1), abandonment_task.QUIET - timedelta(minutes=1)
#: Times of what a client does on a link.
ACTIONS = {
    "links": ("opened_at", "abandoned_at"), "intakes": ("updated_at",), "link_platforms": ("updated_at",),
    "link_sessions": ("created_at",), "authorizations": ("created_at",),
}  # fmt: skip


async def pass_time(sessions: Sessions, world: World, by: timedelta) -> None:
    """Everything that the clients did is that much older."""
    async with sessions.begin() as session:
        for table, columns in ACTIONS.items():
            older = ", ".join(f"{column} = {column} - CAST(:by AS interval)" for column in columns)
            await session.execute(
                text(f"UPDATE {table} SET {older} WHERE agency_id = :agency_id"),
                {"by": by, "agency_id": ids.parse("agency", world.north.agency_id)},
            )


async def told(sessions: Sessions, world: World) -> list[tuple[str, str]]:
    """Screens and actors of the events, after a round of the task."""
    assert await abandonment_task.run(sessions) == abandonment_task.EVERY
    async with sessions() as session:
        rows = await session.execute(
            text(
                "SELECT facts->>'screen', actor_kind FROM events WHERE agency_id = :agency_id AND "
                "type = 'link.abandoned' ORDER BY id"
            ),
            {"agency_id": ids.parse("agency", world.north.agency_id)},
        )
        return [(row[0], row[1]) for row in rows]


async def test_once_for_each_stay_with_the_screen_that_waits(walk: Walk, sessions: Sessions, world: World) -> None:
    assert await told(sessions, world) == [], "not opened"
    await walk.start()
    await pass_time(sessions, world, SHORT)
    assert await told(sessions, world) == [], "too early"
    await pass_time(sessions, world, LONG)
    first = ("tiktok/way", "system")
    assert await told(sessions, world) == [first]
    await pass_time(sessions, world, LONG)
    assert await told(sessions, world) == [first], "the same stay"
    await walk.see("way")
    assert await told(sessions, world) == [first], "to look is no action"
    await walk.answer("lane", "account")
    assert await told(sessions, world) == [first], "a new stay has begun"
    await pass_time(sessions, world, LONG)
    assert await told(sessions, world) == [first, ("tiktok/assets", "system")]


async def test_a_client_at_the_platform_is_not_away(walk: Walk, sessions: Sessions, world: World) -> None:
    await walk.start()
    await pass_time(sessions, world, SHORT)
    assert (await walk.send("connection")).status_code == 303
    await pass_time(sessions, world, timedelta(minutes=2))
    assert await told(sessions, world) == []


async def test_never_after_the_client_finished(walk: Walk, sessions: Sessions, world: World) -> None:
    await walk.start()
    await walk.answer()
    await walk.agree()
    await pass_time(sessions, world, LONG)
    assert await told(sessions, world) == []


@pytest.mark.parametrize("end", ["expires_at = now()", "status = 'revoked', revoked_at = now()"])
async def test_never_after_the_link_ended(walk: Walk, sessions: Sessions, world: World, end: str) -> None:
    await walk.start()
    async with sessions.begin() as session:
        await session.execute(
            text(f"UPDATE links SET {end} WHERE agency_id = :agency_id"),
            {"agency_id": ids.parse("agency", world.north.agency_id)},
        )
    await pass_time(sessions, world, LONG)
    assert await told(sessions, world) == []


async def test_workers_at_once_record_it_once(walk: Walk, sessions: Sessions, world: World) -> None:
    await walk.start()
    await pass_time(sessions, world, LONG)
    await asyncio.gather(*(abandonment_task.run(sessions) for _ in range(4)))
    assert len(await told(sessions, world)) == 1
