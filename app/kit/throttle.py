"""Usage limits: per link, per browser, per e-mail address; shared by all processes.

A limit of `most` within a span allows that many at once and frees one after each `within / most` (the generic cell rate
algorithm). One row per limited subject holds the time at which the whole limit is available again.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Interval, Select, String, delete, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.database import Base, BulkColumns, Sessions, bulk_given, bulk_parameters, bulk_values
from app.kit.errors import AppError
from app.kit.i18n.locales import english
from app.kit.i18n.message import _n


class Throttle(Base):
    """Usage of one limit. It belongs to no agency: `subject` is an id, or a keyed hash of personal data."""

    __tablename__ = "throttles"

    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: the whole limit is available again from then on
    full_at: Mapped[datetime] = mapped_column(index=True)


@dataclass(frozen=True)
class Limit:
    """At most `most` at once, and as many again spread over each span. `kind` names it in the table.

    `each`: as many are taken at a time.
    """

    kind: str
    most: int
    within: timedelta
    each: int = 1

    @property
    def step(self) -> timedelta:
        """The time after which it can be taken once more."""
        return self.within / self.most * self.each


class Throttled(Exception):
    """A limit is reached. One more is allowed in `retry_after`, at least a second."""

    def __init__(self, kind: str, retry_after: timedelta) -> None:
        super().__init__(f"the limit {kind} is reached")
        self.kind = kind
        self.retry_after = max(retry_after, timedelta(seconds=1))


class LimitReached(AppError):
    """A limit of usage is reached. The advice is the true wait, which is also in the header Retry-After."""

    status = 429
    code = "limit_reached"

    def __init__(self, retry_after: timedelta = timedelta(minutes=1)) -> None:
        self.retry_after = retry_after
        minutes = math.ceil(retry_after / timedelta(minutes=1))
        self.advice = _n("Try again in {count} minute.", "Try again in {count} minutes.", minutes)
        super().__init__(hint=english(self.advice))


async def take(session: AsyncSession, *wanted: tuple[Limit, str]) -> None:
    """Take one of each limit for its subject, in one statement.

    Raises Throttled; then roll the transaction back, because some limits may have been used. Rows are always written in
    the same order, so that transactions cannot deadlock.
    """
    ordered = sorted(wanted, key=lambda each: (each[0].kind, each[1]))
    rows = [(limit.kind, subject, limit.step, limit.within) for limit, subject in ordered]
    taken = set((await session.scalars(_TAKE, bulk_values("wanted", _WANTED, rows))).all())
    if reached := [each for each in ordered if each[0].kind not in taken]:
        raise await _throttled(session, reached)


async def take_or_refuse(session: AsyncSession, refusal: type[LimitReached], *wanted: tuple[Limit, str]) -> None:
    """Take one of each limit, as `take` does. Raises the refusal."""
    try:
        await take(session, *wanted)
    except Throttled as reached:
        raise refusal(reached.retry_after) from reached


async def prune(sessions: Sessions, now: datetime, limit: int) -> int:
    """Delete rows whose limit is fully available again; they have the same meaning as no row."""
    past = select(Throttle.kind, Throttle.subject).where(Throttle.full_at < now).limit(limit)
    async with sessions.begin() as session:
        gone = delete(Throttle).where(
            tuple_(Throttle.kind, Throttle.subject).in_(past.with_for_update(skip_locked=True)),
            Throttle.full_at < func.now(),
        )
        return len((await session.execute(gone.returning(Throttle.kind))).all())


_NOW = func.statement_timestamp()
_WANTED: BulkColumns = {"kind": String(), "subject": String(), "step": Interval(), "within": Interval()}
_TAKE = text(f"""
WITH wanted AS (SELECT * FROM {bulk_given("wanted", _WANTED)})
INSERT INTO throttles (kind, subject, full_at) SELECT kind, subject, statement_timestamp() + step FROM wanted
ON CONFLICT (kind, subject) DO UPDATE
SET full_at = excluded.full_at + greatest(throttles.full_at - statement_timestamp(), interval '0')
WHERE greatest(throttles.full_at, statement_timestamp()) <= (
    SELECT statement_timestamp() + within - step FROM wanted
    WHERE wanted.kind = excluded.kind AND wanted.subject = excluded.subject
)
RETURNING kind
""").bindparams(*bulk_parameters("wanted", _WANTED))  # noqa: S608


async def _throttled(session: AsyncSession, reached: list[tuple[Limit, str]]) -> Throttled:
    """The limit with the longest wait."""
    waits = []
    for limit, subject in reached:
        left: Select[Any] = select(Throttle.full_at + limit.step - limit.within - _NOW).where(
            Throttle.kind == limit.kind, Throttle.subject == subject
        )
        wait: timedelta | None = (await session.execute(left)).scalar_one_or_none()
        waits.append(Throttled(limit.kind, wait or timedelta()))
    return max(waits, key=lambda each: each.retry_after)
