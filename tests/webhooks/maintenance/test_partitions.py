"""The months that have partitions."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from app.kit import ids
from app.kit.database import Sessions
from app.webhooks.maintenance import retention
from app.webhooks.models import WebhookBody
from tests.world import World


@pytest.mark.parametrize(
    ("today", "names"),
    [
        (date(2026, 11, 22), ["2026_11", "2026_12"]),
        (date(2026, 12, 31), ["2026_12", "2027_01"]),
        (date(2028, 2, 29), ["2028_02", "2028_03"]),
    ],
)
def test_this_month_and_the_next(today: date, names: list[str]) -> None:
    expected = [f"{table}_{name}" for table in ("webhook_bodies", "webhook_attempts") for name in names]
    assert [name for name, _ in retention.monthly_partitions(today)] == expected


def test_a_partition_spans_its_month_in_utc() -> None:
    assert dict(retention.monthly_partitions(date(2026, 12, 5)))["webhook_bodies_2026_12"] == (
        "CREATE TABLE webhook_bodies_2026_12 PARTITION OF webhook_bodies "
        "FOR VALUES FROM ('2026-12-01 00:00+00') TO ('2027-01-01 00:00+00')"
    )


def test_there_is_a_net_for_each_table() -> None:
    nets = [sql for sql in retention.partition_statements(date(2026, 12, 5)) if sql.endswith("DEFAULT")]
    assert len(nets) == len(retention.TABLES)


async def names(sessions: Sessions) -> set[str]:
    query = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass(:parent)")
    async with sessions() as session:
        return set((await session.scalars(query, {"parent": "webhook_bodies"})).all())


async def add_body(sessions: Sessions, agency_id: str, created_at: datetime) -> str:
    """Where the row of a body went."""
    async with sessions.begin() as session:
        body = WebhookBody(
            agency_id=agency_id, id=ids.new("body"), created_at=created_at, event_id=ids.new("evt"),
            mode="full", personal=True, truncated=False, content=b"{}", sha256=b"",
        )  # fmt: skip
        session.add(body)
        await session.flush()
        where = text("SELECT tableoid::regclass::text FROM webhook_bodies WHERE agency_id = :agency AND id = :id")
        row = {"agency": ids.parse("agency", agency_id), "id": ids.parse("body", body.id)}
        return str((await session.scalars(where, row)).one())


async def test_missing_months_are_made_once(sessions: Sessions, world: World) -> None:
    agency_id = world.north.agency_id
    await retention.ensure_partitions(sessions, date(2031, 5, 17))
    await retention.ensure_partitions(sessions, date(2031, 6, 1))
    assert {"webhook_bodies_2031_05", "webhook_bodies_2031_06", "webhook_bodies_2031_07"} <= await names(sessions)
    last_moment = datetime(2031, 5, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert await add_body(sessions, agency_id, last_moment) == "webhook_bodies_2031_05"
    assert await add_body(sessions, agency_id, datetime(2031, 6, 1, tzinfo=UTC)) == "webhook_bodies_2031_06"


async def test_what_has_no_month_falls_into_the_net_and_stays(sessions: Sessions, world: World) -> None:
    agency_id = world.north.agency_id
    assert await add_body(sessions, agency_id, datetime(2032, 1, 2, tzinfo=UTC)) == "webhook_bodies_default"
    await retention.ensure_partitions(sessions, date(2032, 1, 3))
    made = await names(sessions)
    assert "webhook_bodies_2032_01" not in made
    assert "webhook_bodies_2032_02" in made
    assert await add_body(sessions, agency_id, datetime(2032, 1, 4, tzinfo=UTC)) == "webhook_bodies_default"
