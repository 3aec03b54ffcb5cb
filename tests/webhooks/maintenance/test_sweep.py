"""What got stuck is found, put right and counted; what merely waits is left alone."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import func, select, update

from app.events.models import OutboxEntry
from app.kit import jobs
from app.kit.database import Sessions
from app.webhooks.context import MaintenanceContext, WebhookContext
from app.webhooks.maintenance import periodic_tasks
from app.webhooks.models import Delivery, Endpoint
from tests.webhooks import rows, scenes

LEASE = timedelta(seconds=40)
GONE: dict[str, Any] = {"lease_until": func.now() - timedelta(minutes=3), "lease_token": uuid.uuid4()}
HELD: dict[str, Any] = {"lease_until": func.now() + timedelta(minutes=3), "lease_token": uuid.uuid4()}


def fixed(kind: str) -> float:
    """How many of a kind were counted in this process."""
    return REGISTRY.get_sample_value("webhook_sweeper_fixed_total", {"kind": kind}) or 0.0


async def swept(keeping: MaintenanceContext) -> dict[str, float]:
    """What one round counted."""
    before = {kind: fixed(kind) for kind in periodic_tasks.KINDS}
    await periodic_tasks.sweep(keeping)
    return {kind: fixed(kind) - was for kind, was in before.items() if fixed(kind) > was}


async def change_mark(sessions: Sessions, endpoint: Endpoint, **values: Any) -> None:
    async with sessions.begin() as session:
        await session.execute(update(OutboxEntry).where(OutboxEntry.agency_id == endpoint.agency_id).values(**values))


async def mark(sessions: Sessions, endpoint: Endpoint) -> OutboxEntry:
    async with sessions() as session:
        return (await session.scalars(select(OutboxEntry).where(OutboxEntry.agency_id == endpoint.agency_id))).one()


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"due_at": None}, {"fan_out": 1}),
        ({"due_at": func.now() - timedelta(minutes=4), **GONE}, {"fan_out": 1}),
        ({"due_at": func.now() - timedelta(minutes=4), **HELD}, {}),
        ({"due_at": None, **HELD}, {}),
        ({"due_at": func.now() - timedelta(minutes=4)}, {"fan_out_late": 1}),
        ({"due_at": func.now() - timedelta(seconds=20)}, {}),
        ({"due_at": func.now() + timedelta(minutes=5)}, {}),
    ],
)
async def test_marks_that_nobody_takes(
    tools: WebhookContext,
    keeping: MaintenanceContext,
    sessions: Sessions,
    endpoint: Endpoint,
    values: dict[str, Any],
    found: Any,
) -> None:
    await scenes.fan_all_out(tools)
    await scenes.happen(sessions, endpoint.agency_id)
    await change_mark(sessions, endpoint, **values)
    assert await swept(keeping) == found
    if found:
        assert len(await jobs.claim(sessions, OutboxEntry, limit=5, lease=LEASE)) == 1


@pytest.mark.parametrize("values", [{}, GONE], ids=["nobody has it", "its worker is gone"])
async def test_a_late_delivery_is_counted_and_stays_to_be_taken(
    keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint, values: dict[str, Any]
) -> None:
    row = await rows.add_delivery(sessions, endpoint, **values)
    assert await swept(keeping) == {"delivery_late": 1} | ({"lease": 1} if values else {})
    now = await scenes.again(sessions, row)
    assert (now.status, now.lease_token, now.due_at) == ("pending", None, row.due_at)
    assert [each.id for each in await jobs.claim(sessions, Delivery, limit=5, lease=LEASE)] == [row.id]


async def test_what_is_held_under_way_or_soon_is_not_stuck(
    keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    await rows.add_delivery(sessions, endpoint, **HELD)
    await rows.add_delivery(sessions, endpoint, aged=timedelta(seconds=20))
    await rows.add_delivery(sessions, endpoint, due_at=func.now() + timedelta(minutes=5))
    await rows.add_delivery(sessions, endpoint, status="succeeded", due_at=None)
    assert await swept(keeping) == {}


@pytest.mark.parametrize(
    "reason",
    [
        {"breaker": "open", "open_until": func.now() + timedelta(minutes=1)},
        {"breaker": "half_open", "probes": 1},
        {"hold_until": func.now() + timedelta(minutes=1)},
        {"tokens": 0.0, "tokens_at": func.now()},
    ],
    ids=["open", "half open", "retry after", "no tokens"],
)
async def test_at_an_endpoint_that_is_spared_nothing_is_stuck(
    keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint, reason: dict[str, Any]
) -> None:
    await rows.set_endpoint(sessions, endpoint, rate_limit={"max": 1, "per_seconds": 3600, "burst": 1})
    await rows.set_health(sessions, endpoint, **reason)
    await rows.add_delivery(sessions, endpoint)
    assert await swept(keeping) == {}
    await rows.set_health(
        sessions, endpoint, breaker="closed", hold_until=func.now() - timedelta(minutes=1), tokens=1.0
    )
    assert await swept(keeping) == {"delivery_late": 1}


async def test_tokens_that_came_back_by_now_are_there(
    keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    await rows.set_endpoint(sessions, endpoint, rate_limit={"max": 10, "per_seconds": 1, "burst": 20})
    await rows.set_health(sessions, endpoint, tokens=0.0, tokens_at=func.now() - timedelta(seconds=30))
    await rows.add_delivery(sessions, endpoint)
    assert await swept(keeping) == {"delivery_late": 1}


async def test_a_slow_receiver_with_a_long_queue_is_not_stuck(
    keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    row = await rows.add_delivery(sessions, endpoint)
    await rows.add_attempt(sessions, row, aged=timedelta(seconds=100))
    assert await swept(keeping) == {"delivery_late": 1}
    await rows.add_attempt(sessions, row, aged=timedelta(seconds=10))
    assert await swept(keeping) == {}


async def test_a_paused_or_disabled_endpoint_is_not_stuck(
    keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    await rows.add_delivery(sessions, endpoint)
    await rows.set_endpoint(sessions, endpoint, paused_at=func.now())
    assert await swept(keeping) == {}
    await rows.set_endpoint(sessions, endpoint, paused_at=None, status="disabled")
    assert await swept(keeping) == {}


async def test_an_open_delivery_that_is_never_due_becomes_due(
    keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    lost = await rows.add_delivery(sessions, endpoint, due_at=None, status="retrying", reason="http_500")
    fresh = await rows.add_delivery(sessions, endpoint, due_at=None, aged=timedelta(seconds=20))
    assert await swept(keeping) == {"no_due_at": 1}
    assert (await scenes.again(sessions, lost)).due_at is not None
    assert (await scenes.again(sessions, fresh)).due_at is None


async def test_only_the_first_of_a_subject_was_forgotten_the_others_wait(
    keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    waits: dict[str, Any] = {"due_at": None, "ordered": True, "reason": "ordering"}
    first = await rows.add_delivery(sessions, endpoint, **waits)
    second = await rows.add_delivery(sessions, endpoint, aged=timedelta(minutes=4), **waits)
    other = await rows.add_delivery(sessions, endpoint, subject="link_2", aged=timedelta(minutes=3), **waits)
    assert await swept(keeping) == {"no_due_at": 2}
    due_ones = [(await scenes.again(sessions, row)).due_at is not None for row in (first, second, other)]
    assert due_ones == [True, False, True]


async def test_a_later_one_waits_for_an_event_that_is_still_to_be_fanned_out(
    tools: WebhookContext, keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    await scenes.fan_all_out(tools)
    await scenes.happen(sessions, endpoint.agency_id, link_id="link_1")
    await rows.add_delivery(sessions, endpoint, due_at=None, ordered=True, reason="ordering")
    assert await swept(keeping) == {}


async def test_a_round_is_bounded_and_the_next_goes_on(
    keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    for minutes in range(2, 7):
        await rows.add_delivery(sessions, endpoint, due_at=None, aged=timedelta(minutes=minutes))
    small = MaintenanceContext(sessions, at_once=3)
    assert [await swept(small), await swept(small), await swept(small)] == [{"no_due_at": 3}, {"no_due_at": 2}, {}]
