"""The agency's own ids on manual platforms, which its clients copy."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import String, UniqueConstraint, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.events import catalog
from app.events.recorder import record
from app.events.schema import PlatformData
from app.kit import ids
from app.kit.actor import Actor
from app.kit.audit import Audit
from app.kit.database import Base, CreatedAt, agency_key, belongs_to_agency
from app.kit.errors import InvalidInput, NotFound
from app.platforms.manual import library
from app.platforms.manual.library import tidied


class PlatformIdentity(CreatedAt, Base):
    """The agency's ids on one manual platform; not secret, because clients enter them."""

    __tablename__ = "platform_identities"
    __audit__ = Audit("platform_identity", personal=("identifiers",))
    __table_args__ = (belongs_to_agency(), UniqueConstraint("agency_id", "platform"))

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("identity"), primary_key=True)
    platform: Mapped[str] = mapped_column(String(32))
    #: keys are the names of the needs in the platform's file
    identifiers: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


async def every(session: AsyncSession, agency_id: str) -> Mapping[str, Mapping[str, str]]:
    """The agency's ids by platform; platforms without ids are omitted."""
    rows = select(PlatformIdentity).where(PlatformIdentity.agency_id == agency_id)
    return {row.platform: row.identifiers for row in await session.scalars(rows)}


async def set_platform(
    session: AsyncSession, agency_id: str, key: str, *, identifiers: Mapping[str, str], actor: Actor
) -> Mapping[str, str]:
    """Replace the agency's ids on one platform and return them as stored.

    Raises NotFound for an unknown platform, InvalidInput for an invalid id.
    """
    platform = library.every().get(key)
    if platform is None:
        raise NotFound
    identifiers = {name: tidied(value) for name, value in identifiers.items()}
    problems = platform.wrong(identifiers)
    if problems:
        raise InvalidInput(fields={f"identifiers.{name}": sentence for name, sentence in problems.items()})
    kept = insert(PlatformIdentity).values(
        agency_id=agency_id, id=ids.new("identity"), platform=key, identifiers=dict(identifiers)
    )
    await session.execute(
        kept.on_conflict_do_update(
            index_elements=["agency_id", "platform"],
            set_={"identifiers": dict(identifiers), "updated_at": func.now()},
        )
    )
    await record(
        session, catalog.AGENCY_PLATFORM_SET, agency_id=agency_id, subject_id=agency_id, actor=actor,
        data=PlatformData(platform=key),
    )  # fmt: skip
    return identifiers
