"""Retention: deletes deliveries, attempts and bodies after their time, and manages monthly partitions.

It deletes in small transactions, so it can stop at any point. Bodies and attempts are partitioned by month. Partitions
are created ahead and dropped after their end; a default partition catches rows that have no other.
"""

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, cast

import structlog
from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Uuid,
    delete,
    func,
    or_,
    select,
    text,
    true,
    tuple_,
    type_coerce,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import clock, ids
from app.kit.database import CROSS_TENANT, BulkColumns, Sessions, bulk_table, bulk_values
from app.webhooks.context import MaintenanceContext
from app.webhooks.deliveries import creation
from app.webhooks.models import TERMINAL, Attempt, Delivery, Endpoint, PeriodicTask

log = structlog.get_logger(__name__)
RETENTION = "retention"
EVERY = timedelta(hours=1)
#: Delay after a round that did not finish.
SOON = timedelta(seconds=10)
#: Maximum number of statements of each kind per round.
BATCHES = 50
Batch = Callable[[], Awaitable[int]]
TABLES = ("webhook_bodies", "webhook_attempts")
_ROWS_IN_DEFAULT = "23514"  # check_violation
_LOCK = 0x6B65795077  # any number, the same in all processes
_LOCK_NOT_AVAILABLE = "55P03"
#: Lock timeout of a drop: while it waits, later queries of the table wait too.
_PATIENCE = "1s"
_MONTH = re.compile(r"_(\d{4})_(\d{2})$")
_DAY = timedelta(days=1)
_agency, _delivery = type_coerce(Delivery.agency_id, Uuid()), type_coerce(Delivery.id, Uuid())
_GONE: BulkColumns = {"agency_id": Uuid(), "delivery_id": Uuid()}
_gone = bulk_table("gone", _GONE)
_THEIR_ATTEMPTS = delete(Attempt).where(
    Attempt.agency_id == _gone.c.agency_id, Attempt.delivery_id == _gone.c.delivery_id
)


async def prune(tools: MaintenanceContext) -> timedelta:
    """Run one round: create missing partitions, then delete what is past. Returns the delay until the next round."""
    now = clock.now()
    await ensure_partitions(tools.sessions, now.date())
    past = now - timedelta(days=tools.days)
    whole = await drop_past_partitions(tools.sessions, past)
    batches: tuple[Batch, ...] = (
        *(partial(empty_default_partition, tools.sessions, table, past, tools.at_once) for table in TABLES),
        partial(prune_deliveries, tools.sessions, past, tools.at_once),
        *(partial(other, tools.sessions, now, tools.at_once) for other in tools.others),
    )
    for batch in batches:
        whole = await _until_done(batch, tools.at_once) and whole
    blank = await redact_answers(tools, now - timedelta(days=tools.body_days), batches=BATCHES)
    return EVERY if whole and blank else SOON


async def _until_done(batch: Batch, full: int) -> bool:
    """Run a batch until it finds less than `full`. Returns False if the round reached its limit first."""
    for _ in range(BATCHES):
        if await batch() < full:
            return True
    return False


async def lag_days(session: AsyncSession, tools: MaintenanceContext, now: datetime) -> float:
    """Days by which the oldest kept row is late, to the hour; 0 if none is. A month is past when it has ended."""
    past = now - timedelta(days=tools.days)
    ends = [end for _, end in await partition_ends(session)]
    kept = [*ends[:1], await oldest_in_default_partitions(session), await oldest_past(session, past)]
    late = [past - oldest for oldest in kept if oldest is not None]
    blanked = await redacted_until(session)
    if blanked is not None:
        late.append(now - timedelta(days=tools.body_days) - blanked)
    return max([0.0, *(each / _DAY for each in late)])


