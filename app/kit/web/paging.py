"""Cursor pagination of lists by id and by change; an opaque cursor holds the position of the last row.

A list by `updated_since` never skips a late commit: a change takes its time from the database's clock while it holds a
shared lock named after the start of its transaction. A read omits changes that are not older than the oldest such
lock, because earlier ones may still commit.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Generic, Protocol, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field
from sqlalchemy import Select, func, inspect, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from app.kit import ids
from app.kit.errors import InvalidInput
from app.kit.input.fields import Moment

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Named(Protocol):
    @property
    def id(self) -> str: ...


class Changing:
    """Time of a row's last change; its table needs an index on (agency_id, updated_at, id)."""

    if TYPE_CHECKING:
        id: Mapped[str]

    updated_at: Mapped[datetime] = mapped_column(server_default=func.changed_at(), onupdate=func.changed_at())


Item = TypeVar("Item")
Named = TypeVar("Named", bound=_Named)
Row = TypeVar("Row", bound=Changing)
Limit = Annotated[int, Query(ge=1, le=200, description="At most this many rows.")]
Cursor = Annotated[str | None, Query(max_length=400, description="`next_cursor` of the page before, unchanged.")]
UpdatedSince = Annotated[
    Moment | None,
    Query(
        description="Only what changed at this time or later, the oldest change first; no change is ever skipped. "
        "To follow the list, begin with `2000-01-01T00:00:00Z`, read every page, and the next time give the "
        "`updated_at` of the last row you got: it comes again, then what changed since. A row whose change is not "
        "settled yet (an older one is still being written) is left out until it is."
    ),
]


class Page(BaseModel, Generic[Item]):
    """One page of a list; `next_cursor` is null on the last."""

    data: list[Item]
    next_cursor: str | None = Field(default=None, description="Give it as `cursor` to get the next page.")


class ChangePage(list[Row]):
    """The rows of a page; `next_cursor` is None on the last."""

    next_cursor: str | None = None


class CursorWrong(InvalidInput):
    """The cursor was not issued by Keyturn."""

    code = "cursor_wrong"
    detail = "The cursor cannot be read."
    hint = "Give back `next_cursor` of the page before as it was, or leave it out to start from the beginning."


def pack(*place: str | int) -> str:
    """The cursor of a position in a list."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def unpack(cursor: str, *kinds: type[str] | type[int]) -> tuple[str | int, ...]:
    """The position in a cursor: one value for each of `kinds`. Raises CursorWrong."""
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as problem:
        raise CursorWrong from problem
    if not isinstance(place, list) or [type(value) for value in place] != list(kinds):
        raise CursorWrong
    return tuple(place)


def before(cursor: str | None, prefix: str) -> str | None:
    """The id in the cursor of a list ordered by ids; None starts from the beginning. Raises CursorWrong."""
    if cursor is None:
        return None
    last = str(unpack(cursor, str)[0])
    try:
        ids.parse(prefix, last)
    except ids.MalformedId as problem:
        raise CursorWrong from problem
    return last


def by_id(views: Sequence[Named], limit: int) -> "Page[Named]":
    """A page of objects ordered by `id`; one more than `limit` was read, if there is one."""
    more = pack(views[limit - 1].id) if len(views) > limit else None
    return Page(data=list(views[:limit]), next_cursor=more)


async def change_page(
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
        rows = rows.where(table.updated_at >= since, table.updated_at < settled)
        rows = _by_time(rows, table, table.updated_at, cursor)
    read: Sequence[Row] = (await session.scalars(rows.limit(limit + 1))).all()
    found = ChangePage(read[:limit])
    if len(read) > limit:
        last = found[-1]
        found.next_cursor = pack(last.id) if since is None else pack(_microseconds(last.updated_at), last.id)
    return found


async def page_by_time(
    session: AsyncSession,
    rows: Select[Any],
    table: type[Row],
    column: InstrumentedAttribute[datetime | None],
    *,
    limit: int,
    cursor: str | None = None,
) -> ChangePage[Row]:
    """A page of `rows` from a cursor, earliest `column` first; rows without one are left out. Raises CursorWrong."""
    rows = _by_time(rows.where(column.is_not(None)), table, column, cursor)
    read: Sequence[Row] = (await session.scalars(rows.limit(limit + 1))).all()
    found = ChangePage(read[:limit])
    if len(read) > limit:
        found.next_cursor = pack(_microseconds(getattr(found[-1], column.key)), found[-1].id)
    return found


def _newest_first(rows: Select[Any], table: type[Row], cursor: str | None) -> Select[tuple[Row]]:
    last = before(cursor, _ids(table).prefix)
    return (rows.where(table.id < last) if last else rows).order_by(table.id.desc())


def _by_time(
    rows: Select[Any], table: type[Row], column: InstrumentedAttribute[Any], cursor: str | None
) -> Select[tuple[Row]]:
    if cursor is not None:
        microseconds, last = unpack(cursor, int, str)
        try:
            moment = _EPOCH + timedelta(microseconds=int(microseconds))
            ids.parse(_ids(table).prefix, str(last))
        except (ids.MalformedId, OverflowError) as problem:
            raise CursorWrong from problem
        rows = rows.where(tuple_(column, table.id) > tuple_(literal(moment), literal(last, _ids(table))))
    return rows.order_by(column, table.id)


def _ids(table: type[Changing]) -> ids.Id:
    kind = inspect(table).columns["id"].type
    assert isinstance(kind, ids.Id)
    return kind


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
