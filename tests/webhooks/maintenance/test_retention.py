"""What is past its time goes; what is not stays; and a round may be stopped anywhere."""

import asyncio
import contextlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import func, text

from app.kit import clock
from app.kit.database import Sessions
from app.webhooks.context import MaintenanceContext
from app.webhooks.maintenance import retention
from app.webhooks.maintenance import retention as lag
from app.webhooks.maintenance import retention as redaction
from app.webhooks.models import Attempt, Delivery, Endpoint, Replay, WebhookBody
from tests.webhooks import rows, scenes
from tests.world import TESTS

OLD = timedelta(days=31)
DONE: dict[str, Any] = {"status": "succeeded", "due_at": None}


async def names(sessions: Sessions) -> set[str]:
    async with sessions() as session:
        return {name for name, _ in await redaction.partition_ends(session)}


async def behind(keeping: MaintenanceContext) -> float:
    """Days of lag."""
    async with keeping.sessions() as session:
        return await lag.lag_days(session, keeping, clock.now())


async def test_a_month_is_dropped_whole_once_all_of_it_is_past(
    keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    await redaction.ensure_partitions(sessions, date(2020, 1, 15))
    january, february = (
        {f"{table}_2020_01" for table in redaction.TABLES},
        {f"{table}_2020_02" for table in redaction.TABLES},
    )
    await rows.add_body(sessions, endpoint.agency_id, datetime(2020, 1, 31, tzinfo=UTC))
    kept = await rows.add_body(sessions, endpoint.agency_id, datetime(2020, 2, 1, tzinfo=UTC))
    assert await redaction.drop_past_partitions(sessions, datetime(2020, 2, 1, tzinfo=UTC))
    assert january.isdisjoint(await names(sessions))
    assert february <= await names(sessions)
    async with sessions() as session:
        left = await session.get(WebhookBody, (kept.agency_id, kept.id, kept.created_at))
    assert left is not None
    assert await rows.count(sessions, WebhookBody, endpoint.agency_id) == 1
    assert await redaction.drop_past_partitions(sessions, datetime(2020, 2, 29, tzinfo=UTC))
    assert february <= await names(sessions)


async def test_a_round_drops_what_is_past_and_makes_what_is_to_come(
    keeping: MaintenanceContext, sessions: Sessions
) -> None:
    await redaction.ensure_partitions(sessions, date(2020, 1, 15))
    assert await behind(keeping) > 1000
    assert await retention.prune(keeping) == retention.EVERY
    there = await names(sessions)
    assert not any("2020" in name for name in there)
    assert {name for name, _ in redaction.monthly_partitions(clock.now().date())} <= there
    assert await behind(keeping) < 0.1


async def test_a_busy_table_is_not_waited_for(keeping: MaintenanceContext, sessions: Sessions) -> None:
    await redaction.ensure_partitions(sessions, date(2020, 1, 15))
    async with sessions.begin() as busy:
        await busy.execute(text("LOCK TABLE webhook_attempts IN ROW EXCLUSIVE MODE"))
        assert await retention.prune(keeping) == retention.SOON
    assert "webhook_attempts_2020_01" in await names(sessions)
    assert await retention.prune(keeping) == retention.EVERY
    assert "webhook_attempts_2020_01" not in await names(sessions)


async def test_the_net_is_emptied_of_what_is_past(
    keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    row = await rows.add_delivery(sessions, endpoint)
    for days in (40, 41, 42):
        await rows.add_body(sessions, endpoint.agency_id, datetime(2019, 5, 1, tzinfo=UTC) - timedelta(days=days))
        await rows.add_attempt(sessions, row, aged=timedelta(days=2000 + days))
    assert await behind(keeping) > 1000
    small = MaintenanceContext(sessions, at_once=2)
    assert await retention.prune(small) == retention.EVERY
    assert await rows.count(sessions, WebhookBody, endpoint.agency_id) == 0
    assert await rows.count(sessions, Attempt, endpoint.agency_id) == 0
    assert await behind(keeping) < 0.1


async def test_finished_deliveries_go_with_their_attempts_and_open_ones_stay(
    keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    gone = [await rows.add_delivery(sessions, endpoint, aged=OLD + timedelta(days=n), **DONE) for n in range(4)]
    await rows.add_delivery(sessions, endpoint, aged=OLD + timedelta(hours=2), origin="test", **DONE)
    for row in gone:
        await rows.add_attempt(sessions, row, aged=timedelta(days=1))
    kept = [
        await rows.add_delivery(sessions, endpoint, aged=timedelta(days=29), **DONE),
        await rows.add_delivery(sessions, endpoint, aged=OLD + timedelta(hours=1)),
        await rows.add_delivery(sessions, endpoint, aged=OLD, last_attempt_at=func.now(), **DONE),
    ]
    assert 0.9 < await behind(keeping) < 5
    assert await retention.prune(MaintenanceContext(sessions, at_once=2)) == retention.EVERY
    left = await scenes.deliveries(sessions, endpoint.agency_id)
    assert {row.id for row in left} == {row.id for row in kept}
    assert await rows.count(sessions, Attempt, endpoint.agency_id) == 0
    assert await behind(keeping) < 0.1


async def test_answers_are_blanked_earlier_than_their_attempts_go(
    keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    row = await rows.add_delivery(sessions, endpoint)
    old = [await rows.add_attempt(sessions, row, aged=timedelta(days=15, hours=n)) for n in range(5)]
    young = await rows.add_attempt(sessions, row, aged=timedelta(days=13))
    assert await retention.prune(MaintenanceContext(sessions, at_once=2)) == retention.EVERY
    by_id = {each.id: each for each in await scenes.attempts(sessions, row)}
    assert {(by_id[each.id].body, str(by_id[each.id].headers), by_id[each.id].code) for each in old} == {
        ("", "{}", "http_500")
    }
    assert (by_id[young.id].body, by_id[young.id].headers) == ("oh no", {"server": "x"})


async def test_blanking_goes_on_where_it_was_stopped(
    keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    row = await rows.add_delivery(sessions, endpoint)
    for hours in range(5):
        await rows.add_attempt(sessions, row, aged=timedelta(days=15, hours=hours))
    until = clock.now() - timedelta(days=14)
    small = MaintenanceContext(sessions, at_once=2)
    assert not await redaction.redact_answers(small, until, batches=1)
    assert (await rows.chore(sessions, "retention")).reached is None
    assert await redaction.redact_answers(small, until, batches=9)
    assert all(each.body == "" for each in await scenes.attempts(sessions, row))
    assert (await rows.chore(sessions, "retention")).reached == until
    assert not (await behind(MaintenanceContext(sessions, body_days=10))) < 3.9


async def test_a_replay_goes_when_it_is_long_over_and_nothing_refers_to_it(
    keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    now = clock.now()
    async with sessions.begin() as session:
        for name, days in (("a", 91), ("b", 91), ("c", 89), ("d", None)):
            session.add(
                Replay(
                    agency_id=endpoint.agency_id, id=f"replay_0000000000000000000000000{name}", endpoint_id=endpoint.id,
                    selected="all", since=now, until=now, event_types=[], subject_ids=[], rate_per_second=1, matched=0,
                    actor_kind=TESTS.kind, actor_id=TESTS.id,
                    ended_at=None if days is None else now - timedelta(days=days),
                )
            )  # fmt: skip
    await rows.add_delivery(sessions, endpoint, replay_id="replay_0000000000000000000000000b", **DONE)
    await retention.prune(keeping)
    async with sessions() as session:
        left = [await session.get(Replay, (endpoint.agency_id, f"replay_{name:0>26}")) for name in "abcd"]
    assert [row is not None for row in left] == [False, True, True, True]


async def test_two_rounds_at_once_and_one_cancelled_harm_nothing(
    keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    for number in range(20):
        await rows.add_delivery(sessions, endpoint, aged=OLD + timedelta(hours=number), **DONE)
    small = MaintenanceContext(sessions, at_once=3)
    stopped = asyncio.create_task(retention.prune(small))
    await asyncio.sleep(0.05)
    stopped.cancel()
    with contextlib.suppress(asyncio.CancelledError):  # a quick machine is through by then
        await stopped
    await asyncio.gather(retention.prune(small), retention.prune(small))
    assert await scenes.deliveries(sessions, endpoint.agency_id) == []


async def test_what_a_deleted_endpoint_left_goes_too(
    keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    await rows.add_delivery(sessions, endpoint, aged=OLD, **DONE)
    await rows.set_endpoint(sessions, endpoint, deleted_at=func.now(), status="disabled")
    await retention.prune(keeping)
    assert await rows.count(sessions, Delivery, endpoint.agency_id) == 0
