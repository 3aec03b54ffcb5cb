"""Table of grants: access that exists."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.database import Base, CreatedAt, agency_key, belongs_to, belongs_to_agency
from app.kit.web.paging import Changing
from app.platforms import declarations
from app.platforms.port import AssetKind


class Grant(Changing, CreatedAt, Base):
    """One role of the agency on one asset of a client, as a read showed it."""

    __tablename__ = "grants"
    __table_args__ = (
        belongs_to_agency(),
        belongs_to("clients", "client_id"),
        belongs_to("access_requests", "access_request_id"),
        CheckConstraint("status IN ('live', 'drifted', 'revoking', 'ended')", name="status"),
        CheckConstraint("origin IN ('asked', 'found')", name="origin"),
        Index(
            "uq_grants_asset",
            "agency_id", "client_id", "platform", "kind", "asset_id", text("coalesce(parent_asset_id, '')"),
            "agency_account_id",
            unique=True,
            postgresql_where=text("status <> 'ended'"),
        ),
        Index("ix_grants_client_account_id", "agency_id", "client_account_id"),
        Index("ix_grants_agency_id_access_request_id", "agency_id", "access_request_id"),
        Index("ix_grants_agency_id_updated_at_id", "agency_id", "updated_at", "id"),
        # counts and searches read it alone
        Index(
            "ix_grants_current", "agency_id", "status", "id", postgresql_where=text("status <> 'ended'"),
            postgresql_include=["client_id", "asset_name", "asset_id", "client_account_id"],
        ),
        # what imports found, and no link asked for
        Index(
            "ix_grants_found", "agency_id", "id",
            postgresql_where=text("access_request_id IS NULL AND status <> 'ended'"),
        ),
    )  # fmt: skip

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("grant"), primary_key=True)
    client_id: Mapped[str] = mapped_column(ids.Id("client"))
    access_request_id: Mapped[str | None] = mapped_column(ids.Id("access"))
    platform: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(32))
    asset_id: Mapped[str] = mapped_column(String(64))
    #: ad account on which a pixel is observed
    parent_asset_id: Mapped[str | None] = mapped_column(String(64))
    asset_name: Mapped[str | None] = mapped_column(String(200))
    #: `asked`: requested on a link of ours; `found`: existed before
    origin: Mapped[str] = mapped_column(String(8), default="asked", server_default="asked")
    #: Business Center that shares it, and the agency's that receives it
    client_account_id: Mapped[str] = mapped_column(String(64))
    agency_account_id: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(8), default="live")
    #: side whose token last observed it: `agency` or `client`
    seen_by: Mapped[str] = mapped_column(String(8))
    verified_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    drifted_at: Mapped[datetime | None]
    revocation_requested_at: Mapped[datetime | None]
    #: blocker while the removal is pending, and its next actor
    code: Mapped[str | None] = mapped_column(String(48))
    next_actor: Mapped[str | None] = mapped_column(String(16))
    ended_at: Mapped[datetime | None]

    @property
    def asset_kind(self) -> AssetKind:
        """Its kind with the platform's declarations."""
        return declarations.find(self.platform, self.kind)
