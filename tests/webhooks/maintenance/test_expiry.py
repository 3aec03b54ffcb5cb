"""What was held for too long, and what is too much for one endpoint."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func

from app.kit.database import Sessions
from app.webhooks.context import MaintenanceContext
from app.webhooks.maintenance import periodic_tasks
from app.webhooks.models import Endpoint
from tests.webhooks import rows, scenes

PAST: dict[str, Any] = {"aged": timedelta(days=6), "expires_at": func.now() - timedelta(days=1)}
EXHAUSTED, DEGRADED = "webhook.delivery.exhausted", "webhook.endpoint.degraded"


@pytest.mark.parametrize(
    "why",
    [
        {"paused_at": func.now()},
        {"breaker": "open", "open_until": func.now() + timedelta(hours=1)},
        {"hold_until": func.now() + timedelta(hours=1)},
    ],
    ids=["paused", "circuit", "retry after"],
)
async def test_what_was_held_until_it_was_too_old_is_cancelled_and_told(
    keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint, why: dict[str, Any]
) -> None:
    if "paused_at" in why:
        await rows.set_endpoint(sessions, endpoint, **why)
    else:
        await rows.set_health(sessions, endpoint, **why)
    old = await rows.add_delivery(sessions, endpoint, status="retrying", reason="http_500", **PAST)
    young = await rows.add_delivery(sessions, endpoint)
    assert await periodic_tasks.end_expired(keeping) == 1
    now = await scenes.again(sessions, old)
    assert (now.status, now.reason, now.due_at) == ("cancelled", "expired", None)
    assert (await scenes.again(sessions, young)).status == "pending"
    [event] = await rows.events(sessions, endpoint.agency_id, EXHAUSTED)
    assert (event.subject_id, event.facts["endpoint_id"], event.facts["status"]) == (old.id, endpoint.id, "cancelled")
    assert (event.facts["reason"], event.facts["sample_event_id"]) == ("expired", old.event_id)
    assert await periodic_tasks.end_expired(keeping) == 0


async def test_one_that_is_under_way_or_not_held_is_left_to_whoever_sends_it(
    keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    await rows.add_delivery(sessions, endpoint, **PAST)
    assert await periodic_tasks.end_expired(keeping) == 0
    await rows.set_endpoint(sessions, endpoint, paused_at=func.now())
    await rows.add_delivery(
        sessions, endpoint, lease_until=func.now() + timedelta(minutes=1), **{**PAST, "aged": timedelta(days=7)}
    )
    assert await periodic_tasks.end_expired(keeping) == 1


async def test_no_news_of_tests_nor_of_such_news(
    keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    await rows.set_endpoint(sessions, endpoint, paused_at=func.now())
    await rows.add_delivery(sessions, endpoint, origin="test", **PAST)
    await rows.add_delivery(sessions, endpoint, event_type=EXHAUSTED, **{**PAST, "aged": timedelta(days=7)})
    assert await periodic_tasks.end_expired(keeping) == 2
    assert await rows.events(sessions, endpoint.agency_id, EXHAUSTED) == []


async def test_the_next_of_a_subject_may_go(
    keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    await rows.set_endpoint(sessions, endpoint, paused_at=func.now())
    await rows.add_delivery(sessions, endpoint, ordered=True, **PAST)
    second = await rows.add_delivery(sessions, endpoint, ordered=True, due_at=None, reason="ordering")
    third = await rows.add_delivery(
        sessions, endpoint, ordered=True, due_at=None, reason="ordering", aged=timedelta(minutes=2)
    )
    await periodic_tasks.end_expired(keeping)
    assert (await scenes.again(sessions, second)).due_at is not None
    assert (await scenes.again(sessions, third)).due_at is None


async def test_beyond_the_limit_the_oldest_are_given_up_with_one_notice(sessions: Sessions, endpoint: Endpoint) -> None:
    made = [
        await rows.add_delivery(sessions, endpoint, aged=timedelta(minutes=9 - number), subject=f"link_{number}")
        for number in range(8)
    ]
    few = MaintenanceContext(sessions, most_pending=3, at_once=2)
    rounds = [await periodic_tasks.end_overflow(few) for _ in range(4)]
    assert rounds == [2, 2, 1, 0]
    now = [await scenes.again(sessions, row) for row in made]
    assert [row.status for row in now] == ["exhausted"] * 5 + ["pending"] * 3
    assert {(row.reason, row.due_at) for row in now[:5]} == {("backlog_limit", None)}
    [notice] = await rows.events(sessions, endpoint.agency_id, DEGRADED)
    facts = notice.facts
    assert (notice.subject_id, facts["reason"], facts["failed_count"]) == (endpoint.id, "backlog_limit", 2)
    assert notice.facts["sample_event_id"] in {row.event_id for row in now[:2]}


async def test_one_under_way_is_not_given_up(sessions: Sessions, endpoint: Endpoint) -> None:
    first = await rows.add_delivery(
        sessions, endpoint, aged=timedelta(minutes=9), lease_until=func.now() + timedelta(minutes=1)
    )
    second = await rows.add_delivery(sessions, endpoint, aged=timedelta(minutes=8), subject="link_2")
    assert await periodic_tasks.end_overflow(MaintenanceContext(sessions, most_pending=1, at_once=5)) == 1
    assert (await scenes.again(sessions, first)).status == "pending"
    assert (await scenes.again(sessions, second)).status == "exhausted"


async def test_others_do_not_count(keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint) -> None:
    await rows.add_delivery(sessions, endpoint, status="succeeded", due_at=None)
    await rows.add_delivery(sessions, endpoint, aged=timedelta(minutes=4))
    assert await periodic_tasks.end_overflow(MaintenanceContext(sessions, most_pending=1)) == 0
