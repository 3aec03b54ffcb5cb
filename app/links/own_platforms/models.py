"""Tables of own platforms and their pictures, and the platform of a row."""

from datetime import datetime
from typing import Any

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.audit import Audit
from app.kit.database import Base, CreatedAt, agency_key, belongs_to_agency
from app.platforms.manual import own
from app.platforms.manual.library import ManualPlatform

#: Path below which pictures are served, by agency and hash.
PICTURES = "/pictures"


class OwnPlatform(CreatedAt, Base):
    """One version of an own platform, validated. No version is ever changed; new links use the newest."""

    __tablename__ = "own_platforms"
    __audit__ = Audit("own_platform", personal=("definition",))
    __table_args__ = (belongs_to_agency(), UniqueConstraint("agency_id", "key", "version"))

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("platform"), primary_key=True)
    #: its `platform` in access requests; begins with `own.PREFIX`
    key: Mapped[str] = mapped_column(String(32))
    version: Mapped[int]
    definition: Mapped[dict[str, Any]]
    #: not requested any more from then on; links that have it keep it
    archived_at: Mapped[datetime | None]

    @property
    def platform(self) -> ManualPlatform:
        """The platform as clients and presets see it."""
        pictures = f"{PICTURES}/{self.agency_id}"
        return own.read(self.key, self.version, self.definition, written=self.created_at.date(), pictures=pictures)


class PlatformPicture(CreatedAt, Base):
    """A picture of a step, re-encoded, by its hash. Kept as long as a version has it."""

    __tablename__ = "platform_pictures"
    __table_args__ = (belongs_to_agency(),)

    agency_id: Mapped[str] = agency_key()
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    png: Mapped[bytes]
    width: Mapped[int]
    height: Mapped[int]
