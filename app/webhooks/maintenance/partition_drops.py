"""Dropping whole months of bodies and attempts, and emptying the net beneath them."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

import structlog
from sqlalchemy import CursorResult, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.database import CROSS_TENANT, Sessions
from app.webhooks.maintenance.partitions import TABLES

log = structlog.get_logger(__name__)

_MONTH = re.compile(r"_(\d{4})_(\d{2})$")
#: Whoever waits for a lock on the tables of deliveries makes everybody behind it wait: only for so long.
_PATIENCE = "1s"
_LOCK_NOT_AVAILABLE = "55P03"


async def drop_past(sessions: Sessions, past: datetime) -> bool:
    """Drops the months that ended by then. False when one could not be dropped now, because the table was busy."""
    async with sessions() as session:
        ended = [name for name, end in await ends(session) if end <= past]
    return all([await _drop(sessions, name) for name in ended])


async def ends(session: AsyncSession) -> Sequence[tuple[str, datetime]]:
    """Each month's partition and when it ends, the oldest first."""
    query = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass(:parent)")
    names = [name for table in TABLES for name in (await session.scalars(query, {"parent": table})).all()]
    found = [(name, _end(match)) for name in names if (match := _MONTH.search(name))]
    return sorted(found, key=lambda each: each[1])


async def empty_net(sessions: Sessions, table: str, past: datetime, limit: int) -> int:
    """Deletes what lies in the net (there was no partition for it) and is older. How many."""
    net = f"{table}_default"
    some = f"SELECT ctid FROM {net} WHERE created_at < :past LIMIT :limit"  # noqa: S608 - one of two names of ours
    statement = text(f"DELETE FROM {net} WHERE ctid = ANY(ARRAY({some}))")  # noqa: S608
    async with sessions.begin() as session:
        done = await session.execute(statement, {"past": past, "limit": limit}, execution_options=CROSS_TENANT)
    return cast(CursorResult[Any], done).rowcount


async def oldest_in_net(session: AsyncSession) -> datetime | None:
    """The oldest row in either net; there should be none."""
    nets = " UNION ALL ".join(f"SELECT min(created_at) AS at FROM {table}_default" for table in TABLES)  # noqa: S608
    oldest = text(f"SELECT min(at) FROM ({nets}) AS nets")  # noqa: S608
    found: datetime | None = (await session.execute(oldest, execution_options=CROSS_TENANT)).scalar_one()
    return found


async def _drop(sessions: Sessions, name: str) -> bool:
    try:
        async with sessions.begin() as session:
            await session.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}'"))
            await session.execute(text(f"DROP TABLE IF EXISTS {name}"))
    except DBAPIError as problem:
        if getattr(problem.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        log.warning("webhooks.month_not_dropped", partition=name)
        return False
    log.info("webhooks.month_dropped", partition=name)
    return True


def _end(match: re.Match[str]) -> datetime:
    year, month = int(match[1]), int(match[2])
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
