"""The monthly partitions of bodies and attempts: this month's, the next one's, and a net beneath."""

from collections.abc import Iterator
from datetime import date

import structlog
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import clock
from app.kit.database import Sessions

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
