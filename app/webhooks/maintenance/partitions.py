"""Monthly partitions of bodies and attempts: created ahead, dropped when they are past, with a default partition."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, cast

import structlog
from sqlalchemy import CursorResult, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import clock
from app.kit.database import CROSS_TENANT, Sessions

log = structlog.get_logger(__name__)

TABLES = ("webhook_bodies", "webhook_attempts")
_ROWS_IN_THE_NET = "23514"  # check_violation
_LOCK = 0x6B65795077  # any number, the same in all processes


def statements(today: date) -> list[str]:
    """The SQL that a migration runs after the tables are made."""
    nets = [f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT" for table in TABLES]
    return nets + [sql for _, sql in monthly(today)]


def monthly(today: date) -> Iterator[tuple[str, str]]:
    """Name and SQL of each partition that must be there today."""
    this = today.replace(day=1)
    following = _next_month(this)
    for table in TABLES:
        for start in (this, following):
            name = f"{table}_{start:%Y_%m}"
            span = f"FROM ('{start} 00:00+00') TO ('{_next_month(start)} 00:00+00')"
            yield name, f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES {span}"


class Months:
    """Sees once a month, and at the start, that this month and the next have their partitions."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._seen: date | None = None

    async def keep(self) -> None:
        """Makes what is missing, when the month has not been looked at."""
        month = clock.now().date().replace(day=1)
        if month != self._seen:
            await ensure(self._sessions, month)
            self._seen = month


async def ensure(sessions: Sessions, today: date) -> None:
    """Makes the partitions that are missing; a month of which the net already holds rows stays in the net."""
    async with sessions.begin() as session:
        missing = [(name, sql) for name, sql in monthly(today) if not await _exists(session, name)]
        if not missing:
            return
        await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        for name, sql in missing:
            if await _exists(session, name):
                continue
            try:
                async with session.begin_nested():
                    await session.execute(text(sql))
            except DBAPIError as problem:
                if getattr(problem.orig, "sqlstate", None) != _ROWS_IN_THE_NET:
                    raise
                log.warning("webhooks.partition_not_made", partition=name)


async def _exists(session: AsyncSession, name: str) -> bool:
    return (await session.execute(select(func.to_regclass(name)))).scalar_one() is not None


def _next_month(start: date) -> date:
    return date(start.year + start.month // 12, start.month % 12 + 1, 1)


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
