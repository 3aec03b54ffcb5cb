"""The list reads what it shows and little else, however many deliveries there are."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit import clock
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.webhooks.deliveries import queries
from app.webhooks.deliveries.queries import DeliveryFilter
from tests import plans
from tests.webhooks import scenes
from tests.webhooks.deliveries import many
from tests.world import World

COUNT = 100_000
FEW = 2_000


async def plan(engine: AsyncEngine, sessions: Sessions, agency_id: str, sought: DeliveryFilter) -> Any:
    """What PostgreSQL did to answer a page of the list."""

    async def page() -> None:
        async with sessions() as session:
            await queries.page(session, agency_id, sought, limit=51)

    return await plans.of_last(engine, page)


@pytest.fixture
async def endpoint_ids(sessions: Sessions, keyring: Keyring, world: World) -> tuple[str, str]:
    """One that gets nearly everything, and one that gets little."""
    made = []
    for count in (COUNT, FEW):
        endpoint, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, "https://h.example/")
        await many.write(sessions, world.north.agency_id, endpoint.id, count)
        made.append(endpoint.id)
    return made[0], made[1]


async def test_no_list_reads_the_table(
    engine: AsyncEngine, sessions: Sessions, world: World, endpoint_ids: tuple[str, str]
) -> None:
    busy, quiet = endpoint_ids
    lately = clock.now() - timedelta(minutes=5)
    everything: dict[str, Any] = {}
    for status in ("pending", "retrying", "held", "in_flight", "exhausted", "cancelled", "skipped"):
        everything |= {
            status: DeliveryFilter(status=status),
            f"{status} of busy": DeliveryFilter(status=status, endpoint_id=busy),
        }
        everything[f"{status} with all"] = DeliveryFilter(
            status=status,
            endpoint_id=busy, event_type="access.verified", reason="ordering", status_class="5xx", subject_id="link_8",
        )  # fmt: skip
    everything |= {
        "all": DeliveryFilter(),
        "quiet": DeliveryFilter(endpoint_id=quiet),
        "type that never was": DeliveryFilter(endpoint_id=quiet, event_type="link.opened"),
        "5xx of quiet": DeliveryFilter(endpoint_id=quiet, status_class="5xx"),
        "reason of quiet": DeliveryFilter(endpoint_id=quiet, reason="ordering"),
        "subject": DeliveryFilter(subject_id="link_3"),
        "event": DeliveryFilter(event_id="evt_01ksy1q3e0fzs8qj5m8g3d4w7y"),
        "replay": DeliveryFilter(replay_id="replay_01ksy1q3e0fzs8qj5m8g3d4w7y"),
        "lately": DeliveryFilter(since=lately, reason="none"),
        "lately of busy": DeliveryFilter(since=lately, endpoint_id=busy, status_class="3xx"),
        "long ago": DeliveryFilter(until=clock.now() - timedelta(days=20)),
    }
    looked_at = {}
    for name, sought in everything.items():
        found = await plan(engine, sessions, world.north.agency_id, sought)
        scans = plans.scans(found, "webhook_deliveries")
        assert not [each for each in scans if each["Node Type"] == "Seq Scan"], (name, found)
        looked_at[name] = plans.rows_read(found, "webhook_deliveries")
    # the slack of an hour for clocks is 3,600 deliveries of the one endpoint and 2,000 of the other
    assert {name: count for name, count in looked_at.items() if count > 6_500} == {}, looked_at
