"""Background jobs: rows that are due, claimed with a lease and finished with its token."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

import structlog
from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Integer,
    Interval,
    Select,
    bindparam,
    case,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.dml import ReturningUpdate

from app.kit.database import CROSS_TENANT, Base, Sessions, alone

log = structlog.get_logger(__name__)

#: A loop that is woken by notifications still polls this often, in case one is lost.
UNTIL_WOKEN = 30.0
#: A row that was claimed this often and never finished may kill its worker.
POISON_AFTER = 8
POISON_REST = timedelta(minutes=10)


class JobMixin:
    """Columns of a row that is its own job. `due_at` null: nothing to do; `tries` counts claims that were
    not finished.
    """

    due_at: Mapped[datetime | None] = mapped_column(default=None)
    lease_until: Mapped[datetime | None] = mapped_column(default=None)
    lease_token: Mapped[uuid.UUID | None] = mapped_column(default=None)
    tries: Mapped[int] = mapped_column(default=0, server_default="0")


class LeaseLost(Exception):
    """Another worker has claimed the row: this one must not record its result."""


Row = TypeVar("Row", bound=Base)


def _columns(model: type[Row]) -> Any:
    return model  # the mixin's columns exist at run time; typing cannot express "Base and JobMixin"


def _key(model: type[Row]) -> list[ColumnElement[Any]]:
    return list(model.__mapper__.primary_key)


async def claim(
    sessions: Sessions,
    model: type[Row],
    *,
    limit: int,
    lease: timedelta,
    where: ColumnElement[bool] | None = None,
) -> Sequence[Row]:
    """Claim up to `limit` due rows, oldest first, in one committed statement; no two callers get the same row."""
    async with alone(sessions) as session:
        rows: Sequence[Row] = (await session.scalars(_taking(model, where), {"most": limit, "lease": lease})).all()
        return rows


def seconds_until(model: type[Row], where: ColumnElement[bool] | None, within: timedelta) -> Select[float | None]:
    """Seconds until the next row can be claimed: negative if one can be claimed now, None if none `within` the time."""
    table = _columns(model)
    return (
        select(func.extract("epoch", table.due_at - func.now()))
        .where(table.due_at <= func.now() + within, *_is_free(model, where))
        .order_by(table.due_at)
        .limit(1)
    )


def _is_free(model: type[Row], where: ColumnElement[bool] | None) -> list[ColumnElement[bool]]:
    lease = _columns(model).lease_until
    free: ColumnElement[bool] = lease.is_(None) | (lease < func.now())
    return [free] if where is None else [free, where]


@lru_cache(256)
def _taking(model: type[Row], where: ColumnElement[bool] | None) -> ReturningUpdate[Any]:
    """The statement of a claim, built once."""
    table, lease = _columns(model), bindparam("lease", type_=Interval())
    due = (
        select(*_key(model))
        .where(table.due_at <= func.now(), *_is_free(model, where))
        .order_by(table.due_at)
        .limit(bindparam("most", type_=Integer()))
        .with_for_update(skip_locked=True)
    )
    return (
        update(model)
        .where(tuple_(*_key(model)).in_(due.cte("due").select()))
        .values(
            # a row not finished eight times in a row may kill its worker: retry after ten minutes
            lease_until=func.now() + case((table.tries >= POISON_AFTER, POISON_REST), else_=lease),
            lease_token=func.gen_random_uuid(),
            tries=table.tries + 1,
        )
        .returning(model)
        .execution_options(synchronize_session=False, **CROSS_TENANT)
    )


async def finish(session: AsyncSession, row: Row, *, due_in: timedelta | None, **values: Any) -> None:
    """Finish the row: due again after `due_in`, or never (None). Raises LeaseLost if the lease is gone.

    A wake-up during the work (`due_at` moved) is kept.
    """
    claimed = _columns(cast(type[Row], row))
    table = _columns(type(row))
    next_due = None if due_in is None else func.now() + due_in
    statement = (
        update(type(row))
        .where(*_same_row(row), table.lease_token == claimed.lease_token)
        .values(
            due_at=case((table.due_at != claimed.due_at, table.due_at), else_=next_due),
            lease_until=None,
            lease_token=None,
            tries=0,
            **values,
        )
        .execution_options(synchronize_session=False, **CROSS_TENANT)
    )
    result = cast(CursorResult[Any], await session.execute(statement))
    if result.rowcount != 1:
        raise LeaseLost(type(row).__name__)


async def hold(session: AsyncSession, row: Row, lease: timedelta) -> None:
    """Extend the lease by `lease` before a non-idempotent step. Raises LeaseLost."""
    held = (
        update(type(row))
        .where(*_same_row(row), _columns(type(row)).lease_token == _columns(cast(type[Row], row)).lease_token)
        .values(lease_until=func.now() + lease)
        .execution_options(synchronize_session=False, **CROSS_TENANT)
    )
    if cast(CursorResult[Any], await session.execute(held)).rowcount != 1:
        raise LeaseLost(type(row).__name__)


async def postpone(session: AsyncSession, row: Row, *, due_in: timedelta) -> None:
    """Release the row after a failure: its tries keep counting. Harmless if the lease is lost."""
    table = _columns(type(row))
    await session.execute(
        update(type(row))
        .where(*_same_row(row), table.lease_token == _columns(cast(type[Row], row)).lease_token)
        .values(due_at=func.now() + due_in, lease_until=None, lease_token=None)
        .execution_options(synchronize_session=False, **CROSS_TENANT)
    )


async def wake(session: AsyncSession, model: type[Row], *where: ColumnElement[bool]) -> None:
    """Make rows due now. The caller names the agency in `where`."""
    await session.execute(
        update(model).where(*where).values(due_at=func.now()).execution_options(synchronize_session=False)
    )


def _same_row(row: Row) -> list[ColumnElement[bool]]:
    return [column == getattr(row, column.key) for column in _key(type(row)) if column.key]


@dataclass(frozen=True)
class JobType(Generic[Row]):
    """A job type of the worker: its rows, its function, concurrency and lease.

    `longest`: a job that may outlast its lease extends it for this long, one lease at a time.
    """

    name: str
    model: type[Row]
    do: Callable[[Row], Awaitable[None]]
    concurrency: int = 4
    lease: timedelta = timedelta(seconds=60)
    longest: timedelta | None = None
    #: only rows of this kind, if the table has several
    where: ColumnElement[bool] | None = None


@dataclass
class WakeUp:
    """Wakes loops of this process, so that a new row does not wait for the next poll."""

    _event: asyncio.Event = field(default_factory=asyncio.Event)

    def ring(self) -> None:
        """Wake every sleeping loop of this process."""
        self._event.set()

    async def sleep(self, seconds: float) -> None:
        """Sleep until woken, at most `seconds`."""
        try:
            async with asyncio.timeout(seconds):  # unlike wait_for, this creates no task
                await self._event.wait()
        except TimeoutError:
            return
        self._event.clear()

    async def ring_at(self, stop: asyncio.Event) -> None:
        """Wake loops when `stop` is set, so that they check it."""
        await stop.wait()
        self.ring()


async def serve(
    work: JobType[Any], sessions: Sessions, stop: asyncio.Event, alarm: WakeUp, idle: float = UNTIL_WOKEN
) -> None:
    """Claim and run jobs of one type until `stop` is set, then wait for the running ones.

    `idle`: seconds between polls without work or wake-ups; see `poller`.
    """
    under_way: set[asyncio.Task[None]] = set()
    stopping = asyncio.create_task(alarm.ring_at(stop))
    while not stop.is_set():
        free = work.concurrency - len(under_way)
        rows: Sequence[Any] = []
        if free:
            try:
                rows = await claim(sessions, work.model, limit=free, lease=work.lease, where=work.where)
            except Exception:  # the database is unavailable: log it, stay, try again
                log.exception("due.claim_failed", work=work.name)
                await asyncio.sleep(1)
        for row in rows:
            task = asyncio.create_task(_do(work, row, sessions))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        if len(rows) < max(free, 1):
            await _rest(under_way if not free else set(), alarm, idle)
    stopping.cancel()
    if under_way:
        await asyncio.wait(under_way, timeout=work.lease.total_seconds())


async def _rest(full: set[asyncio.Task[None]], alarm: WakeUp, idle: float) -> None:
    if full:
        await asyncio.wait(full, return_when=asyncio.FIRST_COMPLETED)
    else:
        await alarm.sleep(idle)


async def _do(work: JobType[Any], row: Any, sessions: Sessions) -> None:
    try:
        if row.tries > POISON_AFTER:
            log.error("due.poisoned", work=work.name, row=row.id, tries=row.tries)
        async with asyncio.timeout((work.longest or work.lease).total_seconds()), _kept(work, row, sessions):
            await work.do(row)
    except LeaseLost:
        log.warning("due.lease_lost", work=work.name, row=row.id)
    except Exception:
        log.exception("due.failed", work=work.name, row=row.id, tries=row.tries)
        await _give_back(work, row, sessions)


@asynccontextmanager
async def _kept(work: JobType[Any], row: Any, sessions: Sessions) -> AsyncIterator[None]:
    """Extend the lease repeatedly during the work. A row that may kill its worker keeps its long lease."""
    if work.longest is None or row.tries > POISON_AFTER:
        yield
        return
    keeping = asyncio.create_task(_keep(work, row, sessions))
    try:
        yield
    finally:
        keeping.cancel()


async def _keep(work: JobType[Any], row: Any, sessions: Sessions) -> None:
    while True:
        await asyncio.sleep(work.lease.total_seconds() / 3)
        try:
            async with sessions.begin() as session:
                await hold(session, row, work.lease)
        except LeaseLost:  # finished, or claimed by another worker: the job finds out when it writes
            return
        except Exception:  # the database is unavailable: the next extension may succeed
            log.warning("due.not_kept", work=work.name, row=row.id)


async def _give_back(work: JobType[Any], row: Any, sessions: Sessions) -> None:
    try:
        async with sessions.begin() as session:
            await postpone(session, row, due_in=_pause(row.tries))
    except Exception:  # the database is unavailable too: the lease expires by itself
        log.warning("due.not_given_back", work=work.name, row=row.id)


def _pause(tries: int) -> timedelta:
    return POISON_REST if tries > POISON_AFTER else backoff(tries)


def backoff(tries: int, *, longest: timedelta = timedelta(minutes=5)) -> timedelta:
    """The pause after so many tries in a row: twice as long each time."""
    return min(timedelta(seconds=2 ** min(tries, 30)), longest)
