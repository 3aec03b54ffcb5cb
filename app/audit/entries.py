"""Audit entries, which triggers write for each change of an audited table (`app/kit/audit.py`), and their queries."""

import re
import uuid
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Index,
    String,
    Uuid,
    delete,
    func,
    literal,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.events.queries import horizon
from app.kit import ids
from app.kit.actor import ActorColumns
from app.kit.audit import audited
from app.kit.database import Base, Sessions, agency_key, belongs_to, belongs_to_agency
from app.kit.web.paging import CursorWrong, unpack

_STORED = re.compile("_(hash|encrypted)$")
#: Rows of an export that are read at once.
AT_ONCE = 500
#: Transaction and id of an entry.
Place = tuple[int, str]
START: Place = (0, "audit_00000000000000000000000000")


class AuditEntry(ActorColumns, Base):
    """One change of one row. Append-only: a trigger refuses UPDATE, DELETE and TRUNCATE."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        belongs_to_agency(),
        CheckConstraint("action IN ('created', 'changed', 'deleted')", name="action"),
        Index("ix_audit_entries_order", "agency_id", "transaction_id", "id"),
        Index("ix_audit_entries_subject", "agency_id", "subject_id", "transaction_id", "id"),
        Index("ix_audit_entries_actor", "agency_id", "actor_id", "transaction_id", "id"),
        Index(
            "ix_audit_entries_link", "agency_id", "link_id", "transaction_id", "id",
            postgresql_where=text("link_id IS NOT NULL"),
        ),
        Index(
            "ix_audit_entries_request", "agency_id", "request_id", "transaction_id", "id",
            postgresql_where=text("request_id IS NOT NULL"),
        ),
    )  # fmt: skip

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("audit"), primary_key=True)
    occurred_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    action: Mapped[str] = mapped_column(String(8))
    subject_type: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[uuid.UUID] = mapped_column(Uuid())
    #: link that the changed row is or belongs to
    link_id: Mapped[str | None] = mapped_column(ids.Id("link"))
    #: names of the changed columns, with secret and personal ones
    changed: Mapped[list[Any]]
    #: values of the changed columns, without secret and personal ones; ids are raw
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    request_id: Mapped[str | None] = mapped_column(String(64))
    #: orders entries by commit, as events
    transaction_id: Mapped[int] = mapped_column(
        BigInteger, server_default=text("(pg_current_xact_id()::text::bigint + transaction_base())")
    )


class AuditPersonal(Base):
    """Personal parts of an entry: origin, and values of personal columns. Can be erased without changing the entry."""

    __tablename__ = "audit_personal"
    __table_args__ = (belongs_to("audit_entries", "id"),)

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("audit"), primary_key=True)
    network_address: Mapped[str | None] = mapped_column(String(64))
    user_agent: Mapped[str | None] = mapped_column(String(256))
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    #: of the commitment that seals bind; erased with the rest
    salt: Mapped[uuid.UUID] = mapped_column(server_default=func.gen_random_uuid())


async def erase_personal_data(
    session: AsyncSession, agency_id: str, *, subject_ids: Collection[str], link_ids: Collection[str]
) -> None:
    """Erase the personal parts of entries about these subjects and links, and of what these subjects did.

    Whole parts, as a seal tells one that was changed from one that was erased. The entries stay.
    """
    about = AuditAbout(subject_ids, link_ids)
    of_them = select(AuditEntry.id).where(AuditEntry.agency_id == agency_id, about.condition())
    erased = delete(AuditPersonal).where(AuditPersonal.agency_id == agency_id, AuditPersonal.id.in_(of_them))
    await session.execute(erased.execution_options(synchronize_session=False))


async def subjects_of(
    session: AsyncSession, agency_id: str, subject_type: str, column: str, owner_id: str
) -> list[str]:
    """Ids of all subjects of a type that were created for an owner, which a column names; deleted ones included."""
    owner = ids.parse(owner_id.rpartition("_")[0], owner_id)
    rows = select(AuditEntry.subject_id).where(
        AuditEntry.agency_id == agency_id, AuditEntry.subject_type == subject_type, AuditEntry.action == "created",
        AuditEntry.after[column].astext == str(owner),
    )  # fmt: skip
    return [ids.text(_id_prefixes(subject_type)["id"], each) for each in await session.scalars(rows)]


@dataclass(frozen=True)
class AuditAbout:
    """Subjects and links that entries are about; a subject is also an actor. Ids are public ones."""

    subject_ids: Collection[str]
    link_ids: Collection[str]

    def condition(self) -> ColumnElement[bool]:
        """Entries about these subjects and links, and of what these subjects did."""
        subjects = [ids.parse(each.rpartition("_")[0], each) for each in self.subject_ids]
        return or_(
            AuditEntry.subject_id.in_(subjects),
            AuditEntry.link_id.in_(self.link_ids),
            AuditEntry.actor_id.in_(self.subject_ids),
        )


@dataclass(frozen=True)
class AuditFilter:
    """Filter of entries, from `since` (inclusive) to `until` (exclusive). Ids are public ones."""

    actor_kind: str | None = None
    actor_id: str | None = None
    subject_type: str | None = None
    subject_id: str | None = None
    link_id: str | None = None
    request_id: str | None = None
    about: AuditAbout | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Its SQL conditions. Raises MalformedId."""
        where: list[ColumnElement[bool]] = []
        if self.actor_kind:
            where.append(AuditEntry.actor_kind == self.actor_kind)
        if self.actor_id:
            where.append(AuditEntry.actor_id == self.actor_id)
        if self.subject_type:
            where.append(AuditEntry.subject_type == self.subject_type)
        if self.subject_id:
            prefix = self.subject_id.rpartition("_")[0]
            where.append(AuditEntry.subject_id == ids.parse(prefix, self.subject_id))
        if self.link_id:
            where.append(AuditEntry.link_id == literal(ids.parse("link", self.link_id), Uuid()))
        if self.request_id:
            where.append(AuditEntry.request_id == self.request_id)
        if self.about is not None:
            where.append(self.about.condition())
        if self.since is not None:
            where += [AuditEntry.occurred_at >= self.since, AuditEntry.id >= ids.since("audit", self.since)]
        if self.until is not None:
            where += [AuditEntry.occurred_at < self.until, AuditEntry.id < ids.until("audit", self.until)]
        return where


