"""Limits: a number of permits at once, restored one by one, shared by all callers."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app.kit import clock, throttle
from app.kit.database import Sessions
from app.kit.throttle import Limit, Throttle, Throttled

FEW = Limit("few", 3, timedelta(hours=1))
MORE = Limit("more", 5, timedelta(hours=1))


async def _take(sessions: Sessions, *wanted: tuple[Limit, str]) -> Throttled | None:
    try:
        async with sessions.begin() as session:
            await throttle.take(session, *wanted)
    except Throttled as reached:
        return reached
    return None


async def _let_pass(sessions: Sessions, span: timedelta) -> None:
    async with sessions.begin() as session:
        await session.execute(update(Throttle).values(full_at=Throttle.full_at - span))


async def test_as_many_as_allowed_then_one_after_each_step(sessions: Sessions) -> None:
    assert [await _take(sessions, (FEW, "a")) for _ in range(3)] == [None] * 3
    reached = await _take(sessions, (FEW, "a"))
    assert reached is not None
    assert timedelta(minutes=19) < reached.retry_after <= timedelta(minutes=20)
    assert await _take(sessions, (FEW, "b")) is None, "another subject has a limit of its own"
    await _let_pass(sessions, timedelta(minutes=20))
    assert await _take(sessions, (FEW, "a")) is None
    assert await _take(sessions, (FEW, "a")) is not None


async def test_several_are_taken_at_a_time_or_none(sessions: Sessions) -> None:
    two = replace(FEW, each=2)
    assert await _take(sessions, (two, "a")) is None
    reached = await _take(sessions, (two, "a"))
    assert reached is not None
    assert timedelta(minutes=19) < reached.retry_after <= timedelta(minutes=20), "then there are two again"
    assert [await _take(sessions, (FEW, "a")) is None for _ in range(2)] == [True, False]


async def test_of_two_limits_both_are_taken_or_none(sessions: Sessions) -> None:
    assert [await _take(sessions, (MORE, "link"), (FEW, "browser")) for _ in range(3)] == [None] * 3
    reached = await _take(sessions, (MORE, "link"), (FEW, "browser"))
    assert reached is not None
    assert reached.kind == "few"
    assert [await _take(sessions, (MORE, "link")) for _ in range(3)][:2] == [None, None], "the refused one cost nothing"


async def test_many_at_once_get_exactly_as_many_as_allowed(sessions: Sessions) -> None:
    answers = await asyncio.gather(*(_take(sessions, (FEW, "a"), (MORE, f"b{at % 2}")) for at in range(12)))
    assert answers.count(None) == 3


async def test_what_is_available_again_is_deleted(sessions: Sessions) -> None:
    await _take(sessions, (FEW, "old"))
    await _let_pass(sessions, timedelta(hours=1))
    await _take(sessions, (FEW, "new"))
    assert await throttle.prune(sessions, clock.now(), 100) == 1
    async with sessions() as session:
        assert (await session.scalars(select(Throttle.subject))).all() == ["new"]


@pytest.mark.parametrize("most", [1, 7])
async def test_a_limit_is_whole_again_after_its_span(sessions: Sessions, most: int) -> None:
    limit = Limit("any", most, timedelta(minutes=10))
    for _ in range(2):
        assert [await _take(sessions, (limit, "a")) for _ in range(most + 1)].count(None) == most
        await _let_pass(sessions, timedelta(minutes=10))
    async with sessions() as session:
        assert (await session.execute(select(func.count()).select_from(Throttle))).scalar_one() == 1
