"""Rate limiter for each developer app, shared by all processes through PostgreSQL."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, RowMapping, String, TextClause, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.database import Base, Sessions
from app.platforms import rate_limit_policy
from app.platforms.port import Priority
from app.platforms.rate_limit_policy import (
    BUCKET,
    BUCKETS,
    LONGEST_PATIENCE,
    PATIENCE,
    WINDOW,
    Allowance,
    Later,
    Limits,
    Reservation,
)


class RateLimitState(Base):
    """Usage of an app's rate limit; times are in ms of the database's clock.

    Belongs to no agency: the platform counts calls per app, and agencies may share one.
    """

    __tablename__ = "rate_limits"

    platform: Mapped[str] = mapped_column(String(32), primary_key=True)
    app_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    granted: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=text("'{}'"))
    #: bucket number -> calls reserved in it
    minute: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    reduced_to: Mapped[int | None]
    setbacks: Mapped[int] = mapped_column(server_default="0")
    limited_at: Mapped[int] = mapped_column(BigInteger, server_default="0")
    closed_until: Mapped[int] = mapped_column(BigInteger, server_default="0")
    raised_at: Mapped[int] = mapped_column(BigInteger, server_default="0")


#: A call that starts later than this after its reservation needs a new one. The window's slack is twice that.
LATE = 100
MOST_LEAD = 1_000


class Busy(Exception):
    """No call is allowed soon enough; the next one in `retry_after` seconds. `limited`: the platform said so."""

    def __init__(self, retry_after: float, *, limited: bool) -> None:
        super().__init__(f"the next call may go in {retry_after:.1f} s")
        self.retry_after = retry_after
        self.limited = limited


@dataclass(frozen=True)
class Moment:
    """The database's `now`, and the local times between which it was read; all in ms."""

    now: int
    earliest: int
    latest: int


