"""Handshakes: jobs of the reconciler, one for a client's account and one of the agency's."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids, jobs
from app.kit.database import Base, CreatedAt, agency_key, belongs_to, belongs_to_agency
from app.kit.jobs import JobMixin
from app.links.aggregate import LinkAggregate


class Handshake(JobMixin, CreatedAt, Base):
    """Due for its next round. `looks`: rounds in a row without a change; `setbacks`: failures of the platform in a row.

    `watching`: nothing is left to do, and access is observed from time to time. `searched_at`: the last request for a
    check for which the agency's other partners were searched. `unavailable_since`: time from which the platform has not
    answered.
    """

    __tablename__ = "handshakes"
    __table_args__ = (
        belongs_to_agency(),
        belongs_to("clients", "client_id"),
        UniqueConstraint("agency_id", "client_id", "platform", "client_account_id", "agency_account_id"),
        Index("ix_handshakes_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("handshake"), primary_key=True)
    client_id: Mapped[str] = mapped_column(ids.Id("client"))
    platform: Mapped[str] = mapped_column(String(32))
    client_account_id: Mapped[str] = mapped_column(String(64))
    agency_account_id: Mapped[str] = mapped_column(String(64))
    looks: Mapped[int] = mapped_column(default=0, server_default="0")
    setbacks: Mapped[int] = mapped_column(default=0, server_default="0")
    watching: Mapped[bool] = mapped_column(default=False, server_default="false")
    looked_at: Mapped[datetime | None]
    searched_at: Mapped[datetime | None]
    unavailable_since: Mapped[datetime | None]


async def start_for_link(session: AsyncSession, aggregate: LinkAggregate) -> None:
    """Start the handshakes that answer the access requests of a link. Manual platforms have none."""
    for here in aggregate.connecting:
        if here.client_account_id is None or here.agency_account_id is None:
            continue  # of a platform requested later: the client has not come to it yet
        await start(
            session,
            aggregate.link.agency_id,
            client_id=aggregate.client.id,
            platform=here.platform,
            client_account_id=here.client_account_id,
            agency_account_id=here.agency_account_id,
        )


async def start(
    session: AsyncSession,
    agency_id: str,
    *,
    client_id: str,
    platform: str,
    client_account_id: str,
    agency_account_id: str,
) -> None:
    """Make the handshake of two Business Centers due now; create it if there is none."""
    values = {
        "agency_id": agency_id, "id": ids.new("handshake"), "client_id": client_id, "platform": platform,
        "client_account_id": client_account_id, "agency_account_id": agency_account_id,
    }  # fmt: skip
    await session.execute(_START, values)


_START = text("""
INSERT INTO handshakes (agency_id, id, client_id, platform, client_account_id, agency_account_id, due_at)
VALUES (:agency_id, :id, :client_id, :platform, :client_account_id, :agency_account_id, now())
ON CONFLICT (agency_id, client_id, platform, client_account_id, agency_account_id)
DO UPDATE SET due_at = now(), looks = 0, watching = false
""").bindparams(
    *(bindparam(name, type_=Handshake.__table__.columns[name].type) for name in ("agency_id", "id", "client_id"))
)


async def wake_client(session: AsyncSession, agency_id: str, client_id: str) -> None:
    """Make the handshakes of a client due now: something about the client changed."""
    await jobs.wake(session, Handshake, Handshake.agency_id == agency_id, Handshake.client_id == client_id)


async def wake_agency(session: AsyncSession, agency_id: str) -> None:
    """Make all handshakes of an agency due now: it can read now, so that attested access can be proved."""
    await jobs.wake(session, Handshake, Handshake.agency_id == agency_id)


async def of_client(session: AsyncSession, agency_id: str, client_id: str) -> Sequence[Handshake]:
    """The handshakes of a client."""
    rows = select(Handshake).where(Handshake.agency_id == agency_id, Handshake.client_id == client_id)
    return (await session.scalars(rows.order_by(Handshake.id))).all()
