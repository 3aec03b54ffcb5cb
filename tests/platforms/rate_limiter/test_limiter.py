"""The budget on PostgreSQL: one row for an app, waits as long as it must, and what TikTok says to it."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.database import Sessions
from app.kit.egress.client import tls_context
from app.platforms.port import Access, Priority, RecordedCall, Unavailable
from app.platforms.rate_limit_policy import BUCKET, WINDOW, Limits, reserve
from app.platforms.rate_limiter import Busy, RateLimiter, RateLimitState
from app.platforms.tiktok import operations
from app.platforms.tiktok.client import Wire
from simulator import seed
from tests.tiktok import TikTokWorld

APP, OTHER = seed.FULL_APP, seed.LEVEL_ONE_APP
FEW = Limits(qps=2, qpm=480)


async def row(sessions: Sessions, app_id: str = APP) -> RateLimitState:
    async with sessions() as session:
        return (await session.scalars(select(RateLimitState).where(RateLimitState.app_id == app_id))).one()


async def test_grants_of_one_app_are_counted_together_and_of_another_apart(sessions: Sessions) -> None:
    one, two = RateLimiter(sessions, "tiktok", FEW), RateLimiter(sessions, "tiktok", FEW)
    grants = await asyncio.gather(*(each.reserve(APP, Priority.INTERACTIVE) for each in (one, two, one)))
    at = sorted(grant.at for grant in grants)
    assert at[2] - at[0] >= WINDOW
    await two.reserve(OTHER, Priority.INTERACTIVE)
    assert len((await row(sessions, OTHER)).granted) == 1


async def test_the_moment_counts_from_when_the_row_is_ours(sessions: Sessions, engine: AsyncEngine) -> None:
    """Whoever waits for the lock must not be given a moment from before it had it."""
    budget = RateLimiter(sessions, "tiktok", Limits(1000, 60_000))
    first = await budget.reserve(APP, Priority.INTERACTIVE)
    async with sessions.begin() as holder:
        await holder.execute(select(RateLimitState).with_for_update())
        waiting = asyncio.create_task(budget._reserve(APP, Priority.INTERACTIVE, 0))
        await _until_somebody_waits(engine)
        await asyncio.sleep(0.3)
    grant, _ = await waiting
    assert grant.at - first.at >= 300


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"granted": [-5_000, -1_201, -1_199]},
        {"granted": [-1_000, -500]},
        {"granted": [-1_000, -900, -800, -10]},
        {"granted": [-100, 400]},
        {"granted": [60_000_000]},
        {"minute": {-40: 100, -29: 2, 0: 3}},
        {"minute": {-10: 200, -1: 31}},
        {"minute": {-10: 200, 0: 400}},
        {"reduced_to": 2, "granted": [-100]},
        {"setbacks": 1, "limited_at": -9_000},
        {"closed_until": 900, "limited_at": -100},
        {"limited_at": 50_000_000, "raised_at": 50_000_000},
    ],
)
@pytest.mark.parametrize("priority", list(Priority))
async def test_the_database_reserves_as_the_policy(
    sessions: Sessions, priority: Priority, state: dict[str, Any]
) -> None:
    """Times are milliseconds from now, buckets their distance from the present one."""
    budget = RateLimiter(sessions, "tiktok", Limits(qps=4, qpm=480))
    await budget.reserve(APP, Priority.INTERACTIVE)
    _, now = await budget.look(APP)
    values: dict[str, Any] = {"granted": [], "minute": {}} | state
    values["granted"] = [now + at for at in values["granted"]]
    values["minute"] = {str(now // BUCKET + bucket): calls for bucket, calls in values["minute"].items()}
    values |= {name: now + values[name] for name in ("limited_at", "closed_until", "raised_at") if name in values}
    async with sessions.begin() as session:
        await session.execute(update(RateLimitState).values(values))
    before, _ = await budget.look(APP)
    grant, moment = await budget._reserve(APP, priority, patience=70_000)
    after, _ = await budget.look(APP)
    assert (after, grant) == reserve(before, moment.now, priority, budget.limits, 70_000)


async def test_a_call_that_wakes_up_late_takes_a_new_grant(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    budget = RateLimiter(sessions, "tiktok", Limits(1, 480))
    await budget.reserve(APP, Priority.INTERACTIVE)
    real, naps = asyncio.sleep, list[float]()

    async def oversleep(seconds: float) -> None:
        naps.append(seconds)
        await real(seconds + (0.25 if len(naps) == 1 else 0))

    monkeypatch.setattr(asyncio, "sleep", oversleep)
    grant = await budget.reserve(APP, Priority.INTERACTIVE)
    assert len(naps) >= 2
    assert grant.at == max((await row(sessions)).granted)


async def test_who_waits_for_a_grant_waits_on_when_the_platform_says_too_often(sessions: Sessions) -> None:
    budget = RateLimiter(sessions, "tiktok", Limits(1, 480))
    first = await budget.reserve(APP, Priority.INTERACTIVE)
    waiting = asyncio.create_task(budget.reserve(APP, Priority.INTERACTIVE))
    async with asyncio.timeout(10):
        while len((await row(sessions)).granted) < 2:  # noqa: ASYNC110 - it is written by another transaction
            await asyncio.sleep(0.01)
    await budget.limited(APP, first)
    closed = await row(sessions)
    assert closed.granted == [first.at]
    grant = await waiting
    assert grant.at >= closed.closed_until
    assert grant.booked > closed.limited_at


async def test_too_often_reaches_every_process(
    sessions: Sessions, tiktok: TikTokWorld, wire: Wire, ana: Access
) -> None:
    kept: list[RecordedCall] = []
    await tiktok.fault("user/info/", code=40100)
    with pytest.raises(Unavailable) as told:
        await operations.user_info(wire, ana, kept.append)
    assert told.value.limited
    assert [call.code for call in kept] == [40100]
    closed = await row(sessions)
    assert (closed.reduced_to, closed.setbacks) == (500, 1)
    assert closed.closed_until - closed.limited_at == 1000
    before = time.monotonic()
    await operations.user_info(wire, ana, kept.append)  # in another process it would be the same row
    assert time.monotonic() - before > 0.5
    assert (await row(sessions)).setbacks == 0


async def test_who_would_wait_too_long_is_told_without_a_call(
    sessions: Sessions, tiktok: TikTokWorld, wire: Wire, ana: Access
) -> None:
    kept: list[RecordedCall] = []
    await operations.user_info(wire, ana, kept.append)
    async with sessions.begin() as session:
        closed = int((time.time() + timedelta(minutes=4).total_seconds()) * 1000)
        await session.execute(update(RateLimitState).values(closed_until=closed))
    calls = (await tiktok.calls())["total"]
    with pytest.raises(Unavailable) as told:
        await operations.user_info(wire, ana, kept.append)
    assert told.value.limited
    assert 200 < told.value.retry_after < 245
    assert (await tiktok.calls())["total"] == calls
    assert len(kept) == 1
    with pytest.raises(Busy):
        await wire.rate_limiter.reserve(APP, Priority.BACKGROUND)


@pytest.fixture
async def wire(sessions: Sessions, tiktok: TikTokWorld) -> AsyncIterator[Wire]:
    async with httpx2.AsyncClient(trust_env=False, verify=tls_context()) as http:
        yield Wire(http, f"{tiktok.address}/open_api/v1.3", RateLimiter(sessions, "tiktok", Limits(1000, 60_000)))


@pytest.fixture
async def ana(tiktok: TikTokWorld) -> Access:
    return Access(await tiktok.token(seed.ANA_CLIENT), APP, Priority.INTERACTIVE)


async def _until_somebody_waits(engine: AsyncEngine) -> None:
    async with engine.connect() as connection, asyncio.timeout(10):
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while not (await connection.exec_driver_sql(waits)).scalar_one():  # noqa: ASYNC110 - another connection
            await asyncio.sleep(0.01)
