"""Cursor pagination: an opaque cursor with the position of the last row."""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Annotated, Generic, Protocol, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from app.kit import ids
from app.kit.errors import InvalidInput


class _Named(Protocol):
    @property
    def id(self) -> str: ...


Item = TypeVar("Item")
Named = TypeVar("Named", bound=_Named)

Limit = Annotated[int, Query(ge=1, le=200, description="At most this many rows.")]
Cursor = Annotated[str | None, Query(max_length=400, description="`next_cursor` of the page before, unchanged.")]


class Page(BaseModel, Generic[Item]):
    """One page of a list; `next_cursor` is null on the last."""

    data: list[Item]
    next_cursor: str | None = Field(default=None, description="Give it as `cursor` to get the next page.")


class CursorWrong(InvalidInput):
    """The cursor was not issued by Keyturn."""

    code = "cursor_wrong"
    detail = "The cursor cannot be read."
    hint = "Give back `next_cursor` of the page before as it was, or leave it out to start anew."


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