def partition_statements(today: date) -> list[str]:
    """SQL statements that a migration runs after it created the tables."""
    defaults = [f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT" for table in TABLES]
    return defaults + [sql for _, sql in monthly_partitions(today)]


def monthly_partitions(today: date) -> Iterator[tuple[str, str]]:
    """Name and SQL of each partition that must exist today."""
    this = today.replace(day=1)
    following = _next_month(this)
    for table in TABLES:
        for start in (this, following):
            name = f"{table}_{start:%Y_%m}"
            span = f"FROM ('{start} 00:00+00') TO ('{_next_month(start)} 00:00+00')"
            yield name, f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES {span}"


class PartitionKeeper:
    """Keeps the partitions of this month and the next present: checks at the start and once a month."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._seen: date | None = None

    async def keep(self) -> None:
        """Create missing partitions, unless this month was checked."""
        month = clock.now().date().replace(day=1)
        if month != self._seen:
            await ensure_partitions(self._sessions, month)
            self._seen = month


async def ensure_partitions(sessions: Sessions, today: date) -> None:
    """Create missing partitions. A month with rows in the default partition stays there."""
    async with sessions.begin() as session:
        missing = [(name, sql) for name, sql in monthly_partitions(today) if not await _table_exists(session, name)]
        if not missing:
            return
        await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        for name, sql in missing:
            if await _table_exists(session, name):
                continue
            try:
                async with session.begin_nested():
                    await session.execute(text(sql))
            except DBAPIError as problem:
                if getattr(problem.orig, "sqlstate", None) != _ROWS_IN_DEFAULT:
                    raise
                log.warning("webhooks.partition_not_made", partition=name)


async def drop_past_partitions(sessions: Sessions, past: datetime) -> bool:
    """Drop partitions that ended by then. Returns False if the lock of one was not available."""
    async with sessions() as session:
        ended = [name for name, end in await partition_ends(session) if end <= past]
    return all([await _drop(sessions, name) for name in ended])


async def partition_ends(session: AsyncSession) -> Sequence[tuple[str, datetime]]:
    """Monthly partitions with their ends, the oldest first."""
    query = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass(:parent)")
    names = [name for table in TABLES for name in (await session.scalars(query, {"parent": table})).all()]
    found = [(name, _end(match)) for name in names if (match := _MONTH.search(name))]
    return sorted(found, key=lambda each: each[1])


async def empty_default_partition(sessions: Sessions, table: str, past: datetime, limit: int) -> int:
    """Delete older rows of the default partition. Returns their number."""
    default = f"{table}_default"
    some = f"SELECT ctid FROM {default} WHERE created_at < :past LIMIT :limit"  # noqa: S608 - one of two names of ours
    statement = text(f"DELETE FROM {default} WHERE ctid = ANY(ARRAY({some}))")  # noqa: S608
    async with sessions.begin() as session:
        done = await session.execute(statement, {"past": past, "limit": limit}, execution_options=CROSS_TENANT)
    return cast(CursorResult[Any], done).rowcount


async def oldest_in_default_partitions(session: AsyncSession) -> datetime | None:
    """Time of the oldest row in a default partition; normally None."""
    oldest_of_each = " UNION ALL ".join(f"SELECT min(created_at) AS at FROM {table}_default" for table in TABLES)  # noqa: S608
    oldest = text(f"SELECT min(at) FROM ({oldest_of_each}) AS oldest")  # noqa: S608
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


async def _table_exists(session: AsyncSession, name: str) -> bool:
    return (await session.execute(select(func.to_regclass(name)))).scalar_one() is not None


def _next_month(start: date) -> date:
    return date(start.year + start.month // 12, start.month % 12 + 1, 1)


async def prune_deliveries(sessions: Sessions, past: datetime, limit: int) -> int:
    """Delete ended deliveries that did not change since then, with their attempts. Returns their number."""
    of_endpoint = (
        select(Delivery.agency_id, Delivery.id)
        .where(Delivery.agency_id == Endpoint.agency_id, Delivery.endpoint_id == Endpoint.id, *_is_past(past))
        .order_by(Delivery.id)
        .limit(limit)
        .lateral("past")
    )
    found = select(of_endpoint.c.agency_id, of_endpoint.c.id).select_from(Endpoint).join(of_endpoint, true())
    gone = delete(Delivery).where(
        tuple_(Delivery.agency_id, Delivery.id).in_(found.limit(limit)), Delivery.status.in_(TERMINAL)
    )
    options = {"synchronize_session": False, **CROSS_TENANT}
    async with sessions.begin() as session:
        pruned = await session.execute(gone.returning(_agency, _delivery).execution_options(**options))
        keys = [tuple(row) for row in pruned]
        if keys:
            await session.execute(_THEIR_ATTEMPTS, bulk_values("gone", _GONE, keys), execution_options=options)
    return len(keys)


async def oldest_past(session: AsyncSession, past: datetime) -> datetime | None:
    """Time of the oldest delivery that should have been deleted by now."""
    of_endpoint = (
        select(Delivery.created_at)
        .where(Delivery.agency_id == Endpoint.agency_id, Delivery.endpoint_id == Endpoint.id, *_is_past(past))
        .order_by(Delivery.id)
        .limit(1)
        .lateral("past")
    )
    oldest = select(func.min(of_endpoint.c.created_at)).select_from(Endpoint).join(of_endpoint, true())
    found: datetime | None = (await session.execute(oldest.execution_options(**CROSS_TENANT))).scalar_one()
    return found


def _is_past(past: datetime) -> tuple[ColumnElement[bool], ...]:
    """Ended and unchanged since then. Ids rise with time, so the index by endpoint and id finds them."""
    touched = func.coalesce(Delivery.last_attempt_at, Delivery.created_at)
    return Delivery.id < ids.first("delivery", past), Delivery.status.in_(TERMINAL), touched < past


async def redact_answers(tools: MaintenanceContext, until: datetime, *, batches: int) -> bool:
    """Erase responses to attempts made before `until`. Returns False if a round was not enough.

    The task stores its progress, so a round does not read what an earlier one erased. A stopped round is repeated and
    finds only what is left.
    """
    async with tools.sessions() as session:
        since = await redacted_until(session)
        agencies = await _agencies(session)
    for agency_id in agencies:
        last = ids.since("attempt", since) if since else None
        while found := await _redact_some(tools, agency_id, last, until):
            last = found[-1]
            batches -= 1
            if batches < 1:
                return False
    async with tools.sessions.begin() as session:
        await session.execute(update(PeriodicTask).where(PeriodicTask.id == RETENTION).values(reached=until))
    return True


async def redacted_until(session: AsyncSession) -> datetime | None:
    """Time up to which all responses are erased."""
    found: datetime | None = await session.scalar(select(PeriodicTask.reached).where(PeriodicTask.id == RETENTION))
    return found


async def _agencies(session: AsyncSession) -> Sequence[str]:
    found = select(Endpoint.agency_id).distinct().order_by(Endpoint.agency_id)
    return (await session.scalars(found.execution_options(**CROSS_TENANT))).all()


async def _redact_some(tools: MaintenanceContext, agency_id: str, last: str | None, until: datetime) -> Sequence[str]:
    """Erase the next batch. Returns its ids in order, empty at the end."""
    found = select(Attempt.id, Attempt.created_at).where(
        Attempt.agency_id == agency_id,
        Attempt.id < ids.first("attempt", until),
        or_(Attempt.body != "", Attempt.headers != {}),
    )
    if last is not None:
        found = found.where(Attempt.id > last)
    async with tools.sessions.begin() as session:
        rows = (await session.execute(found.order_by(Attempt.id).limit(tools.at_once))).all()
        if rows:
            await session.execute(_redaction(agency_id, [(row.id, row.created_at) for row in rows]))
    return [row.id for row in rows]


def _redaction(agency_id: str, rows: Sequence[tuple[str, datetime]]) -> Any:
    """Update of these rows; their times select the partitions."""
    return (
        update(Attempt)
        .where(
            Attempt.agency_id == agency_id,
            tuple_(Attempt.id, Attempt.created_at).in_(rows),
            Attempt.created_at >= min(moment for _, moment in rows),
            Attempt.created_at <= max(moment for _, moment in rows),
        )
        .values(creation.ERASED_RESPONSE)
        .execution_options(synchronize_session=False)
    )
