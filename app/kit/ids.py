"""Public ids: TypeIDs such as `link_01h…` in the API, UUIDv7 in the database."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from asyncpg.pgproto.pgproto import UUID
from sqlalchemy import Dialect, Uuid
from sqlalchemy.exc import DontWrapMixin
from sqlalchemy.types import TypeDecorator
from typeid.codecs import base32
from uuid_utils import uuid7

_LAST_MILLISECOND = (1 << 48) - 1
#: 26 characters hold 130 bits, a UUID has 128.
_HIGHEST_FIRST = "7"


class MalformedId(DontWrapMixin, ValueError):
    """The text is not an id of this kind; a lookup finds nothing."""


#: Largest difference between the clocks of the machines of an installation.
CLOCK_SKEW = timedelta(hours=1)


def new(prefix: str) -> str:
    """A new id, e.g. `new("link")` -> `link_01m80…`; later ids sort later."""
    return f"{prefix}_{base32.encode(uuid7().bytes)}"


def text(prefix: str, value: uuid.UUID) -> str:
    """The public form of a UUID that was read without its column type."""
    return f"{prefix}_{base32.encode(value.bytes)}"


def raw() -> uuid.UUID:
    """A new UUIDv7 without a prefix, for bulk inserts.

    Uses the driver's UUID type, as all ids that are read: creating and hashing it costs a quarter.
    """
    return UUID(uuid7().bytes)


def parse(prefix: str, text: str) -> uuid.UUID:
    """The UUID of a public id. Raises MalformedId if prefix or format differ."""
    named, _, suffix = text.rpartition("_")
    if named != prefix or suffix[:1] > _HIGHEST_FIRST:
        raise MalformedId(f"not an id of kind {prefix}")
    try:
        return UUID(base32.decode(suffix))
    except (RuntimeError, ValueError) as problem:
        raise MalformedId(f"not an id of kind {prefix}") from problem


def first(prefix: str, moment: datetime) -> str:
    """The lowest possible id of a time. A time span is a range of ids, so the index on ids serves it."""
    milliseconds = int(moment.timestamp() * 1000)
    lowest = uuid.UUID(int=min(max(milliseconds, 0), _LAST_MILLISECOND) << 80)
    return text(prefix, lowest)


def since(prefix: str, moment: datetime) -> str:
    """A lower bound of the ids of rows of this time or later.

    An id's time is that of the process which made it, a row's time that of the database.
    """
    return first(prefix, moment - CLOCK_SKEW)


def until(prefix: str, moment: datetime) -> str:
    """An upper bound of the ids of rows of this time or earlier, as `since`."""
    return first(prefix, moment + CLOCK_SKEW)


class Id(TypeDecorator[str]):
    """A column that is `prefix_…` text in Python and a uuid in PostgreSQL."""

    impl = Uuid(as_uuid=True)
    cache_ok = True

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self.prefix = prefix

    def process_bind_param(self, value: str | None, dialect: Dialect) -> uuid.UUID | None:  # noqa: ARG002
        """Text to uuid. Raises MalformedId."""
        return None if value is None else parse(self.prefix, value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """uuid to text."""
        return None if value is None else text(self.prefix, value)
