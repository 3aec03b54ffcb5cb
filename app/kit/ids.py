"""Public ids: TypeIDs such as `link_01h…` outside, UUIDv7 in the database."""

import uuid
from typing import Any

from sqlalchemy import Dialect, Uuid
from sqlalchemy.exc import DontWrapMixin
from sqlalchemy.types import TypeDecorator
from typeid import TypeID
from typeid.core.errors import TypeIDException


class MalformedId(DontWrapMixin, ValueError):
    """The text is no id of this kind; whoever looks it up finds nothing."""


def new(prefix: str) -> str:
    """A new id, e.g. `new("link")` -> `link_01m80…`; ids made later sort later."""
    return str(TypeID(prefix=prefix))


def parse(prefix: str, text: str) -> uuid.UUID:
    """The UUID inside a public id. Raises MalformedId when prefix or shape differ."""
    try:
        found = TypeID.from_string(text)
    except (TypeIDException, ValueError) as problem:
        raise MalformedId(f"not an id of kind {prefix}") from problem
    if found.prefix != prefix:
        raise MalformedId(f"not an id of kind {prefix}")
    return uuid.UUID(str(found.uuid))


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
        return None if value is None else str(TypeID.from_uuid(value, self.prefix))
