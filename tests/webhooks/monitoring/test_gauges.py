"""What Prometheus is shown of the database."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func

from app.kit.database import Sessions, make_engine, make_sessions
from app.kit.encryption import Keyring
from app.webhooks import monitoring as metric_queries
from app.webhooks.context import MaintenanceContext
from app.webhooks.models import Endpoint
from app.webhooks.monitoring import Gauges
from tests.webhooks import rows, scenes
from tests.world import World

UNDER_WAY: dict[str, Any] = {"lease_until": func.now() + timedelta(minutes=1)}


async def shown(keeping: MaintenanceContext) -> Mapping[tuple[str, ...], float]:
    """Each sample that is not 0, by name and label values."""
    made = Gauges(keeping)
    await made.refresh()
    samples = [sample for family in made.registry.collect() for sample in family.samples]
    return {(sample.name, *sample.labels.values()): round(sample.value) for sample in samples if sample.value >= 0.5}


async def test_an_empty_house_shows_zeroes(keeping: MaintenanceContext, endpoint: Endpoint) -> None:
    made = Gauges(keeping)
    await made.refresh()
    names = {family.name for family in made.registry.collect()}
    assert names == {
        "webhook_backlog", "webhook_held", "webhook_oldest_due_age_seconds", "webhook_endpoints",
        "webhook_breakers_open", "webhook_retention_lag_days",
    }  # fmt: skip
    assert await shown(keeping) == {("webhook_endpoints", "active"): 1}


async def test_the_queue_by_share_and_state(
    keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint
) -> None:
    await rows.add_delivery(sessions, endpoint, aged=timedelta(seconds=90))
    await rows.add_delivery(sessions, endpoint, aged=timedelta(minutes=20), **UNDER_WAY)
    await rows.add_delivery(
        sessions, endpoint, due_at=func.now() + timedelta(hours=1), status="retrying", slot_class="retry"
    )
    await rows.add_delivery(
        sessions, endpoint, aged=timedelta(minutes=3), due_at=None, ordered=True, reason="ordering", slot_class="retry"
    )
    await rows.add_delivery(sessions, endpoint, aged=timedelta(minutes=6), status="succeeded", due_at=None)
    found = dict(await shown(keeping))
    assert 85 < found.pop(("webhook_oldest_due_age_seconds", "new")) < 600
    assert found == {
        ("webhook_endpoints", "active"): 1,
        ("webhook_backlog", "new", "pending"): 1,
        ("webhook_backlog", "new", "in_flight"): 1,
        ("webhook_backlog", "retry", "retrying"): 1,
        ("webhook_backlog", "retry", "held"): 1,
        ("webhook_held", "ordering"): 1,
    }


async def test_what_is_held_has_a_reason_and_no_age(
    keeping: MaintenanceContext, sessions: Sessions, keyring: Keyring, world: World, endpoint: Endpoint
) -> None:
    await rows.set_endpoint(sessions, endpoint, paused_at=func.now())
    spared, _ = await scenes.make_endpoint(sessions, keyring, world.south.agency_id, "https://crm.example.com/2")
    await rows.set_health(sessions, spared, breaker="open", open_until=func.now() + timedelta(minutes=1))
    quiet, _ = await scenes.make_endpoint(sessions, keyring, world.south.agency_id, "https://crm.example.com/3")
    await rows.set_health(sessions, quiet, hold_until=func.now() + timedelta(minutes=5))
    await rows.set_endpoint(sessions, quiet, rate_limit={"max": 1, "per_seconds": 60, "burst": 1})
    for each in (endpoint, spared, quiet):
        await rows.add_delivery(sessions, each)
    assert await shown(keeping) == {
        ("webhook_endpoints", "active"): 2,
        ("webhook_endpoints", "paused"): 1,
        ("webhook_breakers_open",): 1,
        ("webhook_backlog", "new", "held"): 3,
        ("webhook_held", "paused"): 1,
        ("webhook_held", "circuit"): 1,
        ("webhook_held", "retry_after"): 1,
    }


async def test_a_look_is_kept_for_a_while(
    keeping: MaintenanceContext, sessions: Sessions, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Gauges(keeping)
    await made.refresh()
    await rows.set_endpoint(sessions, endpoint, status="disabled")
    await made.refresh()
    statuses = {"webhook_endpoints": {"status": "active"}}
    assert made.registry.get_sample_value("webhook_endpoints", statuses["webhook_endpoints"]) == 1
    monkeypatch.setattr(metric_queries, "FRESH", 0.0)
    await made.refresh()
    assert made.registry.get_sample_value("webhook_endpoints", {"status": "disabled"}) == 1


async def test_without_a_database_there_are_no_gauges() -> None:
    engine = make_engine("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    made = Gauges(MaintenanceContext(make_sessions(engine)))
    await made.refresh()
    assert list(made.registry.collect()) == []
    await engine.dispose()
