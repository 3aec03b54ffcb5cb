"""Exchanges: every call to a platform with its answer, kept as evidence."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.database import Base, agency_key, belongs_to_agency
from app.platforms.port import Call


class Exchange(Base):
    """One call or look. `outcome` null: sent or about to be sent, and no answer was recorded."""

    __tablename__ = "exchanges"
    __table_args__ = (
        belongs_to_agency(),
        Index("ix_exchanges_handshake_id", "agency_id", "handshake_id", "id"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("exchange"), primary_key=True)
    handshake_id: Mapped[str | None] = mapped_column(ids.Id("handshake"))
    connection_id: Mapped[str | None] = mapped_column(ids.Id("connection"))
    #: whose token: `client` or `agency`
    side: Mapped[str] = mapped_column(String(8))
    #: what it was for: `authorise`, `look`, `share`, `give_back`
    purpose: Mapped[str] = mapped_column(String(16))
    operation: Mapped[str] = mapped_column(String(64))
    request: Mapped[dict[str, Any]]
    started_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    outcome: Mapped[str | None] = mapped_column(String(16))
    code: Mapped[int | None]
    message: Mapped[str | None]
    platform_request_id: Mapped[str | None] = mapped_column(String(128))
    blocker: Mapped[str | None] = mapped_column(String(48))
    answer: Mapped[dict[str, Any] | None]
    took_ms: Mapped[int | None]


def keep(
    session: AsyncSession,
    calls: Sequence[Call],
    *,
    agency_id: str,
    side: str,
    purpose: str,
    connection_id: str | None = None,
    handshake_id: str | None = None,
) -> None:
    """Adds what was called, in order."""
    for call in calls:
        row = Exchange(
            agency_id=agency_id, id=ids.new("exchange"), handshake_id=handshake_id, connection_id=connection_id,
            side=side, purpose=purpose, operation=call.operation, request=dict(call.request),
        )  # fmt: skip
        answered(row, call)
        session.add(row)


def answered(row: Exchange, call: Call, blocker: str | None = None) -> None:
    """Completes an exchange with its answer."""
    row.operation = call.operation
    row.outcome, row.code, row.message = call.outcome, call.code, call.message[:2000]
    row.platform_request_id, row.answer, row.took_ms = call.request_id, dict(call.answer), call.took_ms
    row.blocker = blocker


async def of_handshake(session: AsyncSession, agency_id: str, handshake_id: str, *, purpose: str) -> Sequence[Exchange]:
    """The exchanges of a handshake for one purpose, oldest first."""
    rows = select(Exchange).where(
        Exchange.agency_id == agency_id, Exchange.handshake_id == handshake_id, Exchange.purpose == purpose
    )
    return (await session.scalars(rows.order_by(Exchange.id))).all()


async def page(
    session: AsyncSession, agency_id: str, handshake_ids: Sequence[str], *, limit: int, before: str | None
) -> Sequence[Exchange]:
    """Exchanges of handshakes, newest first; `before` is the id of the last one seen."""
    rows = select(Exchange).where(Exchange.agency_id == agency_id, Exchange.handshake_id.in_(handshake_ids))
    if before:
        rows = rows.where(Exchange.id < before)
    return (await session.scalars(rows.order_by(Exchange.id.desc()).limit(limit))).all()