@dataclass(frozen=True)
class RateLimiter:
    """The rate limits of a platform's apps. The database's clock decides; local clocks only measure spans."""

    sessions: Sessions
    platform: str
    limits: Limits

    async def reserve(self, app_id: str, priority: Priority) -> Reservation:
        """Wait until one call may be made. Raises Busy rather than wait longer than its priority allows."""
        until, lead = _monotonic() + PATIENCE[priority], 0
        while True:
            reservation, moment = await self._reserve(
                app_id, priority, patience=max(0, until - _monotonic()), lead=lead
            )
            wait, is_void = reservation.at - moment.now, False
            if wait > lead:
                await _sleep_until(moment.latest + wait - lead)
                is_void = await self._is_void(app_id, reservation)
            await _sleep_until(max(moment.earliest, moment.latest - LATE) + wait)
            late = _monotonic() - (moment.earliest + wait)
            if late <= LATE and not is_void:
                return reservation
            lead = min(max(lead, late), MOST_LEAD)  # a slow machine reserves ahead, so that it is ready in time

    async def look(self, app_id: str) -> tuple[Allowance, int]:
        """The usage and limits of an app, without a reservation, and the database's time."""
        async with self.sessions() as session:
            now = (await session.execute(text(f"SELECT {_NOW}"))).scalar_one()
            row = (await session.scalars(select(RateLimitState).where(*self._row(app_id)))).one_or_none()
        return (_allowance(row) if row else Allowance()), now

    async def limited(self, app_id: str, reservation: Reservation) -> None:
        """Record that the platform answered "too many requests"."""
        await self._learn(app_id, lambda kept, now: rate_limit_policy.limited(kept, now, reservation, self.limits))

    async def succeeded(self, app_id: str, reservation: Reservation) -> None:
        """Record that the platform accepted the call. Written only while the limit is recovering."""
        if reservation.reduced:
            await self._learn(
                app_id, lambda kept, now: rate_limit_policy.succeeded(kept, now, reservation, self.limits)
            )

    async def _reserve(
        self, app_id: str, priority: Priority, patience: int, lead: int = 0
    ) -> tuple[Reservation, Moment]:
        """Reserve the earliest time: in one statement if that is now, else by the policy under the same lock."""
        async with self.sessions.begin() as session:
            row, moment = await self._locked(session, app_id, _RESERVE_NOW, self._at_once(priority, lead))
            if row["reserved"]:
                return Reservation(moment.now, moment.now, reduced=False), moment
            result = rate_limit_policy.reserve(_read(row), moment.now, priority, self.limits, patience, lead)
            if isinstance(result, Later):
                raise Busy(result.wait / 1000, limited=result.limited)
            left, reservation = result
            await self._write(session, app_id, left)
        return reservation, moment

    async def _is_void(self, app_id: str, reservation: Reservation) -> bool:
        """True if the platform said "too many requests" while the caller waited for its reservation."""
        async with self.sessions() as session:
            row = (await session.scalars(select(RateLimitState).where(*self._row(app_id)))).one()
        return rate_limit_policy.is_void(_allowance(row), reservation)

    async def _learn(self, app_id: str, change: Callable[[Allowance, int], Allowance]) -> None:
        async with self.sessions.begin() as session:
            row, moment = await self._locked(session, app_id, _LOCK)
            await self._write(session, app_id, change(_read(row), moment.now))

    def _at_once(self, priority: Priority, lead: int) -> dict[str, int]:
        """Parameters of `_RESERVE_NOW`: limits of a priority; none are free for a caller who reserves ahead."""
        most = rate_limit_policy.limits_of(priority, self.limits)
        return {"in_window": most.qps if lead == 0 else 0, "in_minute": most.qpm}

    async def _locked(
        self, session: AsyncSession, app_id: str, statement: TextClause, limits: Mapping[str, int] | None = None
    ) -> tuple[RowMapping, Moment]:
        """Load and lock the row, with the time at which the lock was acquired.

        Commits need not reach the disk: after a server crash, the last window is over before it serves again.
        """
        parameters = {"platform": self.platform, "app_id": app_id, **(limits or {})}
        await session.connection()  # do not count the wait for a pooled connection
        asked = _monotonic()
        row = (await session.execute(statement, parameters)).mappings().one_or_none()
        if row is None:
            made = insert(RateLimitState).values(platform=self.platform, app_id=app_id).on_conflict_do_nothing()
            await session.execute(made)
            asked = _monotonic()
            row = (await session.execute(statement, parameters)).mappings().one()
        return row, Moment(row["now"], earliest=asked + row["waited"], latest=_monotonic())

    async def _write(self, session: AsyncSession, app_id: str, left: Allowance) -> None:
        await session.execute(
            update(RateLimitState)
            .where(*self._row(app_id))
            .values(
                granted=list(left.granted),
                minute={str(bucket): count for bucket, count in left.minute.items()},
                reduced_to=left.reduced_to, setbacks=left.setbacks, limited_at=left.limited_at,
                closed_until=left.closed_until, raised_at=left.raised_at,
            )
            .execution_options(synchronize_session=False)
        )  # fmt: skip

    def _row(self, app_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        return RateLimitState.platform == self.platform, RateLimitState.app_id == app_id


_NOW = "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
#: The row, locked first and timed then: FOR UPDATE alone would read the clock before it waits for the lock.
_LOCKED = f"""
WITH locked AS (
    SELECT * FROM rate_limits WHERE platform = :platform AND app_id = :app_id FOR UPDATE
), timed AS MATERIALIZED (
    SELECT locked.*, {_NOW} AS now,
        floor(extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000)::bigint AS waited,
        set_config('synchronous_commit', 'off', true)
    FROM locked
)"""  # noqa: S608 - no values
_LOCK = text(f"{_LOCKED} SELECT * FROM timed")  # noqa: S608 - no values
#: `rate_limit_policy.reserve` for the common case that a call may be made now: no reservation ahead, no reduction, no
#: pause, and room in the window and in the minute.
_RESERVE_NOW = text(f"""{_LOCKED}, kept AS (
    SELECT now, now / {BUCKET} AS bucket,
        ARRAY(SELECT at FROM unnest(granted) AS at WHERE at > now - {WINDOW} ORDER BY at) AS granted,
        (
            SELECT coalesce(jsonb_object_agg(number, calls), '{{}}') FROM jsonb_each(minute) AS buckets (number, calls)
            WHERE number::bigint BETWEEN now / {BUCKET} - {BUCKETS} AND (now + {LONGEST_PATIENCE}) / {BUCKET}
        ) AS minute
    FROM timed
    WHERE reduced_to IS NULL AND setbacks = 0 AND greatest(closed_until, limited_at, raised_at) <= now
        AND now >= ALL (granted)
), reserved AS (
    UPDATE rate_limits AS row
    SET granted = kept.granted || kept.now,
        minute = kept.minute
            || jsonb_build_object(kept.bucket::text, coalesce((kept.minute ->> kept.bucket::text)::int, 0) + 1)
    FROM kept
    WHERE row.platform = :platform AND row.app_id = :app_id AND cardinality(kept.granted) < :in_window
        AND (SELECT coalesce(sum(calls::int), 0) FROM jsonb_each_text(kept.minute) AS buckets (number, calls))
            < :in_minute
    RETURNING 1
)
SELECT timed.*, EXISTS (SELECT FROM reserved) AS reserved FROM timed""")  # noqa: S608 - numbers of the policy


def _read(row: RowMapping) -> Allowance:
    return _allowance(RateLimitState(**{column.key: row[column.key] for column in RateLimitState.__table__.columns}))


def _allowance(row: RateLimitState) -> Allowance:
    return Allowance(
        granted=tuple(row.granted),
        minute={int(bucket): count for bucket, count in row.minute.items()},
        reduced_to=row.reduced_to, setbacks=row.setbacks, limited_at=row.limited_at, closed_until=row.closed_until,
        raised_at=row.raised_at,
    )  # fmt: skip


async def _sleep_until(moment: int) -> None:
    if (left := moment - _monotonic()) > 0:
        await asyncio.sleep(left / 1000)


def _monotonic() -> int:
    """Local monotonic time in ms, for measuring spans."""
    return int(time.monotonic() * 1000)
