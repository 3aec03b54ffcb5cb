"""Tables of buyer lists, and of buyer access: one row for each ad account and buyer."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.audit import Audit
from app.kit.database import Base, CreatedAt, agency_key, belongs_to, belongs_to_agency
from app.kit.jobs import JobMixin


class BuyerList(CreatedAt, Base):
    """Buyers of a Business Center of the agency, or of one link, for which they replace those.

    `people`: `[{"email": …, "role": …}]`, addresses in lower case; empty for no buyers.
    """

    __tablename__ = "buyer_lists"
    __audit__ = Audit("buyer_list", personal=("people",))
    __table_args__ = (
        belongs_to_agency(),
        belongs_to("agency_accounts", "account_row_id", ondelete="CASCADE"),
        belongs_to("links", "link_id"),
        UniqueConstraint("agency_id", "account_row_id"),
        UniqueConstraint("agency_id", "link_id"),
        CheckConstraint("(account_row_id IS NULL) <> (link_id IS NULL)", name="one_place"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("buyers"), primary_key=True)
    account_row_id: Mapped[str | None] = mapped_column(ids.Id("account"))
    link_id: Mapped[str | None] = mapped_column(ids.Id("link"))
    people: Mapped[list[Any]]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class BuyerAccess(JobMixin, CreatedAt, Base):
    """Access of one buyer to one ad account. Due for its next round; `status` as of the last one.

    `open`: a read showed the buyer among the holders of the ad account. `wanted` false: access that we gave is to be
    removed. `ours`: we gave the access, and the buyer had none before.
    """

    __tablename__ = "buyer_access"
    __table_args__ = (
        belongs_to_agency(),
        belongs_to("grants", "grant_id"),
        UniqueConstraint("agency_id", "grant_id", "email"),
        CheckConstraint("status IN ('waiting', 'open', 'blocked', 'leaving', 'ended')", name="status"),
        Index("ix_buyer_access_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        # buyers who should be able to open an ad account, and cannot yet
        Index(
            "ix_buyer_access_closed", "agency_id", "grant_id",
            postgresql_where=text("wanted AND status NOT IN ('open', 'ended')"),
        ),
    )  # fmt: skip

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("buyeraccess"), primary_key=True)
    grant_id: Mapped[str] = mapped_column(ids.Id("grant"))
    #: Business Center of the agency: its rows are observed together
    agency_account_id: Mapped[str] = mapped_column(String(64))
    email: Mapped[str] = mapped_column(String(254))
    #: desired role: never higher than that of the grant
    role: Mapped[str] = mapped_column(String(32))
    wanted: Mapped[bool] = mapped_column(default=True, server_default="true")
    ours: Mapped[bool] = mapped_column(default=False, server_default="false")
    #: time of the last request: a refusal before it is tried again
    requested_at: Mapped[datetime] = mapped_column(server_default=func.now())
    status: Mapped[str] = mapped_column(String(16), default="waiting", server_default="waiting")
    code: Mapped[str | None] = mapped_column(String(48))
    role_seen: Mapped[str | None] = mapped_column(String(32))
    #: last read that showed the access
    seen_at: Mapped[datetime | None]
    looks: Mapped[int] = mapped_column(default=0, server_default="0")
