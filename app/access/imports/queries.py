"""Reading imports."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.imports.models import Import
from app.access.partners.models import Partner
from app.kit.errors import NotFound


async def find(session: AsyncSession, agency_id: str, import_id: str) -> Import:
    """One import. Raises NotFound."""
    found = await session.get(Import, (agency_id, import_id))
    if found is None:
        raise NotFound
    return found


async def page(session: AsyncSession, agency_id: str, *, limit: int, before: str | None = None) -> Sequence[Import]:
    """Imports, newest first; `before` is the id of the last one seen."""
    rows = select(Import).where(Import.agency_id == agency_id)
    if before:
        rows = rows.where(Import.id < before)
    return (await session.scalars(rows.order_by(Import.id.desc()).limit(limit))).all()


async def to_read(session: AsyncSession, row: Import, *, limit: int) -> Sequence[Partner]:
    """Partners an import has still to read: ad accounts of all before catalogs, those that gave trouble last."""
    rows = select(Partner).where(
        Partner.agency_id == row.agency_id, Partner.import_id == row.id, Partner.to_read.is_not(None)
    )  # fmt: skip
    return (await session.scalars(rows.order_by(Partner.to_read, Partner.tries, Partner.id).limit(limit))).all()


async def refused(session: AsyncSession, row: Import, *, limit: int) -> Sequence[Partner]:
    """Partners of an import that could not be read."""
    rows = select(Partner).where(
        Partner.agency_id == row.agency_id, Partner.import_id == row.id, Partner.code.is_not(None)
    )
    return (await session.scalars(rows.order_by(Partner.id).limit(limit))).all()


async def count_refused(session: AsyncSession, row: Import) -> int:
    """Number of these rows."""
    rows = select(func.count()).where(
        Partner.agency_id == row.agency_id, Partner.import_id == row.id, Partner.code.is_not(None)
    )
    return (await session.execute(rows)).scalar_one()
