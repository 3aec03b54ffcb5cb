"""Lists of buyers, and buyer access: one row for each ad account and buyer."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.database import Base, CreatedAt, agency_key, belongs_to, belongs_to_agency
from app.kit.jobs import JobMixin


class BuyerList(CreatedAt, Base):
    """The buyers of a Business Center of the agency, or those of one link, which then count alone.

    `people`: `[{"email": …, "role": …}]`, addresses in small letters. An empty list means: nobody.
    """

    __tablename__ = "buyer_lists"
    __table_args__ = (
        belongs_to_agency(),
        belongs_to("business_centers", "business_center_id", ondelete="CASCADE"),
        belongs_to("links", "link_id"),
        UniqueConstraint("agency_id", "business_center_id"),
        UniqueConstraint("agency_id", "link_id"),
        CheckConstraint("(business_center_id IS NULL) <> (link_id IS NULL)", name="one_place"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("buyers"), primary_key=True)
    business_center_id: Mapped[str | None] = mapped_column(ids.Id("bc"))
    link_id: Mapped[str | None] = mapped_column(ids.Id("link"))
    people: Mapped[list[Any]]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class BuyerAccess(JobMixin, CreatedAt, Base):
    """Access of one buyer to one ad account. Due for its next round; `status` as of the last one.

    `open` rests on a read that showed them among those who can open it. `wanted` false: it is to be taken from them
    if it was ours to give. `ours`: they had nothing before we gave it.
    """

    __tablename__ = "buyer_access"
    __table_args__ = (
        belongs_to_agency(),
        belongs_to("grants", "grant_id"),
        UniqueConstraint("agency_id", "grant_id", "email"),
        CheckConstraint("status IN ('waiting', 'open', 'blocked', 'leaving', 'ended')", name="status"),
        Index("ix_buyer_access_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("buyeraccess"), primary_key=True)
    grant_id: Mapped[str] = mapped_column(ids.Id("grant"))
    #: the Business Center of the agency: rows of one are looked at together
    agency_bc_id: Mapped[str] = mapped_column(String(32))
    email: Mapped[str] = mapped_column(String(254))
    #: the role they are to have: never more than the agency was given
    role: Mapped[str] = mapped_column(String(32))
    wanted: Mapped[bool] = mapped_column(default=True, server_default="true")
    ours: Mapped[bool] = mapped_column(default=False, server_default="false")
    #: when somebody last said that they are to have it: a refusal older than this is tried anew
    requested_at: Mapped[datetime] = mapped_column(server_default=func.now())
    status: Mapped[str] = mapped_column(String(16), default="waiting", server_default="waiting")
    code: Mapped[str | None] = mapped_column(String(48))
    role_seen: Mapped[str | None] = mapped_column(String(32))
    #: when a read last showed that they can open it
    seen_at: Mapped[datetime | None]
    looks: Mapped[int] = mapped_column(default=0, server_default="0")
