"""Seals: hashes that chain the events and audit entries of an agency in the order of their commits, and their queries.

A seal covers the records since the previous one. It keeps their ids and hashes, so that a check names the record that
was removed, changed or inserted.
"""

import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import (
    BigInteger,
    Index,
    LargeBinary,
    Row,
    Select,
    String,
    UniqueConstraint,
    Uuid,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.audit import canonical
from app.audit.entries import AuditEntry, AuditPersonal
from app.events.models import Event, EventPersonal
from app.events.queries import horizon
from app.kit import ids
from app.kit.database import Base, Sessions, agency_key, belongs_to_agency
from app.kit.jobs import JobMixin

#: Transaction and id of a record. Records of a transaction are in the order of their ids without prefixes.
Place = tuple[int, str]
START: Place = (0, f"audit_{'0' * 26}")
#: Records and seals that are read at once.
AT_ONCE, SEALS_AT_ONCE = 500, 50


class Seal(Base):
    """One seal. Append-only, as what it covers."""

    __tablename__ = "audit_seals"
    __table_args__ = (
        belongs_to_agency(),
        UniqueConstraint("agency_id", "number"),
        Index("ix_audit_seals_place", "agency_id", "transaction_id", "last_id"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("seal"), primary_key=True)
    #: 1, 2, 3 … of the agency
    number: Mapped[int] = mapped_column(BigInteger)
    sealed_at: Mapped[datetime]
    #: place of the last record, without its prefix
    transaction_id: Mapped[int] = mapped_column(BigInteger)
    last_id: Mapped[uuid.UUID] = mapped_column(Uuid())
    #: number of the records that this seal and all before it cover
    total: Mapped[int] = mapped_column(BigInteger)
    #: the covered records in order: ids, hashes, and commitments to their personal parts
    record_ids: Mapped[list[Any]]
    hashes: Mapped[bytes] = mapped_column(LargeBinary)
    commitments: Mapped[bytes] = mapped_column(LargeBinary)
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    seal: Mapped[bytes] = mapped_column(LargeBinary)
    #: the seal under the key ring: without a key of it, nobody can make another one
    seal_encrypted: Mapped[bytes] = mapped_column(LargeBinary)

    @property
    def header(self) -> str:
        """The first line of the sealed bytes."""
        return canonical.text({
            "version": canonical.VERSION, "agency_id": self.agency_id, "number": self.number,
            "sealed_at": self.sealed_at, "records": len(self.record_ids), "total": self.total,
            "previous": self.previous.hex(),
        })  # fmt: skip

    @property
    def place(self) -> Place:
        """Place of the last record."""
        return self.transaction_id, str(self.record_ids[-1])

    @property
    def printed(self) -> str:
        """Its short form."""
        return canonical.printed(self.number, self.seal)

    @property
    def records(self) -> Iterator[tuple[str, bytes, bytes]]:
        """Id, hash and commitment of each covered record."""
        for place, record_id in enumerate(self.record_ids):
            part = slice(place * canonical.SIZE, (place + 1) * canonical.SIZE)
            yield str(record_id), self.hashes[part], self.commitments[part]

    @property
    def bound_to(self) -> str:
        """Place of the encrypted seal."""
        return f"audit_seals.seal_encrypted:{self.agency_id}:{self.id}"


class Sealer(JobMixin, Base):
    """The job that seals. One row, which serves every agency."""

    __tablename__ = "audit_sealers"

    id: Mapped[str] = mapped_column(String(8), primary_key=True)


@dataclass(frozen=True)
class SealedRecord:
    """An event or audit entry as seals cover it. `salt` and `personal` are None if erased, or if it never had them."""

    id: str
    transaction_id: int
    occurred_at: datetime
    content: str
    salt: uuid.UUID | None
    personal: str | None

    @property
    def raw_id(self) -> uuid.UUID:
        """Its id without the prefix."""
        return ids.parse(self.id.partition("_")[0], self.id)

    @property
    def place(self) -> Place:
        """Its position in the order of commits."""
        return self.transaction_id, self.id

    @cached_property
    def commitment(self) -> bytes:
        """Commitment to the personal part that is there now."""
        if self.salt is None or self.personal is None:
            return canonical.NONE
        return canonical.commitment(self.salt, self.personal)

    def hash(self, committed: bytes) -> bytes:
        """Its hash, with the commitment that was sealed."""
        return canonical.record_hash(self.content, committed)


#: Columns that the content of a record consists of. What is added to a table later needs another version.
EVENT_COLUMNS = (
    "id", "agency_id", "type", "occurred_at", "subject_type", "subject_id", "sequence", "test", "facts",
    "request_id", "transaction_id", "actor_kind", "actor_id",
)  # fmt: skip
ENTRY_COLUMNS = (
    "id", "agency_id", "occurred_at", "action", "subject_type", "subject_id", "link_id", "changed", "before", "after",
    "request_id", "transaction_id", "actor_kind", "actor_id",
)  # fmt: skip
EVENT_PERSONAL = ("data",)
ENTRY_PERSONAL = ("network_address", "user_agent", "before", "after")


@dataclass(frozen=True)
class _Kind:
    """A table of records, and that of their personal parts."""

    name: str
    prefix: str
    model: type[Event] | type[AuditEntry]
    columns: tuple[str, ...]
    personal: type[EventPersonal] | type[AuditPersonal]
    personal_columns: tuple[str, ...]

    def query(self, agency_id: str) -> Select[Any]:
        """Rows of an agency: the columns of the content, the salt, and the personal columns."""
        model, personal = self.model, self.personal
        of_record = [getattr(model, name) for name in self.columns]
        of_personal = [getattr(personal, name) for name in self.personal_columns]
        return (
            select(*of_record, personal.salt, *of_personal)
            .outerjoin(personal, (personal.agency_id == model.agency_id) & (personal.id == model.id))
            .where(model.agency_id == agency_id)
        )

    def between(self, after: Place, until: Place) -> list[Any]:
        """Conditions of the records after a place, up to another; of two with one id, the prefixes decide."""
        columns = tuple_(self.model.transaction_id, self.model.id)
        (start, comes_later), (end, is_later) = self._of(after), self._of(until)
        return [columns >= start if comes_later else columns > start, columns < end if is_later else columns <= end]

    def _of(self, place: Place) -> tuple[Any, bool]:
        """A place as this table has it; True if a record with the id of the place comes after it."""
        transaction_id, last = place
        prefix, _, suffix = last.partition("_")
        id = literal(f"{self.prefix}_{suffix}", self.model.id.type)
        return tuple_(literal(transaction_id, BigInteger), id), self.prefix > prefix

    def record(self, row: Row[Any]) -> SealedRecord:
        """The record of a row."""
        values: Sequence[Any] = tuple(row)
        many = len(self.columns)
        content = dict(zip(self.columns, values, strict=False))
        salt, personal = values[many], dict(zip(self.personal_columns, values[many + 1 :], strict=True))
        return SealedRecord(
            content["id"], content["transaction_id"], content["occurred_at"],
            canonical.text({"record": self.name, **content}), salt,
            None if salt is None else canonical.text(personal),
        )  # fmt: skip


_KINDS = (
    _Kind("audit_entry", "audit", AuditEntry, ENTRY_COLUMNS, AuditPersonal, ENTRY_PERSONAL),
    _Kind("event", "evt", Event, EVENT_COLUMNS, EventPersonal, EVENT_PERSONAL),
)


async def read(session: AsyncSession, agency_id: str, after: Place, until: Place) -> list[SealedRecord]:
    """The next AT_ONCE records after a place in the order of commits, up to another place."""
    found = []
    for kind in _KINDS:
        model = kind.model
        rows = (
            kind.query(agency_id)
            .where(*kind.between(after, until))
            .order_by(model.transaction_id, model.id)
            .limit(AT_ONCE)
        )
        found += [kind.record(row) for row in await session.execute(rows)]
    return sorted(found, key=_order)[:AT_ONCE]


async def in_order(sessions: Sessions, agency_id: str, after: Place, until: Place) -> AsyncIterator[SealedRecord]:
    """All records between two places, in pages. No transaction stays open between them."""
    while True:
        async with sessions() as session:
            found = await read(session, agency_id, after, until)
        for record in found:
            yield record
        if len(found) < AT_ONCE:
            return
        after = found[-1].place


async def count(session: AsyncSession, agency_id: str, after: Place, until: Place) -> tuple[int, datetime | None]:
    """The number of records between two places, and the time of the oldest one."""
    counts, times = [], []
    for kind in _KINDS:
        rows = select(func.count(), func.min(kind.model.occurred_at))
        rows = rows.where(kind.model.agency_id == agency_id, *kind.between(after, until))
        number, earliest = (await session.execute(rows)).one()
        counts.append(number)
        times += [earliest] if earliest is not None else []
    return sum(counts), min(times, default=None)


async def first_of_each_kind(
    session: AsyncSession, agency_id: str, after: Place, until: Place
) -> list[tuple[str, datetime]]:
    """Ids and times of the first event and the first audit entry between two places, in order."""
    found: list[tuple[int, str, datetime]] = []
    for kind in _KINDS:
        model = kind.model
        rows = select(model.transaction_id, model.id, model.occurred_at).where(model.agency_id == agency_id)
        rows = rows.where(*kind.between(after, until)).order_by(model.transaction_id, model.id).limit(1)
        found += [(row.transaction_id, row.id, row.occurred_at) for row in await session.execute(rows)]
    return [(record_id, occurred_at) for _, record_id, occurred_at in sorted(found)]


async def find_record(session: AsyncSession, agency_id: str, record_id: str) -> SealedRecord | None:
    """One record by its id."""
    kind = next(each for each in _KINDS if record_id.startswith(f"{each.prefix}_"))
    row = (await session.execute(kind.query(agency_id).where(kind.model.id == record_id))).one_or_none()
    return None if row is None else kind.record(row)


def before(transaction_id: int) -> Place:
    """The place before all records of a transaction."""
    return transaction_id, START[1]


async def settled(session: AsyncSession) -> Place:
    """The place before all records of the oldest running transaction: everything before it is committed."""
    return before((await session.execute(select(horizon()))).scalar_one())


async def newest(session: AsyncSession, agency_id: str) -> Seal | None:
    """The last seal of an agency."""
    return next(iter(await newest_first(session, agency_id, before=None, limit=1)), None)


async def page(session: AsyncSession, agency_id: str, *, after: int = 0, limit: int = SEALS_AT_ONCE) -> Sequence[Seal]:
    """Seals after a number, the first one first."""
    rows = select(Seal).where(Seal.agency_id == agency_id, Seal.number > after).order_by(Seal.number).limit(limit)
    return (await session.scalars(rows)).all()


async def newest_first(session: AsyncSession, agency_id: str, *, before: int | None, limit: int) -> Sequence[Seal]:
    """Seals in the reverse order, before a number."""
    rows = select(Seal).where(Seal.agency_id == agency_id).order_by(Seal.number.desc()).limit(limit)
    return (await session.scalars(rows if before is None else rows.where(Seal.number < before))).all()


async def find(session: AsyncSession, agency_id: str, number: int) -> Seal | None:
    """A seal by its number."""
    found: Seal | None = await session.scalar(select(Seal).where(Seal.agency_id == agency_id, Seal.number == number))
    return found


async def of_subject(session: AsyncSession, agency_id: str, subject_id: str) -> Seal | None:
    """The seal that covers the last event of a subject; None as long as there is none."""
    last = (
        select(Event.transaction_id, Event.id)
        .where(Event.agency_id == agency_id, Event.subject_id == subject_id)
        .order_by(Event.sequence.desc())
        .limit(1)
        .subquery()
    )
    covering = (
        select(Seal)
        .join(last, tuple_(Seal.transaction_id, Seal.last_id) >= tuple_(last.c.transaction_id, last.c.id))
        .where(Seal.agency_id == agency_id)
        .order_by(Seal.number)
        .limit(1)
    )
    found: Seal | None = await session.scalar(covering)
    return found


def _order(record: SealedRecord) -> tuple[int, str, str]:
    prefix, _, suffix = record.id.partition("_")
    return record.transaction_id, suffix, prefix
