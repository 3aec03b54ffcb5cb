"""Time to access: from the opening of a link to its verification, the steps that clients reach, and blockers."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import clock
from app.links.models import AccessRequest, Link
from app.links.queries import is_active
from app.links.status import OVER, PROVED

#: Durations by month, preset or platform, the steps that links reached, and the blockers of active links.
Table = Literal["month", "preset", "platform", "funnel", "blocker"]


@dataclass(frozen=True)
class Durations:
    """Time from opened to verified of the links of one month, preset or platform: median, and slowest tenth.

    `key`: the month as `2026-11`, the preset, or the platform.
    """

    key: str
    links: int
    median: timedelta
    slowest_tenth: timedelta


@dataclass(frozen=True)
class Funnel:
    """Numbers of links that were made in a period, and of those that came so far."""

    made: int
    opened: int
    agreed: int
    verified: int


@dataclass(frozen=True)
class BlockerCount:
    """Access requests that a blocker holds up now, and the median of their waits."""

    code: str
    count: int
    waiting: timedelta


def start(months: int) -> datetime:
    """The start of the month that many months back, this one included."""
    now = clock.now().astimezone(UTC)
    at = now.year * 12 + now.month - months
    return datetime(at // 12, at % 12 + 1, 1, tzinfo=UTC)


async def as_csv(
    session: AsyncSession, agency_id: str, table: Table, *, since: datetime, preset: str | None = None
) -> str:
    """One table as CSV; durations in seconds."""
    match table:
        case "funnel":
            reached = await funnel(session, agency_id, since=since, preset=preset)
            return _csv(["step", "links"], asdict(reached).items())
        case "blocker":
            held_up = await blockers(session, agency_id, preset=preset)
            columns = ["blocker", "access_requests", "median_wait_seconds"]
            return _csv(columns, [(each.code, each.count, round(each.waiting.total_seconds())) for each in held_up])
        case "preset":
            found = await by_preset(session, agency_id, since=since)
        case "platform":
            found = await by_platform(session, agency_id, since=since, preset=preset)
        case "month":
            found = await by_month(session, agency_id, since=since, preset=preset)
    return _csv(
        [table, "links", "median_seconds", "slowest_tenth_seconds"],
        [
            (each.key, each.links, round(each.median.total_seconds()), round(each.slowest_tenth.total_seconds()))
            for each in found
        ],
    )


def file_name(table: Table) -> str:
    """Name of the file with `as_csv`."""
    return f"time-to-access-{table}.csv"


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(columns)
    table.writerows(rows)
    return written.getvalue()


async def by_month(
    session: AsyncSession, agency_id: str, *, since: datetime, preset: str | None = None
) -> Sequence[Durations]:
    """Durations of links by the month in which they were verified, the earliest first."""
    month = func.to_char(func.timezone("UTC", Link.completed_at), "YYYY-MM")
    return await _durations(session, _lengths(month).where(*_verified(agency_id, since, preset)))


async def by_preset(session: AsyncSession, agency_id: str, *, since: datetime) -> Sequence[Durations]:
    """Durations of links that were verified since then, by preset."""
    return await _durations(session, _lengths(Link.preset).where(*_verified(agency_id, since, None)))


async def by_platform(
    session: AsyncSession, agency_id: str, *, since: datetime, preset: str | None = None
) -> Sequence[Durations]:
    """Durations of links that were verified since then, by platform: until the last access there was proved.

    Access that was proved again after a drift counts as proved when the link was verified.
    """
    proved_at = func.coalesce(AccessRequest.verified_at, AccessRequest.attested_at)
    proved = (
        select(AccessRequest.platform, func.max(proved_at).label("at"))
        .where(AccessRequest.agency_id == Link.agency_id, AccessRequest.link_id == Link.id, proved_at.is_not(None))
        .group_by(AccessRequest.platform)
        .lateral("proved")  # few links: looked up one by one
    )
    length = func.least(proved.c.at, Link.completed_at) - Link.opened_at
    rows = _lengths(proved.c.platform, length).select_from(Link).join(proved, true())
    return await _durations(session, rows.where(*_verified(agency_id, since, preset)))


async def overall(
    session: AsyncSession, agency_id: str, *, since: datetime, preset: str | None = None
) -> Durations | None:
    """Durations of all links that were verified since then; None if there are none."""
    found = await _durations(session, _lengths(func.coalesce("all")).where(*_verified(agency_id, since, preset)))
    return found[0] if found else None


async def funnel(session: AsyncSession, agency_id: str, *, since: datetime, preset: str | None = None) -> Funnel:
    """The links that were made since then, by the steps that they reached."""
    agreed = func.count().filter(Link.submitted_at.is_not(None) | Link.completed_at.is_not(None))
    opened = func.count().filter(Link.opened_at.is_not(None))
    rows = select(func.count(), opened, agreed, func.count(Link.completed_at)).where(
        Link.agency_id == agency_id, Link.created_at >= since, *_of_preset(preset)
    )
    return Funnel(*(await session.execute(rows)).one())


async def blockers(session: AsyncSession, agency_id: str, *, preset: str | None = None) -> Sequence[BlockerCount]:
    """The blockers of active links, the most frequent first."""
    waits = func.percentile_cont(0.5).within_group(func.extract("epoch", func.now() - AccessRequest.status_since))
    link = select(Link.id).where(
        Link.agency_id == AccessRequest.agency_id, Link.id == AccessRequest.link_id, is_active(), *_of_preset(preset)
    )
    rows = (
        select(AccessRequest.code, func.count(), waits)
        .join(link.limit(1).correlate(AccessRequest).lateral(), true())  # few links: looked up one by one
        .where(
            AccessRequest.agency_id == agency_id, AccessRequest.code.is_not(None),
            AccessRequest.status.not_in(PROVED | OVER),
        )
        .group_by(AccessRequest.code)
        .order_by(func.count().desc(), AccessRequest.code)
    )  # fmt: skip
    return [BlockerCount(code, count, timedelta(seconds=wait)) for code, count, wait in await session.execute(rows)]


def _verified(agency_id: str, since: datetime, preset: str | None) -> list[ColumnElement[bool]]:
    return [
        Link.agency_id == agency_id, Link.completed_at >= since, Link.opened_at.is_not(None), *_of_preset(preset)
    ]  # fmt: skip


def _of_preset(preset: str | None) -> list[ColumnElement[bool]]:
    return [Link.preset == preset] if preset else []


def _lengths(key: Any, length: Any = Link.completed_at - Link.opened_at) -> Select[Any]:
    """For each key: its number of lengths, their median, and that of the slowest tenth, in seconds."""
    seconds = func.extract("epoch", length)
    median, slowest = (func.percentile_cont(share).within_group(seconds) for share in (0.5, 0.9))
    rows: Select[Any] = select(key.label("key"), func.count(), median, slowest)
    return rows.group_by("key").order_by("key")


async def _durations(session: AsyncSession, rows: Select[Any]) -> list[Durations]:
    return [
        Durations(name, count, timedelta(seconds=middle), timedelta(seconds=slow))
        for name, count, middle, slow in await session.execute(rows)
    ]
