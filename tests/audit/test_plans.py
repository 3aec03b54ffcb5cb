"""The filters of a link and of a request read the entries that they show, however long the log is."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.audit import entries
from app.audit.entries import AuditFilter
from app.kit import ids
from app.kit.database import Sessions
from tests import plans
from tests.world import World

#: Entries, of which each link has 20, each request 4, and one in three neither.
COUNT = 60_000
LINK, REQUEST = "link_0000000000e018000000000007", "req_7"
_WRITE = text(
    """
    INSERT INTO audit_entries (agency_id, id, actor_kind, actor_id, action, subject_type, subject_id, link_id, changed,
        before, after, request_id, transaction_id)
    SELECT :agency, ('00000000-0000-7001-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'api_key', 'key_1', 'changed',
        'access_request', gen_random_uuid(), CASE WHEN n % 3 > 0
            THEN ('00000000-0000-7002-8000-' || lpad(to_hex(n / 30), 12, '0'))::uuid END,
        '[]', '{}', '{}', CASE WHEN n % 3 > 0 THEN 'req_' || n / 6 END, 1 + n / 1000
    FROM generate_series(1, :count) AS n
    """
)


@pytest.fixture
async def long_log(sessions: Sessions, world: World) -> None:
    """A long log of the north agency, the oldest entries of which are those sought."""
    async with sessions.begin() as session:
        await session.execute(_WRITE, {"agency": ids.parse("agency", world.north.agency_id), "count": COUNT})
    async with sessions() as session:
        connection = await session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        await connection.execute(text("VACUUM ANALYZE audit_entries"))


@pytest.mark.usefixtures("long_log")
@pytest.mark.parametrize(
    ("sought", "index", "count"),
    [
        (AuditFilter(link_id=LINK), "ix_audit_entries_link", 20),
        (AuditFilter(request_id=REQUEST), "ix_audit_entries_request", 4),
        (AuditFilter(link_id="link_01ksy1q3e0fzs8qj5m8g3d4w7s"), "ix_audit_entries_link", 0),
        (AuditFilter(request_id="req_none"), "ix_audit_entries_request", 0),
    ],
    ids=["link", "request", "unknown link", "unknown request"],
)
async def test_list_and_export_read_what_they_show(
    engine: AsyncEngine, sessions: Sessions, world: World, sought: AuditFilter, index: str, count: int
) -> None:
    agency_id = world.north.agency_id
    shown: list[Any] = []

    async def newest() -> None:
        async with sessions() as session:
            shown.append(await entries.newest(session, agency_id, sought, limit=51))

    async def in_order() -> None:
        shown.append([each async for each in entries.in_order(sessions, agency_id, sought)])

    for read in (newest, in_order):
        found = await plans.of_last(engine, read)
        [scan] = plans.scans(found, "audit_entries")
        assert scan.get("Index Name") == index, found
        assert plans.rows_read(found, "audit_entries") == len(shown.pop()) == count
