"""Lists by `updated_since`: the time of a change, and a read that never skips a late commit.

A change takes its time from the database's clock while it holds a shared lock named after the start of its transaction.
A read omits changes that are not older than the oldest such lock, because earlier ones may still commit.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import Query
from sqlalchemy import Select, func, inspect, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.input.fields import Moment
from app.kit.web.paging import CursorWrong, before, pack, unpack

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

UpdatedSince = Annotated[
    Moment | None,
    Query(
        description="Only what changed at this time or later, the oldest change first; no change is ever skipped. "
        "To follow the list, begin with `2000-01-01T00:00:00Z`, read every page, and the next time give the "
        "`updated_at` of the last row you got: it comes again, then what changed since. A row whose change is not "
        "settled yet (an older one is still being written) is left out until it is."
    ),
]


class Changing:
    """Time of a row's last change; its table needs an index on (agency_id, updated_at, id)."""

    if TYPE_CHECKING:
        id: Mapped[str]

    updated_at: Mapped[datetime] = mapped_column(server_default=func.changed_at(), onupdate=func.changed_at())


Row = TypeVar("Row", bound=Changing)


class ChangePage(list[Row]):
    """The rows of a page; `next_cursor` is None on the last."""

    next_cursor: str | None = None


async def page(
    session: AsyncSession,
    rows: Select[Any],
    table: type[Row],
    *,
    limit: int,
    cursor: str | None = None,
    since: datetime | None = None,
) -> ChangePage[Row]:
    """A page of `rows` from a cursor: newest first, or with `since`, oldest change first. Raises CursorWrong."""
    if since is None:
        rows = _newest_first(rows, table, cursor)
    else:
        # first the horizon, then the rows: a statement sees what was committed before it began
        settled = (await session.execute(select(func.changes_settled()))).scalar_one()
        rows = _by_change(rows.where(table.updated_at >= since, table.updated_at < settled), table, cursor)
    read: Sequence[Row] = (await session.scalars(rows.limit(limit + 1))).all()
    found = ChangePage(read[:limit])
    if len(read) > limit:
        last = found[-1]
        found.next_cursor = pack(last.id) if since is None else pack(_microseconds(last.updated_at), last.id)
    return found


def _newest_first(rows: Select[Any], table: type[Row], cursor: str | None) -> Select[tuple[Row]]:
    last = before(cursor, _ids(table).prefix)
    return (rows.where(table.id < last) if last else rows).order_by(table.id.desc())


def _by_change(rows: Select[Any], table: type[Row], cursor: str | None) -> Select[tuple[Row]]:
    if cursor is not None:
        microseconds, last = unpack(cursor, int, str)
        try:
            moment = _EPOCH + timedelta(microseconds=int(microseconds))
            ids.parse(_ids(table).prefix, str(last))
        except (ids.MalformedId, OverflowError) as problem:
            raise CursorWrong from problem
        rows = rows.where(tuple_(table.updated_at, table.id) > tuple_(literal(moment), literal(last, _ids(table))))
    return rows.order_by(table.updated_at, table.id)


def _ids(table: type[Changing]) -> ids.Id:
    kind = inspect(table).columns["id"].type
    assert isinstance(kind, ids.Id)
    return kind


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