@dataclass(frozen=True)
class AuditRecord:
    """An entry with its personal parts; None if they were erased or never existed."""

    entry: AuditEntry
    personal: AuditPersonal | None

    @property
    def place(self) -> Place:
        """Position in the order of commits."""
        return self.entry.transaction_id, self.entry.id

    @property
    def subject_id(self) -> str:
        """Public id of the changed row; of its link, for a row without an id."""
        prefixes = _id_prefixes(self.entry.subject_type)
        return ids.text(prefixes.get("id") or prefixes["link_id"], self.entry.subject_id)

    @property
    def changed(self) -> list[str]:
        """Names of the changed fields, without what storage adds to those of secrets."""
        return list(dict.fromkeys(_STORED.sub("", name) for name in self.entry.changed))

    @property
    def before(self) -> dict[str, Any]:
        """Values before the change, with the personal ones that are still there."""
        return self._values(self.entry.before, self.personal.before if self.personal else None)

    @property
    def after(self) -> dict[str, Any]:
        """Values after the change, likewise."""
        return self._values(self.entry.after, self.personal.after if self.personal else None)

    def _values(self, facts: Mapping[str, Any], personal: Mapping[str, Any] | None) -> dict[str, Any]:
        prefixes = _id_prefixes(self.entry.subject_type)
        values = {**facts, **(personal or {})}
        return {name: _public(values[name], prefixes.get(name)) for name in self.entry.changed if name in values}


def place(cursor: str) -> Place:
    """The place in a cursor. Raises CursorWrong."""
    transaction, entry_id = unpack(cursor, int, str)
    try:
        ids.parse("audit", str(entry_id))
    except ids.MalformedId as problem:
        raise CursorWrong from problem
    if not 0 <= int(transaction) < 2**63:
        raise CursorWrong
    return int(transaction), str(entry_id)


async def newest(
    session: AsyncSession, agency_id: str, wanted: AuditFilter, *, limit: int, before: Place | None = None
) -> Sequence[AuditRecord]:
    """Entries in reverse order of their commits; `before` is the place of the last one seen."""
    where = [AuditEntry.transaction_id < horizon(), *wanted.conditions()]
    if before is not None:
        where.append(_place_columns() < _literal(before))
    return await _read(session, agency_id, where, limit=limit, newest_first=True)


async def in_order(
    sessions: Sessions, agency_id: str, wanted: AuditFilter, *, at_once: int = AT_ONCE
) -> AsyncIterator[AuditRecord]:
    """All entries that are committed now, oldest first. No transaction stays open while the reader is slow."""
    async with sessions() as session:
        end = (await session.execute(select(horizon()))).scalar_one()
    last, conditions = START, [AuditEntry.transaction_id < end, *wanted.conditions()]
    while True:
        async with sessions() as session:
            where = [*conditions, _place_columns() > _literal(last)]
            found = await _read(session, agency_id, where, limit=at_once, newest_first=False)
        for record in found:
            yield record
        if len(found) < at_once:
            return
        last = found[-1].place


async def _read(
    session: AsyncSession, agency_id: str, where: Sequence[ColumnElement[bool]], *, limit: int, newest_first: bool
) -> Sequence[AuditRecord]:
    order = [AuditEntry.transaction_id, AuditEntry.id]
    rows = (
        select(AuditEntry, AuditPersonal)
        .outerjoin(
            AuditPersonal, (AuditPersonal.agency_id == AuditEntry.agency_id) & (AuditPersonal.id == AuditEntry.id)
        )
        .where(AuditEntry.agency_id == agency_id, *where)
        .order_by(*(column.desc() if newest_first else column.asc() for column in order))
        .limit(limit)
    )
    return [AuditRecord(entry, personal) for entry, personal in await session.execute(rows)]


def _place_columns() -> Any:
    return tuple_(AuditEntry.transaction_id, AuditEntry.id)


def _literal(place: Place) -> Any:
    return tuple_(literal(place[0], BigInteger), literal(place[1], AuditEntry.id.type))


@cache
def _id_prefixes(subject_type: str) -> dict[str, str]:
    """Prefixes of the ids in a subject's columns, by column."""
    columns = audited()[subject_type].__table__.columns
    return {column.name: column.type.prefix for column in columns if isinstance(column.type, ids.Id)}


def _public(value: Any, prefix: str | None) -> Any:
    if prefix is None or not isinstance(value, str):
        return value
    with suppress(ValueError):
        return ids.text(prefix, uuid.UUID(value))
    return value
