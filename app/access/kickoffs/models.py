"""Table of kickoffs."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.access.kickoffs.checks import KickoffCheck
from app.kit import ids
from app.kit.actor import ActorColumns
from app.kit.audit import Audit
from app.kit.database import Base, CreatedAt, agency_key, belongs_to


class Kickoff(ActorColumns, CreatedAt, Base):
    """One run of all checks of a link, with its results. A member's statement changes the newest one only."""

    __tablename__ = "kickoffs"
    __audit__ = Audit("kickoff", personal=("ran_by", "checks"), ignored=("actor_kind", "actor_id"))
    __table_args__ = (
        belongs_to("links", "link_id"),
        Index("ix_kickoffs_link_id", "agency_id", "link_id", "id"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("kickoff"), primary_key=True)
    link_id: Mapped[str] = mapped_column(ids.Id("link"))
    #: name of the member or API key
    ran_by: Mapped[str] = mapped_column(String(200))
    took_ms: Mapped[int]
    launch_ready: Mapped[bool]
    #: `KickoffCheck`, in display order
    checks: Mapped[list[Any]]
    #: secret of the address of the result; null while it is not shared
    share_token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    share_expires_at: Mapped[datetime | None]

    @property
    def results(self) -> tuple[KickoffCheck, ...]:
        """The checks with their results."""
        return tuple(KickoffCheck.model_validate(each) for each in self.checks)
